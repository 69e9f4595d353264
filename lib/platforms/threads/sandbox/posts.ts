/** Publishing, reading back and deleting on the simulated Threads. */
import {
  type Answer,
  type Call,
  findPublication,
  isAnswer,
  json,
  knob,
  newId,
  type Publication,
  permalink,
  publish,
  type Shown,
  unpublish,
} from "@/lib/sandbox/kit";
import { DAY } from "@/lib/sandbox/oauth";
import { type Container, findContainer, statusOf } from "./containers";
import {
  admit,
  invalidParam,
  isSelf,
  mediaNotFound,
  missingObject,
  missingPermission,
  pickFields,
  tooMany,
} from "./graph";

const quotas = {
  quota: { quota_total: 250, quota_duration: 86_400 },
  reply: { quota_total: 1_000, quota_duration: 86_400 },
  delete: { quota_total: 100, quota_duration: 86_400 },
  location_search: { quota_total: 500, quota_duration: 86_400 },
};
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
  if (container.isItem) return invalidParam("A carousel item can be published in its carousel only.");
  if (status === "IN_PROGRESS") return mediaNotFound(id);
  if (status !== "FINISHED") return invalidParam(`The media cannot be published: its status is ${status}.`);
  return release(call, container);
}

/** GET /{id} with the id of a post, or of one picture or video in a carousel. */
export function readMedia(call: Call): Answer {
  const admitted = admit(call, ["fields"], ["threads_basic"]);
  if (isAnswer(admitted)) return admitted;
  const id = call.params["id"] ?? "";
  const publication = findPublication(call, id) ?? carouselWith(call, id);
  if (publication === null || publication.personId !== admitted.person.id) return missingObject(id);
  const node = mediaNode(call, publication);
  const picked = pickFields(
    admitted.params,
    publication.id === id ? node : { ...node, ...childNode(call, publication, id) },
  );
  return isAnswer(picked) ? picked : json(200, picked);
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

/** A post by the last part of its address. */
export function byShortcode(call: Call, code: string): Publication | null {
  return call.world.publications.find(({ id }) => shortcode(id) === code) ?? null;
}

/** The container becomes a post, unless the day's quota is used up. */
export function release(call: Call, container: Container): Answer {
  const person = { id: container.personId };
  const used = usage(call, person);
  const isReply = container.replyTo !== null;
  if (isReply ? used.reply >= quotas.reply.quota_total : used.quota >= quotas.quota.quota_total) {
    return tooMany(400);
  }
  const { text, link, replyTo, topic, media, choices } = container;
  const { id } = publish(call, {
    id: newId(call),
    personId: container.personId,
    text,
    link,
    replyTo,
    media,
    details: { ...choices, topic, children: container.children.map(() => newId(call)) },
  });
  container.mediaId = id;
  for (const child of container.children) {
    const item = findContainer(call, child);
    if (item !== null) item.mediaId = id;
  }
  return json(200, { id });
}

function mediaNode(call: Call, publication: Publication) {
  const type = String(publication.details["media_type"]);
  const only = type === "CAROUSEL" ? undefined : publication.media[0];
  const children = childIds(publication).map((id) => ({ id }));
  return {
    id: publication.id,
    permalink: permalink(call, publication.id),
    shortcode: shortcode(publication.id),
    timestamp: new Date(publication.createdAt).toISOString().replace(/\.\d+Z$/, "+0000"),
    media_type: { TEXT: "TEXT_POST", CAROUSEL: "CAROUSEL_ALBUM" }[type] ?? type,
    text: publication.text || undefined,
    username: publication.author,
    children: children.length === 0 ? undefined : { data: children },
    ...fileNode(call, only),
  };
}

function fileNode(call: Call, file: Shown | undefined) {
  return {
    media_url: file && `${call.sandboxOrigin}/_sandbox/files/${file.id}`,
    alt_text: file?.alt ?? undefined,
  };
}

/** What differs from the carousel's own fields. */
function childNode(call: Call, publication: Publication, id: string) {
  const file = publication.media[childIds(publication).indexOf(id)];
  return {
    id,
    media_type: file?.mime.startsWith("video/") ? "VIDEO" : "IMAGE",
    text: undefined,
    children: undefined,
    ...fileNode(call, file),
  };
}

function carouselWith(call: Call, childId: string): Publication | null {
  return (
    call.world.publications.find((one) => one.deletedAt === null && childIds(one).includes(childId)) ?? null
  );
}

function childIds({ details }: Publication): string[] {
  const { children } = details;
  return Array.isArray(children) ? children.map(String) : [];
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

function shortcode(id: string): string {
  return BigInt(id).toString(36);
}

/** Unix seconds or a date, as milliseconds; null when it is neither. */
function instant(value: string | null, otherwise: number): number | null {
  if (value === null) return otherwise;
  const ms = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value);
  return Number.isNaN(ms) ? null : ms;
}
