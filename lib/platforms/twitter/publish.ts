import { z } from "zod";
import {
  type Access,
  type Located,
  type LocateRequest,
  PlatformError,
  type PublishRequest,
  type PublishStep,
} from "../contract";
import { call, type Kit, RemoteId } from "../kit";
import { API } from "./api";
import { explain, isDuplicate, isStale } from "./errors";
import { Uploads, uploadStep } from "./media";
import { checkPost, fieldsOf } from "./options";
import { sameText } from "./same-text";
import { partsOf } from "./spec";

/** Uploads the files, then sends part after part, each in reply to the one before; X has no key to send a part twice safely. */
export async function publishStep(kit: Kit, request: PublishRequest): Promise<PublishStep> {
  const { access, content, resume, sending, earlier } = request;
  const parts = partsOf(content);
  const progress = Progress.parse(resume ?? {});
  const { ids } = progress;
  const text = parts[ids.length];
  if (text === undefined) return stepOf(kit, access, parts, ids);
  // Pictures, video and the person's choices belong to the first part.
  const media = ids.length === 0 ? content.media : [];
  if (ids.length === 0) checkPost(access, content);
  const step = await uploadStep(kit, access, media, progress);
  if (step) return { state: "processing", resume: { ...progress, ...step.next }, checkAfterMs: step.afterMs };
  const mediaIds = progress.uploads.flatMap((upload) => (upload ? [upload.id] : []));
  try {
    await sending();
    const { data } = await call(kit, {
      method: "POST",
      url: `${API}/tweets`,
      json: {
        ...((text !== "" || media.length === 0) && { text }),
        ...replyTo(ids.at(-1)),
        ...(media.length > 0 && { media: { media_ids: mediaIds } }),
        ...(ids.length === 0 && fieldsOf(content.options)),
      },
      bearer: access.accessToken,
      answer: z.object({ data: z.object({ id: RemoteId }) }),
      effect: "write",
      explain,
    });
    return stepOf(kit, access, parts, [...ids, data.id]);
  } catch (error) {
    // X says no more of uploads it has dropped than that the request is invalid: they are sent once more.
    if (isStale(error) && media.length > 0 && !progress.again)
      return { state: "processing", resume: { ids, uploads: [], again: true }, checkAfterMs: 0 };
    // An attempt whose answer was lost may be what X calls the other copy; without one, the copy is an earlier post.
    if (!isDuplicate(error) || !earlier) throw error;
    const located = await lookAfterRefusal({ access, content, resume, ...earlier });
    if (located.state === "absent") throw error;
    return located;
  }

  async function lookAfterRefusal(look: LocateRequest): Promise<Located> {
    try {
      return await locateStep(kit, look);
    } catch (cause) {
      if (!(cause instanceof PlatformError)) throw cause;
      // X has said that it is out, only not where: not a failure to be shown as one.
      throw new PlatformError("unavailable", "X has this post already, but did not show it to us.", {
        effect: "ambiguous",
        code: "duplicate",
        cause,
      });
    }
  }
}

/** Looks among the account's posts for the part whose answer was lost. */
export async function locateStep(kit: Kit, request: LocateRequest): Promise<Located> {
  const { access, content, resume, since, known } = request;
  const parts = partsOf(content);
  const { ids, uploads } = Progress.parse(resume ?? {});
  const text = parts[ids.length];
  if (text === undefined) return stepOf(kit, access, parts, ids);
  const media = ids.length > 0 ? [] : uploads.filter((upload) => upload !== null);
  const from = new Date(since.getTime() - CLOCK_SKEW_MS);
  const taken = new Set([...known, ...ids]);
  const found = (await postsSince(kit, access, from, media.length > 0 ? ["attachments"] : []))
    .filter(
      (post) =>
        !taken.has(post.id) &&
        post.created_at >= from &&
        (shows(post, media) ??
          sameText(text, post, { username: usernameOf(access), media: media.length > 0 })),
    )
    // The first of several is the one we sent: whatever came later was sent by someone who saw it missing.
    .sort((a, b) => a.created_at.getTime() - b.created_at.getTime())[0];
  return found ? stepOf(kit, access, parts, [...ids, found.id]) : { state: "absent" };
}

/** Where a post is to be seen; in sandbox mode, the simulator's own page for it. */
export function permalink(kit: Kit, access: Pick<Access, "metadata">, id: string): string {
  const username = usernameOf(access);
  const path = username ? `${encodeURIComponent(username)}/status` : "i/web/status";
  return kit.address(`https://x.com/${path}/${encodeURIComponent(id)}`).href;
}

/** X stamps posts with its clock, the fence with ours. */
const CLOCK_SKEW_MS = 60_000;
const PAGE_SIZE = 100;
const MAX_PAGES = 10;

const Progress = Uploads.extend({
  /** One id for each part that is out. */
  ids: z.array(z.string()).default([]),
  /** The files were sent once more, because X made nothing of the first ones. */
  again: z.boolean().optional(),
});

function stepOf(kit: Kit, access: Access, parts: string[], ids: string[]): PublishStep {
  const [first] = ids;
  if (first === undefined || ids.length < parts.length) {
    return { state: "processing", resume: { ids }, checkAfterMs: 0 };
  }
  return {
    state: "published",
    remoteId: first,
    url: permalink(kit, access, first),
    ...(ids.length > 1 && { parts: ids }),
  };
}

const replyTo = (id: string | undefined) => (id === undefined ? {} : { reply: { in_reply_to_tweet_id: id } });

/** Whether these very uploads are in a post, which proves that it is ours; null where X does not tell, or none were made. */
function shows(
  { attachments }: TimelinePost,
  uploads: { id: string; key?: string | undefined }[],
): boolean | null {
  const keys = attachments?.media_keys;
  if (!keys || uploads.length === 0) return null;
  // A media key ends in the media id, after the number of its kind.
  return uploads.some(({ id, key }) => keys.some((shown) => shown === key || shown.split("_").at(-1) === id));
}

const usernameOf = ({ metadata }: Pick<Access, "metadata">): string | null =>
  typeof metadata["username"] === "string" && metadata["username"] !== "" ? metadata["username"] : null;

const Entities = z.object({
  urls: z
    .array(
      z.object({ url: z.string(), expanded_url: z.string().optional(), media_key: z.string().optional() }),
    )
    .optional(),
});

const TimelinePost = z.object({
  id: RemoteId,
  text: z.string(),
  created_at: z.coerce.date(),
  entities: Entities.optional(),
  attachments: z.object({ media_keys: z.array(z.string()).optional() }).optional(),
  // `text` holds only the beginning of a post beyond 280; the whole is here.
  note_tweet: z.object({ text: z.string(), entities: Entities.optional() }).optional(),
});
export type TimelinePost = z.infer<typeof TimelinePost>;

const Timeline = z.object({
  data: z.array(TimelinePost).optional(),
  meta: z.object({ next_token: z.string().optional() }).optional(),
});

/** The account's own posts, replies included. */
async function postsSince(kit: Kit, access: Access, from: Date, more: string[]): Promise<TimelinePost[]> {
  const posts: TimelinePost[] = [];
  let next: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const { data = [], meta } = await call(kit, {
      method: "GET",
      url: `${API}/users/${encodeURIComponent(access.remoteId)}/tweets`,
      query: {
        max_results: String(PAGE_SIZE),
        "tweet.fields": ["created_at", "entities", "note_tweet", ...more].join(","),
        // X takes whole seconds.
        start_time: from.toISOString().replace(/\.\d+Z$/, "Z"),
        pagination_token: next,
      },
      bearer: access.accessToken,
      answer: Timeline,
      effect: "read",
      explain,
    });
    posts.push(...data);
    next = meta?.next_token;
    if (!next) return posts;
  }
  // Saying "absent" of a list we did not read to its end would be a guess.
  throw new PlatformError("unavailable", "This account has too many new posts at X to look through.", {
    code: "too_many",
  });
}
