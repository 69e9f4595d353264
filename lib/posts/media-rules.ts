import { fitPicture } from "@/lib/media/fit";
import type { MediaDto, MediaRef } from "@/lib/media/schema";
import type {
  FileRules,
  ImageRules,
  MediaKind,
  MediaRules,
  Only,
  PlatformSpec,
  VideoRules,
} from "@/lib/platforms/contract";
import type { Problem } from "./schema";

/** What a platform will take of files: the same rules in the composer, which warns, and on the server, which refuses. */

export type LibraryFile = Pick<
  MediaDto,
  "id" | "kind" | "mimeType" | "filename" | "bytes" | "width" | "height" | "durationMs" | "alt"
>;

type Options = Record<string, unknown>;

/** The rules for a post with these answers; null where it takes no files at all. */
export function mediaRulesOf(spec: PlatformSpec, options: Options): MediaRules | null {
  const answer = spec.mediaBy && options[spec.mediaBy.option];
  return (typeof answer === "string" ? spec.mediaBy?.rules[answer] : undefined) ?? spec.media ?? null;
}

/** Whether a question or a sentence matters for a post with these files and answers. */
export function applies(only: Only | undefined, files: (LibraryFile | null)[], options: Options): boolean {
  if (!only) return true;
  const kinds: (MediaKind | "none")[] =
    files.length === 0 ? ["none"] : files.flatMap((file) => (file ? [file.kind] : []));
  if (only.media && !kinds.some((kind) => only.media?.includes(kind))) return false;
  const { option } = only;
  return !option || option.values.some((value) => (options[option.name] ?? "") === value);
}

export function checkMedia(post: {
  connectionId: string;
  spec: PlatformSpec;
  options: Options;
  refs: MediaRef[];
  files: (LibraryFile | null)[];
}): Problem[] {
  const { connectionId, spec, options, refs, files } = post;
  const said = (
    field: string,
    code: string,
    message: string,
    severity: Problem["severity"] = "error",
  ): Problem => ({
    connectionId,
    field,
    code,
    message,
    severity,
  });
  const rules = mediaRulesOf(spec, options);
  const { name } = spec;
  if (!rules) {
    return files.length === 0
      ? []
      : [
          said(
            "media",
            "no_media",
            `${name} takes no pictures or videos from here. Leave them out for this account.`,
          ),
        ];
  }
  if (files.includes(null)) {
    return [
      said(
        "media",
        "media_gone",
        "A file of this post is not in your library any more. Remove it, or add it again.",
      ),
    ];
  }
  const known = files.filter((file) => file !== null);
  const problems: Problem[] = [];
  if (known.length < rules.min) {
    const least = rules.min === 1 ? `a ${wanted(rules)}` : `at least ${rules.min} files`;
    problems.push(said("media", "media_missing", `${name} needs ${least} here. Add one.`));
  }
  if (known.length > rules.max) {
    problems.push(
      said(
        "media",
        "too_many_media",
        `${name} takes ${counted(rules.max, "file")} per post here; this has ${known.length}.`,
      ),
    );
  }
  const kinds = new Set(known.map((file) => sentKind(file, rules)));
  if (!rules.mixed && kinds.size > 1) {
    problems.push(
      said("media", "mixed_media", `${name} takes files of one kind per post: pictures, or a video.`),
    );
  }
  for (const kind of kinds) {
    const most = rulesFor(rules, kind)?.max;
    const count = known.filter((file) => sentKind(file, rules) === kind).length;
    if (most !== undefined && count > most && known.length <= rules.max) {
      problems.push(
        said(
          "media",
          "too_many_media",
          `${name} takes ${counted(most, words[kind])} per post; this has ${count}.`,
        ),
      );
    }
  }
  for (const [index, file] of known.entries()) {
    problems.push(
      ...checkFile(file, rules, name).map(({ code, message, severity }) =>
        said("media", code, message, severity),
      ),
    );
    const alt = refs[index]?.alt ?? file.alt;
    if (rules.altMax !== undefined && [...alt].length > rules.altMax) {
      problems.push(
        said(
          `media.${index}.alt`,
          "alt_too_long",
          `${name} takes descriptions of ${rules.altMax} characters; this one has ${[...alt].length}.`,
        ),
      );
    }
  }
  return problems;
}

type Finding = Pick<Problem, "code" | "message" | "severity">;

function checkFile(file: LibraryFile, rules: MediaRules, platform: string): Finding[] {
  const kind = sentKind(file, rules);
  const own = rulesFor(rules, kind);
  const what = `“${file.filename}”`;
  if (!own) {
    return [
      error("wrong_media", `${platform} takes no ${words[kind]}s here. Leave ${what} out for this account.`),
    ];
  }
  const found: Finding[] =
    file.kind === "gif" && kind === "image"
      ? [
          warning(
            "still_picture",
            `${platform} takes no animated GIFs: ${what} becomes a still picture there.`,
          ),
        ]
      : [];
  switch (kind) {
    case "image":
      return [...found, ...checkPicture(file, own, what, platform)];
    case "gif":
      return [...found, ...checkSize(file, own, what, platform), ...checkGif(file, rules, what, platform)];
    case "video":
      return [...found, ...checkSize(file, own, what, platform), ...checkVideo(file, own, what, platform)];
    case "document":
      return [...found, ...checkSize(file, own, what, platform)];
  }
}

/** Pictures are made to fit; a person should know when that shows. */
function checkPicture(file: LibraryFile, rules: ImageRules, what: string, platform: string): Finding[] {
  const { mimeType, width, height } = file;
  if (!width || !height) return [];
  const fit = fitPicture({ mimeType, width, height }, rules);
  return fit.canvasWidth > fit.width || fit.canvasHeight > fit.height
    ? [
        warning(
          "margins",
          `${what} is too ${fit.canvasWidth > fit.width ? "tall" : "wide"} for ${platform}: it gets white margins.`,
        ),
      ]
    : [];
}

function checkSize(file: LibraryFile, rules: FileRules, what: string, platform: string): Finding[] {
  const found: Finding[] = [];
  if (!rules.formats.includes(file.mimeType)) {
    const formats = rules.formats.map((format) =>
      format.split("/")[1]?.replace("quicktime", "MOV").toUpperCase(),
    );
    found.push(
      error("wrong_format", `${what} is in a format ${platform} does not take. Use ${formats.join(" or ")}.`),
    );
  }
  if (file.bytes > rules.maxBytes) {
    found.push(
      error(
        "too_large",
        `${what} has ${inMb(file.bytes)}; ${platform} takes ${inMb(rules.maxBytes)}. Make it smaller.`,
      ),
    );
  }
  return found;
}

function checkGif(
  { width, height }: LibraryFile,
  { gif }: MediaRules,
  what: string,
  platform: string,
): Finding[] {
  const { maxWidth = Number.POSITIVE_INFINITY, maxHeight = Number.POSITIVE_INFINITY } = gif ?? {};
  return (width ?? 0) > maxWidth || (height ?? 0) > maxHeight
    ? [
        error(
          "too_large",
          `${what} is ${width} × ${height}; ${platform} takes GIFs up to ${maxWidth} × ${maxHeight}.`,
        ),
      ]
    : [];
}

function checkVideo(file: LibraryFile, rules: VideoRules, what: string, platform: string): Finding[] {
  const { durationMs, width, height, bytes } = file;
  const found: Finding[] = [];
  if (rules.minBytes !== undefined && bytes < rules.minBytes) {
    found.push(
      error(
        "too_small",
        `${what} is smaller than ${platform} takes (${Math.ceil(rules.minBytes / 1024)} KB).`,
      ),
    );
  }
  if (durationMs !== null && rules.maxMs !== undefined && durationMs > rules.maxMs) {
    found.push(
      error(
        "too_long_video",
        `${what} runs ${inTime(durationMs)}; ${platform} takes ${inTime(rules.maxMs)} here. Shorten it.`,
      ),
    );
  }
  if (durationMs !== null && rules.minMs !== undefined && durationMs < rules.minMs) {
    found.push(
      error(
        "too_short_video",
        `${what} runs ${inTime(durationMs)}; ${platform} wants at least ${inTime(rules.minMs)}.`,
      ),
    );
  }
  if (width && height) {
    if (width < (rules.minWidth ?? 0) || height < (rules.minHeight ?? 0)) {
      found.push(
        error(
          "too_small",
          `${what} is ${width} × ${height}; ${platform} wants at least ${rules.minWidth ?? 1} × ${rules.minHeight ?? 1}.`,
        ),
      );
    }
    if (width > (rules.maxWidth ?? Number.POSITIVE_INFINITY)) {
      found.push(
        error(
          "too_large",
          `${what} is ${width} pixels wide; ${platform} takes ${rules.maxWidth}. Make it smaller.`,
        ),
      );
    }
    const ratio = width / height;
    if (ratio < (rules.minRatio ?? 0) || ratio > (rules.maxRatio ?? Number.POSITIVE_INFINITY)) {
      found.push(
        error(
          "wrong_ratio",
          `${what} is ${width} × ${height}, a shape ${platform} does not take here. Crop it.`,
        ),
      );
    }
  }
  return found;
}

/** An animated GIF is a still picture where the platform takes no animated ones. */
const sentKind = (file: LibraryFile, rules: MediaRules): MediaKind =>
  file.kind === "gif" && !rules.gif ? "image" : file.kind;

const rulesFor = (rules: MediaRules, kind: MediaKind): FileRules | undefined => rules[kind];

const words: Record<MediaKind, string> = {
  image: "picture",
  gif: "GIF",
  video: "video",
  document: "document",
};

const wanted = (rules: MediaRules): string => {
  const kinds = (["image", "video", "document"] as const)
    .filter((kind) => rules[kind])
    .map((kind) => words[kind]);
  return kinds.join(" or a ");
};

const counted = (count: number, noun: string): string =>
  count === 1 ? `one ${noun}` : `up to ${count} ${noun}s`;
const inMb = (bytes: number): string => `${(bytes / (1024 * 1024)).toFixed(bytes < 10_485_760 ? 1 : 0)} MB`;
const inTime = (ms: number): string => {
  const seconds = Math.round(ms / 1_000);
  return seconds < 120
    ? `${seconds} s`
    : `${Math.floor(seconds / 60)} min${seconds % 60 ? ` ${seconds % 60} s` : ""}`;
};

const error = (code: string, message: string): Finding => ({ code, message, severity: "error" });
const warning = (code: string, message: string): Finding => ({ code, message, severity: "warning" });
