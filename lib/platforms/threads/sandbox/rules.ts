/** What the simulated Threads refuses in a new container. */
import { type Answer, type Call, findPublication, type Json, knob, type Person } from "@/lib/sandbox/kit";
import { findContainer, type MediaType, statusOf } from "./containers";
import { graphError, invalidParam, mediaNotFound, missingObject, missingPermission } from "./graph";
import { countThreadsText, linksIn } from "./text";

const maxText = 500;
const maxAltText = 1_000;
const maxLinks = 5;
const mediaTypes: MediaType[] = ["TEXT", "IMAGE", "VIDEO", "CAROUSEL"];
const replyControls = [
  "everyone",
  "accounts_you_follow",
  "mentioned_only",
  "parent_post_author_only",
  "followers_only",
];
const booleans = [
  "auto_publish_text",
  "is_ghost_post",
  "enable_reply_approvals",
  "is_carousel_item",
  "is_spoiler_media",
];
/** Which parameters belong to some kinds of container only. */
const kept: Record<string, MediaType[]> = {
  link_attachment: ["TEXT"],
  poll_attachment: ["TEXT"],
  image_url: ["IMAGE"],
  video_url: ["VIDEO"],
  children: ["CAROUSEL"],
  alt_text: ["IMAGE", "VIDEO"],
};
const keptWhenTrue: Record<string, MediaType[]> = {
  auto_publish_text: ["TEXT"],
  is_ghost_post: ["TEXT"],
  is_carousel_item: ["IMAGE", "VIDEO"],
  is_spoiler_media: ["IMAGE", "VIDEO", "CAROUSEL"],
};

export const containerParams = [
  "media_type",
  "text",
  "reply_to_id",
  "reply_control",
  "topic_tag",
  "quote_post_id",
  ...Object.keys(kept),
  ...booleans,
];

/** The kind of container that is asked for, or null. */
export function mediaTypeOf(params: URLSearchParams): MediaType | null {
  return mediaTypes.find((one) => one === params.get("media_type")) ?? null;
}

/** Why this container cannot be made, or null. Addresses are not fetched here. */
export function refuseContainer(call: Call, person: Person, params: URLSearchParams): Answer | null {
  if (!params.has("media_type")) return invalidParam("The parameter media_type is required.");
  const type = mediaTypeOf(params);
  if (type === null) return invalidParam(`media_type must be one of ${mediaTypes.join(", ")}.`);
  return (
    refuseText(type, params) ??
    refuseChoices(params) ??
    refuseMisplaced(type, params) ??
    refuseMedia(type, params) ??
    refusePoll(params) ??
    refuseRelations(call, person, params) ??
    (type === "CAROUSEL" ? refuseChildren(call, person, params) : null)
  );
}

/** The ids of a carousel, in order. */
export function childrenIn(params: URLSearchParams): string[] {
  return params.get("children")?.split(",") ?? [];
}

/** The options of a poll, or null when there is none or when it is not built as one. */
export function pollIn(params: URLSearchParams): Record<string, string> | null {
  const poll = parsed(params.get("poll_attachment") ?? "");
  if (typeof poll !== "object" || poll === null || Array.isArray(poll)) return null;
  const options: Record<string, string> = {};
  for (const [name, option] of Object.entries(poll)) {
    const isOption = typeof option === "string" && option.trim() !== "";
    if (!isOption || !["option_a", "option_b", "option_c", "option_d"].includes(name)) return null;
    options[name] = option;
  }
  return "option_a" in options && "option_b" in options ? options : null;
}

function refuseText(type: MediaType, params: URLSearchParams): Answer | null {
  const text = params.get("text") ?? "";
  if (type === "TEXT" && text.trim() === "") {
    return invalidParam("The parameter text is required for media_type TEXT.");
  }
  if (countThreadsText(text) > maxText) {
    return invalidParam(`Param text must be at most ${maxText} characters long.`);
  }
  const link = params.get("link_attachment");
  if (link !== null && !isWebAddress(link)) return invalidParam("Param link_attachment must be a valid URL.");
  if (new Set([...linksIn(text), ...(link === null ? [] : [link])]).size > maxLinks) {
    return graphError(400, {
      message: "THREADS_API__LINK_LIMIT_EXCEEDED",
      type: "THApiException",
      code: 100,
      error_user_title: "Too many links",
      error_user_msg: `A post can have at most ${maxLinks} links.`,
    });
  }
  return null;
}

function refuseChoices(params: URLSearchParams): Answer | null {
  const control = params.get("reply_control");
  if (control !== null && !replyControls.includes(control)) {
    return invalidParam(`Param reply_control must be one of ${replyControls.join(", ")}.`);
  }
  const topic = params.get("topic_tag");
  if (topic !== null && !/^[^.&]{1,50}$/u.test(topic)) {
    return invalidParam("Param topic_tag must have 1 to 50 characters and no period or ampersand.");
  }
  const odd = booleans.find((name) => !["true", "false", null].includes(params.get(name)));
  return odd === undefined ? null : invalidParam(`Param ${odd} must be a boolean.`);
}

function refuseMisplaced(type: MediaType, params: URLSearchParams): Answer | null {
  const misplaced =
    Object.keys(kept).find((name) => params.has(name) && !kept[name]?.includes(type)) ??
    Object.keys(keptWhenTrue).find(
      (name) => params.get(name) === "true" && !keptWhenTrue[name]?.includes(type),
    );
  return misplaced === undefined
    ? null
    : invalidParam(`Param ${misplaced} cannot be used with media_type ${type}.`);
}

function refuseMedia(type: MediaType, params: URLSearchParams): Answer | null {
  const name = { TEXT: null, IMAGE: "image_url", VIDEO: "video_url", CAROUSEL: "children" }[type];
  if (name !== null && !params.has(name)) {
    return invalidParam(`The parameter ${name} is required for media_type ${type}.`);
  }
  const address = params.get("image_url") ?? params.get("video_url");
  if (address !== null && !isWebAddress(address)) return invalidParam(`Param ${name} must be a valid URL.`);
  return [...(params.get("alt_text") ?? "")].length > maxAltText
    ? invalidParam(`Param alt_text must be at most ${maxAltText} characters long.`)
    : null;
}

function refusePoll(params: URLSearchParams): Answer | null {
  return params.has("poll_attachment") && pollIn(params) === null
    ? invalidParam(
        "Param poll_attachment must be JSON with option_a, option_b and perhaps option_c, option_d.",
      )
    : null;
}

function refuseRelations(call: Call, person: Person, params: URLSearchParams): Answer | null {
  const replyTo = params.get("reply_to_id");
  if (replyTo !== null) {
    if (params.get("is_ghost_post") === "true") return invalidParam("A ghost post cannot be a reply.");
    const parent = findPublication(call, replyTo);
    if (parent === null) return missingObject(replyTo);
    // Posts of others are out of reach without threads_manage_mentions or threads_keyword_search.
    if (parent.personId !== person.id) return missingPermission();
    if (call.now < parent.createdAt + knob(call, "replicationMs", 0)) return mediaNotFound(replyTo);
  }
  const quoted = params.get("quote_post_id");
  return quoted !== null && findPublication(call, quoted) === null ? missingObject(quoted) : null;
}

/** All children are there, are this person's, and are finished. */
function refuseChildren(call: Call, person: Person, params: URLSearchParams): Answer | null {
  const ids = childrenIn(params);
  if (ids.length < 2 || ids.length > 20) return invalidParam("Param children must have 2 to 20 ids.");
  for (const id of ids) {
    const child = findContainer(call, id);
    if (child === null || child.personId !== person.id) return mediaNotFound(id);
    if (!child.isItem) return invalidParam(`The media ${id} is not a carousel item.`);
    const status = statusOf(call, child);
    // Too early is told as it is when publishing; the sheet has no other words for it.
    if (status === "IN_PROGRESS") return mediaNotFound(id);
    if (status !== "FINISHED")
      return invalidParam(`The media ${id} cannot be used: its status is ${status}.`);
  }
  return null;
}

function isWebAddress(address: string): boolean {
  return /^https?:$/.test(URL.parse(address)?.protocol ?? "");
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
