/** The content of a post on the simulated LinkedIn: a file, several pictures, a link or a poll; what is refused of it. */
import { shown } from "@/lib/sandbox/files";
import type { Answer, Call, Json, Shown } from "@/lib/sandbox/kit";
import { badRequest, setting } from "./answers";
import { type Asset, findAsset, forbidden, statusOf } from "./assets";
import {
  asFields,
  type Fields,
  invalidValue,
  missingField,
  strangeFieldRefusal,
  textRefusal,
} from "./fields";
import type { AssetKind } from "./files";

/** What the world sees of it. */
export type Content = {
  media: Shown[];
  link: string | null;
  details: Record<string, Json>;
  /** a picture in it will fail, which takes the whole post out of sight */
  isInvisible: boolean;
};

const nothing: Content = { media: [], link: null, details: {}, isInvisible: false };

const MAX_ALT_TEXT = 4_086;
const MAX_QUESTION = 140;
const MAX_OPTION = 30;

const durations = ["ONE_DAY", "THREE_DAYS", "SEVEN_DAYS", "FOURTEEN_DAYS"];

/** The content by itself: fields, kinds and lengths. */
export function contentRefusal(value: Json | undefined): Answer | null {
  if (value === undefined) return null;
  const content = asFields(value);
  const [kind, ...others] = Object.keys(content ?? {});
  const inside = asFields(content?.[kind ?? ""]);
  if (inside === null || others.length > 0) return oneKindOnly();
  switch (kind) {
    case "media":
      return mediaRefusal(inside);
    case "multiImage":
      return multiImageRefusal(inside);
    case "article":
      return articleRefusal(inside);
    case "poll":
      return pollRefusal(inside);
    default:
      return oneKindOnly();
  }
}

/** The content as it will be seen, with its files; the refusal when one of them is not there, not the author's, or not ready. */
export function readContent(call: Call, value: Json | undefined, author: string): Content | Answer {
  const content = asFields(value);
  const article = asFields(content?.article);
  const poll = asFields(content?.poll);
  if (poll !== null) return { ...nothing, details: { poll } };
  if (article !== null) return readArticle(call, article, author);
  const images = asFields(content?.multiImage)?.images ?? (content?.media ? [content.media] : []);
  const media: Shown[] = [];
  let isInvisible = false;
  let title: Json = null;
  for (const one of Array.isArray(images) ? images : []) {
    const { id = "", altText, title: given } = asFields(one) ?? {};
    const found = readyFile(call, String(id), author);
    if ("status" in found) return found;
    media.push(shown(found.file, typeof altText === "string" ? altText : null));
    isInvisible ||= found.asset.fault !== null;
    title = given ?? null;
  }
  return { ...nothing, media, isInvisible, details: title === null ? {} : { title } };
}

function readArticle(call: Call, article: Fields, author: string): Content | Answer {
  const seen = { ...nothing, link: String(article.source) };
  if (article.thumbnail === undefined) return { ...seen, details: { article } };
  const found = readyFile(call, String(article.thumbnail), author);
  if ("status" in found) return found;
  const thumbnail = { ...shown(found.file), urn: found.asset.urn };
  return {
    ...seen,
    isInvisible: found.asset.fault !== null,
    details: { article: { ...article, thumbnail } },
  };
}

function readyFile(
  call: Call,
  urn: string,
  author: string,
): { asset: Asset; file: NonNullable<Asset["file"]> } | Answer {
  const asset = findAsset(call, urn);
  if (asset === null) return invalidValue("content");
  if (asset.owner !== author) return forbidden(asset.kind);
  const status = statusOf(call, asset);
  const isEarly = status === "PROCESSING" && asset.kind === "image" && setting(call, "acceptsEarlyImages");
  if (status === "PROCESSING_FAILED") return notReady("MEDIA_ASSET_PROCESSING_FAILED", urn);
  // An asset in processing has no error of its own: not ready is not ready.
  if (asset.file === null || (status !== "AVAILABLE" && !isEarly)) {
    return notReady("MEDIA_ASSET_WAITING_UPLOAD", urn);
  }
  return { asset, file: asset.file };
}

function mediaRefusal(media: Fields): Answer | null {
  const path = "content/media";
  const kind = kindOf(media.id);
  return (
    strangeFieldRefusal(media, ["id", "title", "altText"], path) ??
    idRefusal(media.id, ["image", "video", "document"], `${path}/id`) ??
    textRefusal(media.title, { path: `${path}/title`, required: kind === "document" }) ??
    (kind !== "image" && media.altText !== undefined ? invalidValue(`${path}/altText`) : null) ??
    textRefusal(media.altText, { path: `${path}/altText`, max: MAX_ALT_TEXT, required: false })
  );
}

function multiImageRefusal(multiImage: Fields): Answer | null {
  const path = "content/multiImage/images";
  const strange = strangeFieldRefusal(multiImage, ["images"], "content/multiImage");
  if (strange !== null) return strange;
  const { images } = multiImage;
  if (images === undefined) return missingField(path);
  if (!Array.isArray(images) || images.length < 2 || images.length > 20) return invalidValue(path);
  for (const [nth, image] of images.entries()) {
    const fields = asFields(image);
    const refused =
      fields === null
        ? invalidValue(`${path}/${nth}`)
        : (strangeFieldRefusal(fields, ["id", "altText"], `${path}/${nth}`) ??
          idRefusal(fields.id, ["image"], `${path}/${nth}/id`) ??
          textRefusal(fields.altText, {
            path: `${path}/${nth}/altText`,
            max: MAX_ALT_TEXT,
            required: false,
          }));
    if (refused !== null) return refused;
  }
  return null;
}

function articleRefusal(article: Fields): Answer | null {
  const path = "content/article";
  const { source, title, description, thumbnail } = article;
  const wrong =
    strangeFieldRefusal(article, ["source", "title", "description", "thumbnail"], path) ??
    textRefusal(source, { path: `${path}/source`, required: true }) ??
    textRefusal(title, { path: `${path}/title`, required: true }) ??
    textRefusal(description, { path: `${path}/description`, required: false });
  if (wrong !== null) return wrong;
  if (!/^https?:$/.test(URL.parse(String(source))?.protocol ?? "")) return invalidValue(`${path}/source`);
  return thumbnail === undefined ? null : idRefusal(thumbnail, ["image"], `${path}/thumbnail`);
}

function pollRefusal(poll: Fields): Answer | null {
  const path = "content/poll";
  const wrong =
    strangeFieldRefusal(poll, ["question", "options", "settings"], path) ??
    textRefusal(poll.question, { path: `${path}/question`, max: MAX_QUESTION, required: true });
  if (wrong !== null) return wrong;
  const { options } = poll;
  if (options === undefined) return missingField(`${path}/options`);
  if (!Array.isArray(options) || options.length < 2 || options.length > 4) {
    return invalidValue(`${path}/options`);
  }
  for (const [nth, option] of options.entries()) {
    const at = `${path}/options/${nth}`;
    const fields = asFields(option);
    const refused =
      fields === null
        ? invalidValue(at)
        : (strangeFieldRefusal(fields, ["text"], at) ??
          textRefusal(fields.text, { path: `${at}/text`, max: MAX_OPTION, required: true }));
    if (refused !== null) return refused;
  }
  const settings = asFields(poll.settings);
  if (settings?.duration === undefined) return missingField(`${path}/settings/duration`);
  const strange = strangeFieldRefusal(settings, ["duration"], `${path}/settings`);
  if (strange !== null) return strange;
  return durations.includes(String(settings.duration)) ? null : invalidValue(`${path}/settings/duration`);
}

function idRefusal(value: Json | undefined, kinds: AssetKind[], path: string): Answer | null {
  if (value === undefined || value === "") return missingField(path);
  const kind = kindOf(value);
  if (kind === null || !kinds.some((one) => one === kind)) {
    return badRequest(`ERROR :: /${path} :: the URN's type is not allowed`, "INVALID_URN_TYPE");
  }
  return /^urn:li:[a-z]+:[\w-]+$/.test(String(value))
    ? null
    : badRequest(`ERROR :: /${path} :: the URN's id is invalid`, "INVALID_URN_ID");
}

function kindOf(value: Json | undefined): string | null {
  return typeof value === "string" ? (/^urn:li:(\w+):/.exec(value)?.[1] ?? null) : null;
}

function notReady(code: string, urn: string): Answer {
  return badRequest(`${code}: ${urn}`, code);
}

function oneKindOnly(): Answer {
  const message = "ERROR :: /content :: one of media, multiImage, article and poll is taken";
  return badRequest(message, "INVALID_VALUE_FOR_FIELD");
}
