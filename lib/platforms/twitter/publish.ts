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
import { explain, isDuplicate } from "./errors";
import { sameText } from "./same-text";
import { partsOf } from "./spec";

/** Sends the next part of a post, each in reply to the one before; X has no key to send a part twice safely. */
export async function publishStep(kit: Kit, request: PublishRequest): Promise<PublishStep> {
  const { access, content, resume, sending, earlier } = request;
  const parts = partsOf(content);
  const ids = idsOf(resume);
  const text = parts[ids.length];
  if (text === undefined) return stepOf(kit, access, parts, ids);
  try {
    await sending();
    const { data } = await call(kit, {
      method: "POST",
      url: `${API}/tweets`,
      json: { text, ...replyTo(ids.at(-1)), ...(ids.length === 0 && replySettings(content.options)) },
      bearer: access.accessToken,
      answer: z.object({ data: z.object({ id: RemoteId }) }),
      effect: "write",
      explain,
    });
    return stepOf(kit, access, parts, [...ids, data.id]);
  } catch (error) {
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
  const ids = idsOf(resume);
  const text = parts[ids.length];
  if (text === undefined) return stepOf(kit, access, parts, ids);
  const from = new Date(since.getTime() - CLOCK_SKEW_MS);
  const taken = new Set([...known, ...ids]);
  const found = (await postsSince(kit, access, from))
    .filter(
      (post) => !taken.has(post.id) && post.created_at >= from && sameText(text, post, usernameOf(access)),
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

export const API = "https://api.x.com/2";

/** X stamps posts with its clock, the fence with ours. */
const CLOCK_SKEW_MS = 60_000;
const PAGE_SIZE = 100;
const MAX_PAGES = 10;

const Resume = z.object({ ids: z.array(z.string()) });

const idsOf = (resume: PublishRequest["resume"]): string[] => (resume ? Resume.parse(resume).ids : []);

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

/** X knows no word for everyone: it is meant when nothing is said. */
const replySettings = ({ reply_settings: who }: Record<string, unknown>) =>
  typeof who === "string" && who !== "" && who !== "everyone" ? { reply_settings: who } : {};

const usernameOf = ({ metadata }: Pick<Access, "metadata">): string | null =>
  typeof metadata["username"] === "string" && metadata["username"] !== "" ? metadata["username"] : null;

const Entities = z.object({
  urls: z.array(z.object({ url: z.string(), expanded_url: z.string().optional() })).optional(),
});

const TimelinePost = z.object({
  id: RemoteId,
  text: z.string(),
  created_at: z.coerce.date(),
  entities: Entities.optional(),
  // `text` holds only the beginning of a post beyond 280; the whole is here.
  note_tweet: z.object({ text: z.string(), entities: Entities.optional() }).optional(),
});
export type TimelinePost = z.infer<typeof TimelinePost>;

const Timeline = z.object({
  data: z.array(TimelinePost).optional(),
  meta: z.object({ next_token: z.string().optional() }).optional(),
});

/** The account's own posts, replies included. */
async function postsSince(kit: Kit, access: Access, from: Date): Promise<TimelinePost[]> {
  const posts: TimelinePost[] = [];
  let next: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const { data = [], meta } = await call(kit, {
      method: "GET",
      url: `${API}/users/${encodeURIComponent(access.remoteId)}/tweets`,
      query: {
        max_results: String(PAGE_SIZE),
        "tweet.fields": "created_at,entities,note_tweet",
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
