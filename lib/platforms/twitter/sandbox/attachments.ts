/** What a post on the simulated X may carry besides its text: media, or a poll. */

import { shown } from "@/lib/sandbox/files";
import type { Answer, Call, Json, Person, Shown } from "@/lib/sandbox/kit";
import { forbidden, invalidRequest } from "./answers";
import { findMedia, isReady, type Media } from "./media";
import { postFault } from "./media-rules";
import { isId } from "./timeline";

export type Poll = { options: string[]; duration_minutes: number };
export type Attachments = { media: Shown[]; mediaKeys: string[]; poll: Poll | null };

const MAX_PHOTOS = 4;

/** The refusal of a `media` or a `poll` that is not built as X wants it, or of both; null when all is well. */
export function misshapenAttachments(body: Record<string, Json>): Answer | null {
  const given = ["media", "poll", "quote_tweet_id"].filter((name) => name in body);
  if (given.length > 1) return invalidRequest(`Only one of ${given.join(", ")} may be in a post.`);
  if ("media" in body) return misshapenMedia(body["media"]);
  return "poll" in body ? misshapenPoll(body["poll"]) : null;
}

/** What a well-formed body attaches, or the refusal. */
export function attachmentsOf(call: Call, person: Person, body: Record<string, Json>): Attachments | Answer {
  const poll = pollIn(body["poll"]);
  const ids = listIn(body["media"], "media_ids");
  const found: Media[] = [];
  for (const id of ids) {
    const media = findMedia(call, person, id);
    if (media === null || media.kind === "other" || !isReady(call, media)) return invalidIds(ids);
    found.push(media);
  }
  if (found.length > 1 && found.some(({ kind }) => kind !== "photo")) {
    return invalidRequest("A post may have up to 4 photos, or 1 animated GIF, or 1 video.", {
      "media.media_ids": [JSON.stringify(ids)],
    });
  }
  const files = found.flatMap(({ file, alt }) => (file === null ? [] : [shown(file, alt)]));
  if (found[0]?.kind === "video" && files[0] !== undefined) {
    const fault = postFault(call, person, files[0]);
    if (fault !== null) return forbidden(fault);
  }
  return { media: files, mediaKeys: found.map(({ key }) => key), poll };
}

function misshapenMedia(media: Json | undefined): Answer | null {
  if (!isObject(media)) return invalidRequest("$.media: must be an object");
  const stranger = Object.keys(media).find((name) => !["media_ids", "tagged_user_ids"].includes(name));
  if (stranger !== undefined) return invalidRequest(`$.media.${stranger}: is not defined in the schema`);
  const { media_ids: ids, tagged_user_ids: tagged = [] } = media;
  if (!isListOfIds(ids)) return invalidIds(ids);
  if (ids.length === 0)
    return invalidRequest("$.media.media_ids: there must be a minimum of 1 items in the array");
  if (ids.length > MAX_PHOTOS) {
    return invalidRequest(`$.media.media_ids: there must be a maximum of ${MAX_PHOTOS} items in the array`);
  }
  return isListOfIds(tagged) && tagged.length <= 10
    ? null
    : invalidRequest("$.media.tagged_user_ids: there must be a maximum of 10 items in the array");
}

function misshapenPoll(poll: Json | undefined): Answer | null {
  if (!isObject(poll)) return invalidRequest("$.poll: must be an object");
  const stranger = Object.keys(poll).find((name) => !["options", "duration_minutes"].includes(name));
  if (stranger !== undefined) return invalidRequest(`$.poll.${stranger}: is not defined in the schema`);
  const { options, duration_minutes: minutes } = poll;
  if (!Array.isArray(options) || options.length < 2 || options.length > 4) {
    return invalidRequest("$.poll.options: there must be 2 to 4 items in the array");
  }
  const isOption = (one: Json) => typeof one === "string" && one.length > 0 && [...one].length <= 25;
  if (!options.every(isOption)) {
    return invalidRequest("$.poll.options: each must be 1 to 25 characters long");
  }
  const isDuration =
    typeof minutes === "number" && Number.isInteger(minutes) && minutes >= 5 && minutes <= 10_080;
  return isDuration ? null : invalidRequest("$.poll.duration_minutes: must be an integer from 5 to 10080");
}

function pollIn(poll: Json | undefined): Poll | null {
  if (!isObject(poll)) return null;
  return { options: listIn(poll, "options"), duration_minutes: Number(poll["duration_minutes"]) };
}

function listIn(value: Json | undefined, name: string): string[] {
  const list = isObject(value) ? value[name] : [];
  return Array.isArray(list) ? list.map(String) : [];
}

function invalidIds(ids: Json | undefined): Answer {
  return invalidRequest("Your media IDs are invalid.", { "media.media_ids": [JSON.stringify(ids ?? null)] });
}

function isListOfIds(value: Json | undefined): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string" && isId(one));
}

function isObject(value: Json | undefined): value is Record<string, Json> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
