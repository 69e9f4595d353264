/** The parameters of a container: which go with which kind of media, and what may be in them. */
import type { Answer, Call, Json } from "@/lib/sandbox/kit";
import { invalidParam, publishingError } from "./errors";
import { asBoolean, facebookHost } from "./graph";

export type Kind = "image" | "image_child" | "video_child" | "reel" | "story" | "carousel";

const kinds: Kind[] = ["image", "image_child", "video_child", "reel", "story", "carousel"];
const whole: Kind[] = ["image", "reel", "story", "carousel"];
const feed: Kind[] = ["image", "reel", "carousel"];
const moving: Kind[] = ["video_child", "reel", "story"];

/** Where each parameter means something. */
const applies: Record<string, Kind[]> = {
  media_type: kinds,
  is_carousel_item: kinds,
  image_url: ["image", "image_child", "story"],
  video_url: moving,
  upload_type: moving,
  thumb_offset: moving,
  children: ["carousel"],
  // A story takes it, and shows nothing of it.
  caption: whole,
  alt_text: ["image", "image_child"],
  location_id: kinds,
  user_tags: kinds,
  collaborators: kinds.filter((kind) => kind !== "story"),
  share_to_feed: ["reel"],
  cover_url: ["reel"],
  audio_name: ["reel"],
  trial_params: ["reel"],
  is_ai_generated: whole,
  product_tags: kinds,
  branded_content_sponsor_ids: kinds,
  is_paid_partnership: kinds,
  audio_configuration: kinds,
  poll_attachment: feed,
  is_poll_duration_extended: feed,
  is_comment_prompt_used: feed,
};

const throughFacebookOnly = [
  "upload_type",
  "product_tags",
  "branded_content_sponsor_ids",
  "is_paid_partnership",
  "audio_configuration",
  "poll_attachment",
  "is_poll_duration_extended",
  "is_comment_prompt_used",
];
const booleans = [
  "is_carousel_item",
  "share_to_feed",
  "is_ai_generated",
  "is_paid_partnership",
  "is_poll_duration_extended",
  "is_comment_prompt_used",
];
/** those that say where the media is, not how it is shown */
const addresses = ["media_type", "is_carousel_item", "image_url", "video_url", "upload_type", "children"];
const plainText = ["caption", "alt_text", "location_id", "audio_name", "cover_url", "thumb_offset"];

export const containerParams = Object.keys(applies);

/** What kind of media these parameters ask for. */
export function kindOf(params: URLSearchParams): Kind | Answer {
  const isChild = asBoolean(params.get("is_carousel_item")) === true;
  switch (params.get("media_type")) {
    case null:
      return isChild ? "image_child" : "image";
    case "VIDEO":
      // A single video has been a reel since VIDEO went out of use.
      return isChild ? "video_child" : publishingError(2207023);
    case "REELS":
      return isChild ? invalidParam("A reel cannot be an item of a carousel") : "reel";
    case "STORIES":
      return isChild ? invalidParam("A story cannot be an item of a carousel") : "story";
    case "CAROUSEL":
      return isChild ? invalidParam("A carousel cannot be an item of a carousel") : "carousel";
    default:
      return publishingError(2207023);
  }
}

/** What is wrong with the parameters themselves, before anything is fetched. */
export function refuseParams(call: Call, kind: Kind, params: URLSearchParams): Answer | null {
  for (const [name, where] of Object.entries(applies)) {
    if (!params.has(name)) continue;
    if (throughFacebookOnly.includes(name) && call.host !== facebookHost) {
      return invalidParam(`The parameter ${name} is not supported with Instagram Login`);
    }
    const isPlainFalse = name === "is_carousel_item" && asBoolean(params.get(name)) === false;
    if (!where.includes(kind) && !isPlainFalse) {
      return invalidParam(`The parameter ${name} does not go with this media (${kind})`);
    }
    if (booleans.includes(name) && asBoolean(params.get(name)) === null) {
      return invalidParam(`The parameter ${name} must be a boolean`);
    }
  }
  return (
    refuseSource(kind, params) ??
    refuseText(kind, params) ??
    refusePeople(kind, params) ??
    refuseExtras(params)
  );
}

/** The ids in `children`, given as a comma-separated list or as a JSON array. */
export function childrenOf(params: URLSearchParams): string[] {
  const given = params.get("children") ?? "";
  const list = asJson(given);
  return Array.isArray(list) ? list.map(String) : given.split(",").map((id) => id.trim());
}

/** How it is to be shown, as part of the publication's details. */
export function optionsOf(params: URLSearchParams): Record<string, Json> {
  const shownNames = containerParams.filter((name) => params.has(name) && !addresses.includes(name));
  return Object.fromEntries(
    shownNames
      .filter((name) => name !== "caption" && name !== "alt_text" && name !== "cover_url")
      .map((name) => [name, optionIn(name, params.get(name) ?? "")]),
  );
}

function refuseSource(kind: Kind, params: URLSearchParams): Answer | null {
  const given = ["image_url", "video_url", "upload_type"].filter((name) => params.has(name));
  if (kind === "carousel") {
    const children = params.has("children") ? childrenOf(params).filter((id) => id !== "") : [];
    return children.length < 2 || children.length > 10 ? publishingError(2207028) : null;
  }
  if (given.length > 1) return invalidParam(`Only one of ${given.join(" and ")} can be given`);
  const upload = params.get("upload_type");
  if (upload !== null && upload !== "resumable") return invalidParam("upload_type must be resumable");
  if (given.length === 0) {
    const needed = kind === "image" || kind === "image_child" ? "image_url" : "video_url";
    return invalidParam(`The parameter ${needed} is required`);
  }
  const sources = ["image_url", "video_url", "cover_url"].map((name) => params.get(name));
  const isFetchable = (address: string) => /^https?:\/\/[\x21-\x7e]+$/.test(address);
  return sources.every((address) => address === null || isFetchable(address))
    ? null
    : publishingError(2207052);
}

function refuseText(kind: Kind, params: URLSearchParams): Answer | null {
  const caption = kind === "story" ? "" : (params.get("caption") ?? "");
  const count = (pattern: RegExp) => caption.match(pattern)?.length ?? 0;
  if (
    [...caption].length > 2_200 ||
    count(/(?<![\p{L}\p{N}_&])#[\p{L}\p{N}_]+/gu) > 30 ||
    count(/(?<![\p{L}\p{N}_.])@[A-Za-z0-9_.]+/gu) > 20
  ) {
    return publishingError(2207010);
  }
  if ([...(params.get("alt_text") ?? "")].length > 1_000) {
    return invalidParam("alt_text must be at most 1000 characters long");
  }
  const location = params.get("location_id");
  return location === null || /^\d+$/.test(location)
    ? null
    : invalidParam("location_id must be the id of a Page");
}

function refusePeople(kind: Kind, params: URLSearchParams): Answer | null {
  const collaborators = listIn(params, "collaborators");
  if (collaborators === null || collaborators.length > 3 || !collaborators.every(isName)) {
    return invalidParam("collaborators must be a list of at most 3 usernames");
  }
  const needsPlace = kind === "image" || kind === "image_child";
  const people = listIn(params, "user_tags");
  if (
    people === null ||
    !people.every((tag) => isName(fieldOf(tag, "username")) && isPlaced(tag, needsPlace))
  ) {
    return publishingError(2207035);
  }
  const products = listIn(params, "product_tags");
  if (products === null || !products.every((tag) => /^\d+$/.test(String(fieldOf(tag, "product_id"))))) {
    return publishingError(2207036);
  }
  const sponsors = listIn(params, "branded_content_sponsor_ids");
  return sponsors === null || sponsors.length > 2
    ? invalidParam("branded_content_sponsor_ids must be a list of at most 2 ids")
    : null;
}

function refuseExtras(params: URLSearchParams): Answer | null {
  const offset = params.get("thumb_offset");
  if (offset !== null && !/^\d+$/.test(offset)) return invalidParam("thumb_offset must be milliseconds");
  const trial = params.get("trial_params");
  const strategy = trial === null ? "MANUAL" : fieldOf(asJson(trial) ?? null, "graduation_strategy");
  if (strategy !== "MANUAL" && strategy !== "SS_PERFORMANCE") {
    return invalidParam("graduation_strategy must be MANUAL or SS_PERFORMANCE");
  }
  const poll = params.get("poll_attachment");
  if (poll === null) {
    return params.has("is_poll_duration_extended")
      ? invalidParam("is_poll_duration_extended needs a poll_attachment")
      : null;
  }
  if (asBoolean(params.get("is_comment_prompt_used")) === true) {
    return invalidParam("At most one add-on can be used in a caption");
  }
  const given = asJson(poll) ?? null;
  // The sheet has the number of options and not their shape: a bare list will do.
  const options = Array.isArray(given) ? given : fieldOf(given, "options");
  return Array.isArray(options) && options.length >= 2 && options.length <= 4
    ? null
    : invalidParam("A poll has 2 to 4 options");
}

/** A JSON list in a parameter; empty when it is absent, null when it is none. */
function listIn(params: URLSearchParams, name: string): Json[] | null {
  const value = asJson(params.get(name) ?? "[]");
  return Array.isArray(value) ? value : null;
}

function isPlaced(tag: Json, needsPlace: boolean): boolean {
  return ["x", "y"].every((axis) => {
    const place = fieldOf(tag, axis);
    return place === undefined ? !needsPlace : typeof place === "number" && place >= 0 && place <= 1;
  });
}

const isName = (value: Json | undefined): boolean =>
  typeof value === "string" && /^[A-Za-z0-9_.]{1,30}$/.test(value);

const fieldOf = (value: Json, name: string): Json | undefined =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? value[name] : undefined;

function optionIn(name: string, text: string): Json {
  if (name === "thumb_offset") return Number(text);
  if (plainText.includes(name)) return text;
  return asBoolean(text) ?? asJson(text) ?? text;
}

/** undefined: it is no JSON. */
function asJson(text: string): Json | undefined {
  try {
    // safe: JSON.parse makes nothing but Json
    return JSON.parse(text) as Json;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
