/** The three requests that begin a post on the simulated TikTok, read field by field. */
import { type Answer, type Call, isAnswer, type Json, type Person, type Route } from "@/lib/sandbox/kit";
import {
  creatorRefusal,
  dailyRefusal,
  isSet,
  pendingRefusal,
  privacyLevels,
  privacyRefusal,
} from "./account";
import { type Admitted, admit, admitCounted, bodyOf, invalidParams, refused } from "./answers";
import { addressRefusal, MAX_VIDEO_BYTES, MEGABYTE } from "./media";
import { begin } from "./posts";
import type { Wanted } from "./store";

type Fields = Record<string, Json>;
type Shape = Record<string, "boolean" | "text" | "count" | "object" | "list">;
type Source = Wanted["source"];

const MIN_CHUNK_BYTES = 5 * MEGABYTE;
const MAX_CHUNK_BYTES = 64 * MEGABYTE;
const MAX_CHUNKS = 1_000;
const MAX_CAPTION = 2_200;
const MAX_PHOTO_TITLE = 90;
const MAX_DESCRIPTION = 4_000;
const MAX_PHOTOS = 35;

// One budget for all three: the documents speak of "init" without saying which.
const quota = { name: "init", limit: "initPerMinute", by: "person" } as const;

const videoSettings: Shape = {
  title: "text",
  privacy_level: "text",
  disable_duet: "boolean",
  disable_stitch: "boolean",
  disable_comment: "boolean",
  video_cover_timestamp_ms: "count",
  brand_content_toggle: "boolean",
  brand_organic_toggle: "boolean",
  is_aigc: "boolean",
};

const photoSettings: Shape = {
  title: "text",
  description: "text",
  privacy_level: "text",
  disable_comment: "boolean",
  auto_add_music: "boolean",
  brand_content_toggle: "boolean",
  brand_organic_toggle: "boolean",
};

/** POST /v2/post/publish/video/init/ */
export const videoInit = init(["video.publish"], (call, { person }, body) => {
  const wrong = misfit(body, { post_info: "object", source_info: "object" });
  if (wrong !== null) return invalidParams(call, wrong);
  const info = objectOf(body["post_info"]);
  const source = videoSource(call, objectOf(body["source_info"]));
  if (isAnswer(source)) return source;
  const problem = misfit(info, videoSettings) ?? tooLong(info, { title: MAX_CAPTION });
  if (problem !== null) return invalidParams(call, problem);
  return (
    directRefusal(call, person, info) ??
    sourceRefusal(call, source) ?? {
      kind: "video",
      draft: false,
      text: textOf(info["title"]),
      isPublic: info["privacy_level"] === "PUBLIC_TO_EVERYONE",
      details: { ...detailsOf(person, info, ["comment", "duet", "stitch"]), media_type: "VIDEO" },
      source,
    }
  );
});

/** POST /v2/post/publish/inbox/video/init/. Settings other than the video are ignored. */
export const inboxInit = init(["video.upload"], (call, { person }, body) => {
  const wrong = misfit(body, { post_info: "object", source_info: "object" });
  if (wrong !== null) return invalidParams(call, wrong);
  const source = videoSource(call, objectOf(body["source_info"]));
  if (isAnswer(source)) return source;
  return (
    creatorRefusal(call, person) ??
    pendingRefusal(call, person) ??
    sourceRefusal(call, source) ?? {
      kind: "video",
      draft: true,
      text: "",
      isPublic: false,
      details: {},
      source,
    }
  );
});

/** POST /v2/post/publish/content/init/: photos, posted at once or sent to the inbox. */
export const photoInit = init(["video.publish", "video.upload"], (call, { person, grant }, body) => {
  const shape: Shape = { media_type: "text", post_mode: "text", post_info: "object", source_info: "object" };
  const wrong = misfit(body, shape);
  if (wrong !== null) return invalidParams(call, wrong);
  const { media_type: type, post_mode: mode } = body;
  if (type !== "PHOTO") return invalidParams(call, "media_type must be PHOTO.");
  if (mode !== "DIRECT_POST" && mode !== "MEDIA_UPLOAD") {
    return invalidParams(call, "post_mode must be DIRECT_POST or MEDIA_UPLOAD.");
  }
  const scope = mode === "DIRECT_POST" ? "video.publish" : "video.upload";
  if (!grant.scopes.includes(scope)) {
    return refused(call, "scope_not_authorized", `The user did not authorize ${scope}.`);
  }
  const info = objectOf(body["post_info"]);
  const source = photoSource(call, objectOf(body["source_info"]));
  if (isAnswer(source)) return source;
  const problem =
    misfit(info, photoSettings) ?? tooLong(info, { title: MAX_PHOTO_TITLE, description: MAX_DESCRIPTION });
  if (problem !== null) return invalidParams(call, problem);
  const draft = mode === "MEDIA_UPLOAD";
  const title = textOf(info["title"]);
  return (
    (draft
      ? (creatorRefusal(call, person) ?? pendingRefusal(call, person))
      : directRefusal(call, person, info)) ??
    sourceRefusal(call, source) ?? {
      kind: "photo",
      draft,
      text: textOf(info["description"]) || title,
      isPublic: !draft && info["privacy_level"] === "PUBLIC_TO_EVERYONE",
      details: {
        ...detailsOf(person, info, ["comment"]),
        media_type: "PHOTO",
        title,
        photo_cover_index: source.cover,
      },
      source: { addresses: source.addresses },
    }
  );
});

/** Reads the same request twice, before and after TikTok fetched its files; only the second time counts. */
function init(
  scopes: string[],
  read: (call: Call, admitted: Admitted, body: Fields) => Wanted | Answer,
): Required<Pick<Route, "fetches" | "handle">> {
  const wantedBy = (call: Call, admitted: Admitted) => {
    const body = bodyOf(call);
    return isAnswer(body) ? body : read(call, admitted, body.fields);
  };
  return {
    fetches(call) {
      const admitted = admit(call, scopes, quota);
      const wanted = isAnswer(admitted) ? admitted : wantedBy(call, admitted);
      return isAnswer(wanted) || !("addresses" in wanted.source) ? [] : wanted.source.addresses;
    },
    handle(call) {
      const admitted = admitCounted(call, scopes, quota);
      if (isAnswer(admitted)) return admitted;
      const wanted = wantedBy(call, admitted);
      return isAnswer(wanted) ? wanted : begin(call, admitted, wanted);
    },
  };
}

/** Why this creator may not post this now, or null. */
function directRefusal(call: Call, person: Person, info: Fields): Answer | null {
  const level = info["privacy_level"];
  if (typeof level !== "string" || !privacyLevels.includes(level)) {
    return invalidParams(call, `privacy_level is required, and one of ${privacyLevels.join(", ")}.`);
  }
  if (info["brand_content_toggle"] === true && level === "SELF_ONLY") {
    return invalidParams(call, "Branded content cannot be SELF_ONLY.");
  }
  return creatorRefusal(call, person) ?? dailyRefusal(call, person) ?? privacyRefusal(call, person, level);
}

function sourceRefusal(call: Call, source: Source): Answer | null {
  return "addresses" in source ? addressRefusal(call, source.addresses) : null;
}

function videoSource(call: Call, info: Fields): Source | Answer {
  if (info["source"] === "PULL_FROM_URL") {
    const problem = misfit(info, { source: "text", video_url: "text" });
    if (problem !== null) return invalidParams(call, problem);
    const address = textOf(info["video_url"]);
    return address === "" ? invalidParams(call, "video_url is required.") : { addresses: [address] };
  }
  if (info["source"] !== "FILE_UPLOAD") {
    return invalidParams(call, "source must be FILE_UPLOAD or PULL_FROM_URL.");
  }
  const shape: Shape = {
    source: "text",
    video_size: "count",
    chunk_size: "count",
    total_chunk_count: "count",
  };
  const size = {
    videoSize: Number(info["video_size"] ?? 0),
    chunkSize: Number(info["chunk_size"] ?? 0),
    chunkCount: Number(info["total_chunk_count"] ?? 0),
  };
  const problem = misfit(info, shape) ?? chunkProblem(size);
  return problem === null ? size : invalidParams(call, problem);
}

/** What is wrong with the announced chunks, or null. The last one carries the remainder. */
function chunkProblem({
  videoSize,
  chunkSize,
  chunkCount,
}: {
  videoSize: number;
  chunkSize: number;
  chunkCount: number;
}): string | null {
  if (videoSize < 1 || videoSize > MAX_VIDEO_BYTES) return "video_size must be up to 4 GB.";
  if (chunkSize > MAX_CHUNK_BYTES) return "chunk_size must be 64 MB at most.";
  if (chunkSize < MIN_CHUNK_BYTES && chunkSize !== videoSize) {
    return "chunk_size must be 5 MB at least, or all of a smaller video.";
  }
  if (chunkCount !== Math.floor(videoSize / chunkSize) || chunkCount < 1 || chunkCount > MAX_CHUNKS) {
    return "total_chunk_count must be video_size divided by chunk_size, rounded down, and 1 to 1000.";
  }
  return null;
}

function photoSource(call: Call, info: Fields): { addresses: string[]; cover: number } | Answer {
  const problem = misfit(info, { source: "text", photo_cover_index: "count", photo_images: "list" });
  if (problem !== null) return invalidParams(call, problem);
  if (info["source"] !== "PULL_FROM_URL") {
    return invalidParams(call, "Photos come by PULL_FROM_URL only.");
  }
  const images = info["photo_images"];
  const addresses = Array.isArray(images) ? images.filter((one) => typeof one === "string") : [];
  if (addresses.length < 1 || addresses.length > MAX_PHOTOS) {
    return invalidParams(call, `photo_images must be 1 to ${MAX_PHOTOS} addresses.`);
  }
  const cover = Number(info["photo_cover_index"] ?? 0);
  return cover < addresses.length
    ? { addresses, cover }
    : invalidParams(call, "photo_cover_index is beyond the last photo.");
}

/** What the feed tells beside the text: the settings as given, and what the creator's account switched off anyway. */
function detailsOf(person: Person, info: Fields, switches: string[]): Fields {
  const { title: _title, description: _description, ...settings } = info;
  const off = switches.map((name): [string, boolean] => [
    `disable_${name}`,
    isSet(person, `${name}_disabled`) || info[`disable_${name}`] === true,
  ]);
  return { ...settings, ...Object.fromEntries(off) };
}

/** The first field that is unknown or of another type, in words; or null. */
function misfit(fields: Fields, shape: Shape): string | null {
  for (const [name, value] of Object.entries(fields)) {
    const kind = Object.hasOwn(shape, name) ? shape[name] : undefined;
    if (kind === undefined) return `Unexpected field: ${name}`;
    if (!fits(value, kind)) return `The field ${name} is of the wrong type.`;
  }
  return null;
}

function fits(value: Json, kind: Shape[string]): boolean {
  switch (kind) {
    case "boolean":
      return typeof value === "boolean";
    case "text":
      return typeof value === "string";
    case "count":
      return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    case "list":
      return Array.isArray(value) && value.every((one) => typeof one === "string");
  }
}

/** Lengths are in UTF-16 units, which is what JavaScript counts. */
function tooLong(fields: Fields, limits: Record<string, number>): string | null {
  const name = Object.keys(limits).find((one) => textOf(fields[one]).length > (limits[one] ?? 0));
  return name === undefined ? null : `${name} may have ${limits[name]} UTF-16 units at most.`;
}

function objectOf(value: Json | undefined): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
}

function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}
