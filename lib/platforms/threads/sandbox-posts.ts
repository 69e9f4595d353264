/** Containers, publishing, reading back and deleting on the simulated Threads. */
import {
  type Answer,
  type Call,
  findPublication,
  isAnswer,
  json,
  knob,
  newId,
  type Person,
  type Publication,
  permalink,
  publish,
  shelf,
  unpublish,
} from "@/lib/sandbox/kit";
import { DAY } from "@/lib/sandbox/oauth";
import {
  admit,
  graphError,
  invalidParam,
  isSelf,
  mediaNotFound,
  missingObject,
  missingPermission,
  pickFields,
  tooMany,
} from "./sandbox-graph";

type Container = {
  id: string;
  personId: string;
  text: string;
  link: string | null;
  replyTo: string | null;
  topic: string | null;
  createdAt: number;
  readyAt: number;
  /** the error_message it will end with instead of FINISHED */
  error: string | null;
  mediaId: string | null;
};

const maxText = 500;
const maxLinks = 5;
const quotas = {
  quota: { quota_total: 250, quota_duration: 86_400 },
  reply: { quota_total: 1_000, quota_duration: 86_400 },
  delete: { quota_total: 100, quota_duration: 86_400 },
  location_search: { quota_total: 500, quota_duration: 86_400 },
};
const containerParams = [
  "media_type",
  "text",
  "link_attachment",
  "reply_to_id",
  "reply_control",
  "topic_tag",
  "quote_post_id",
  "auto_publish_text",
  "is_ghost_post",
  "enable_reply_approvals",
];
const replyControls = [
  "everyone",
  "accounts_you_follow",
  "mentioned_only",
  "parent_post_author_only",
  "followers_only",
];

/** POST /{user}/threads */
export function createContainer(call: Call): Answer {
  const admitted = admit(call, containerParams, ["threads_basic", "threads_content_publish"]);
  if (isAnswer(admitted)) return admitted;
  const { person, params } = admitted;
  if (!isSelf(person, call.params["user"])) return missingPermission();
  const problem = refuseContainer(call, person, params);
  if (problem !== null) return problem;
  const text = params.get("text") ?? "";
  const container: Container = {
    id: newId(call),
    personId: person.id,
    text,
    // In a text-only post the first URL becomes the preview.
    link: params.get("link_attachment") ?? linksIn(text)[0] ?? null,
    replyTo: params.get("reply_to_id"),
    topic: params.get("topic_tag") ?? firstTag(text),
    createdAt: call.now,
    readyAt: call.now + knob(call, "processingMs", 300),
    error: knob(call, "containerError", "") || null,
    mediaId: null,
  };
  shelf<Container>(call, "containers")[container.id] = container;
  return params.get("auto_publish_text") === "true"
    ? release(call, container)
    : json(200, { id: container.id });
}

/** POST /{user}/threads_publish */
export function publishContainer(call: Call): Answer {
  const admitted = admit(call, ["creation_id"], ["threads_basic", "threads_content_publish"]);
  if (isAnswer(admitted)) return admitted;
  const { person, params } = admitted;
  if (!isSelf(person, call.params["user"])) return missingPermission();
  const id = params.get("creation_id");
  if (id === null) return invalidParam("The parameter creation_id is required.");
  const container = findContainer(call, id);
  if (container === null || container.personId !== person.id) return mediaNotFound(id);
  const status = statusOf(call, container);
  if (status === "PUBLISHED") return invalidParam("The media has already been published.");
  if (status === "IN_PROGRESS") return mediaNotFound(id);
  if (status !== "FINISHED") return invalidParam(`The media cannot be published: its status is ${status}.`);
  return release(call, container);
}

/** GET /{id} with the id of a container, of a post, or of the person. */
export function readContainer(call: Call): Answer {
  const admitted = admit(call, ["fields"], ["threads_basic"]);
  if (isAnswer(admitted)) return admitted;
  const id = call.params["id"] ?? "";
  const container = findContainer(call, id);
  if (container === null || container.personId !== admitted.person.id) return missingObject(id);
  const status = statusOf(call, container);
  const node = { id, status, error_message: status === "ERROR" ? (container.error ?? undefined) : undefined };
  return answerFields(admitted.params, node);
}

export function readMedia(call: Call): Answer {
  const admitted = admit(call, ["fields"], ["threads_basic"]);
  if (isAnswer(admitted)) return admitted;
  const publication = findPublication(call, call.params["id"] ?? "");
  if (publication === null || publication.personId !== admitted.person.id) {
    return missingObject(call.params["id"] ?? "");
  }
  return answerFields(admitted.params, mediaNode(call, publication));
}

/** GET /{user}/threads: newest first; replies only with the knob listReplies. */
export function listMedia(call: Call): Answer {
  const admitted = admit(call, ["fields", "limit", "since", "until", "after"], ["threads_basic"]);
  if (isAnswer(admitted)) return admitted;
  const { person, params } = admitted;
  if (!isSelf(person, call.params["user"])) return missingPermission();
  const limit = Number(params.get("limit") ?? 25);
  if (!Number.isInteger(limit) || limit < 1 || limit > 100) return invalidParam("limit must be 1 to 100.");
  const since = instant(params.get("since"), 0);
  const until = instant(params.get("until"), Number.POSITIVE_INFINITY);
  if (since === null || until === null) return invalidParam("since and until are times.");
  const withReplies = knob(call, "listReplies", false);
  const mine = call.world.publications
    .filter(({ personId, deletedAt }) => personId === person.id && deletedAt === null)
    .filter(({ replyTo }) => withReplies || replyTo === null)
    .filter(({ createdAt }) => createdAt >= since && createdAt <= until)
    .reverse();
  const after = params.get("after");
  const start = after === null ? 0 : mine.findIndex(({ id }) => id === after) + 1;
  const page = mine.slice(start, start + limit);
  const data = page.map((one) => pickFields(params, mediaNode(call, one)));
  const refused = data.find(isAnswer);
  if (refused !== undefined) return refused;
  const [first, last] = [page[0], page.at(-1)];
  if (first === undefined || last === undefined) return json(200, { data: [] });
  return json(200, { data, paging: { cursors: { before: first.id, after: last.id } } });
}

/** DELETE /{id} */
export function deleteMedia(call: Call): Answer {
  const admitted = admit(call, [], ["threads_basic", "threads_delete"]);
  if (isAnswer(admitted)) return admitted;
  const id = call.params["id"] ?? "";
  const publication = findPublication(call, id);
  if (publication === null) return missingObject(id);
  if (publication.personId !== admitted.person.id) return missingPermission();
  if (usage(call, admitted.person).delete >= quotas.delete.quota_total) return tooMany(400);
  unpublish(call, publication);
  return json(200, { success: true, deleted_id: id });
}

/** GET /{user}/threads_publishing_limit */
export function readQuota(call: Call): Answer {
  const admitted = admit(call, ["fields"], ["threads_basic", "threads_content_publish"]);
  if (isAnswer(admitted)) return admitted;
  const { person, params } = admitted;
  if (!isSelf(person, call.params["user"])) return missingPermission();
  const used = usage(call, person);
  const node = {
    quota_usage: used.quota,
    config: quotas.quota,
    reply_quota_usage: used.reply,
    reply_config: quotas.reply,
    delete_quota_usage: used.delete,
    delete_config: quotas.delete,
    location_search_quota_usage: 0,
    location_search_config: quotas.location_search,
  };
  if (!params.has("fields")) params.set("fields", "quota_usage,config");
  const picked = pickFields(params, node);
  return isAnswer(picked) ? picked : json(200, { data: [picked] });
}

export function findContainer(call: Call, id: string): Container | null {
  const containers = shelf<Container>(call, "containers");
  return Object.hasOwn(containers, id) ? (containers[id] ?? null) : null;
}

/** A post by the last part of its address. */
export function byShortcode(call: Call, code: string): Publication | null {
  return call.world.publications.find(({ id }) => shortcode(id) === code) ?? null;
}

/** Characters; an emoji counts as many as its UTF-8 has bytes. */
function countThreadsText(text: string): number {
  let count = 0;
  for (const { segment } of new Intl.Segmenter("en", { granularity: "grapheme" }).segment(text)) {
    const isEmoji = /^\p{RGI_Emoji}$/v.test(segment) || /\p{Emoji_Presentation}/u.test(segment);
    count += isEmoji ? new TextEncoder().encode(segment).length : [...segment].length;
  }
  return count;
}

function release(call: Call, container: Container): Answer {
  const person = { id: container.personId };
  const used = usage(call, person);
  const isReply = container.replyTo !== null;
  if (isReply ? used.reply >= quotas.reply.quota_total : used.quota >= quotas.quota.quota_total) {
    return tooMany(400);
  }
  const { text, link, replyTo, topic } = container;
  const { id } = publish(call, {
    id: newId(call),
    personId: container.personId,
    text,
    link,
    replyTo,
    details: { topic },
  });
  container.mediaId = id;
  return json(200, { id });
}

function refuseContainer(call: Call, person: Person, params: URLSearchParams): Answer | null {
  const type = params.get("media_type");
  if (type === null) return invalidParam("The parameter media_type is required.");
  if (["IMAGE", "VIDEO", "CAROUSEL"].includes(type)) {
    return invalidParam(`media_type ${type} is not simulated yet.`);
  }
  if (type !== "TEXT") return invalidParam("media_type must be one of TEXT, IMAGE, VIDEO, CAROUSEL.");
  const text = params.get("text") ?? "";
  if (text.trim() === "") return invalidParam("The parameter text is required for media_type TEXT.");
  if (countThreadsText(text) > maxText) {
    return invalidParam(`Param text must be at most ${maxText} characters long.`);
  }
  const link = params.get("link_attachment");
  if (link !== null && !/^https?:$/.test(URL.parse(link)?.protocol ?? "")) {
    return invalidParam("Param link_attachment must be a valid URL.");
  }
  if (new Set([...linksIn(text), ...(link === null ? [] : [link])]).size > maxLinks) {
    return graphError(400, {
      message: "THREADS_API__LINK_LIMIT_EXCEEDED",
      type: "THApiException",
      code: 100,
      error_user_title: "Too many links",
      error_user_msg: `A post can have at most ${maxLinks} links.`,
    });
  }
  const control = params.get("reply_control");
  if (control !== null && !replyControls.includes(control)) {
    return invalidParam(`Param reply_control must be one of ${replyControls.join(", ")}.`);
  }
  const topic = params.get("topic_tag");
  if (topic !== null && !/^[^.&]{1,50}$/u.test(topic)) {
    return invalidParam("Param topic_tag must have 1 to 50 characters and no period or ampersand.");
  }
  for (const name of ["auto_publish_text", "is_ghost_post", "enable_reply_approvals"]) {
    if (!["true", "false", null].includes(params.get(name))) {
      return invalidParam(`Param ${name} must be a boolean.`);
    }
  }
  return refuseRelations(call, person, params);
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

function statusOf(call: Call, { mediaId, createdAt, readyAt, error }: Container): string {
  if (mediaId !== null) return "PUBLISHED";
  if (call.now >= createdAt + DAY) return "EXPIRED";
  if (call.now < readyAt) return "IN_PROGRESS";
  return error === null ? "FINISHED" : "ERROR";
}

function mediaNode(call: Call, publication: Publication) {
  return {
    id: publication.id,
    permalink: permalink(call, publication.id),
    shortcode: shortcode(publication.id),
    timestamp: new Date(publication.createdAt).toISOString().replace(/\.\d+Z$/, "+0000"),
    media_type: "TEXT_POST",
    text: publication.text,
    username: publication.author,
  };
}

function answerFields(params: URLSearchParams, node: Record<string, unknown>): Answer {
  const picked = pickFields(params, node);
  return isAnswer(picked) ? picked : json(200, picked);
}

/** What this person used up in the last 24 hours; deleting a post gives nothing back. */
function usage(call: Call, person: { id: string }) {
  const mine = call.world.publications.filter(({ personId }) => personId === person.id);
  const recent = mine.filter(({ createdAt }) => createdAt > call.now - DAY);
  return {
    quota: recent.filter(({ replyTo }) => replyTo === null).length,
    reply: recent.filter(({ replyTo }) => replyTo !== null).length,
    delete: mine.filter(({ deletedAt }) => deletedAt !== null && deletedAt > call.now - DAY).length,
  };
}

function linksIn(text: string): string[] {
  const found = text.match(/https?:\/\/[^\s<>"]+/giu) ?? [];
  return [...new Set(found.map((link) => link.replace(/[.,;:!?)\]}'"]+$/u, "")))];
}

/** The first #tag silently becomes the topic; one of digits only is ignored. */
function firstTag(text: string): string | null {
  for (const [, tag] of text.matchAll(/(?:^|\s)#([^\s.&@!?,;:#]+)/gu)) {
    if (tag !== undefined && !/^\d+$/.test(tag)) return tag;
  }
  return null;
}

function shortcode(id: string): string {
  return BigInt(id).toString(36);
}

/** Unix seconds or a date, as milliseconds; null when it is neither. */
function instant(value: string | null, otherwise: number): number | null {
  if (value === null) return otherwise;
  const ms = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value);
  return Number.isNaN(ms) ? null : ms;
}
