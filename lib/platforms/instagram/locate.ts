import { z } from "zod";
import type { Access, Located, LocateRequest } from "../contract";
import { RemoteId } from "../kit";
import type { Ask } from "./graph";
import { type Plan, planOf } from "./plan";
import { containerOf, finished, out, POLL_AFTER_MS, Progress, processing } from "./publish";

/** What became of a write whose answer was lost: the container tells whether it is out, the account's list under which id. */

/** A write whose answer was lost may still be under way at Instagram. */
const SETTLE_MS = 5 * 60_000;
/** How long a new post may be missing from the account's list. */
const LIST_LAG_MS = 20_000;
/** Between their clock, in whole seconds, and ours. */
const CLOCK_SKEW_MS = 60_000;
const LIST_LIMIT = "50";

/** null: it cannot be told now. @throws PlatformError */
export async function locateStep(ask: Ask, request: LocateRequest): Promise<Located | null> {
  const { access, content, resume, since, known } = request;
  const plan = planOf(content);
  const progress = Progress.parse(resume ?? {});
  const age = Date.now() - since.getTime();
  if (progress.mediaId !== undefined) return locateComment(ask, access, plan, progress, since);

  const { containerId } = progress;
  const status =
    containerId === undefined ? "NONE" : (await containerOf(ask, access, containerId)).status_code;
  switch (status) {
    case "IN_PROGRESS":
      return null;
    case "FINISHED":
      // Not out, unless the lost call is still at work. Later the same container goes on: it can be published only once.
      return age < SETTLE_MS ? null : processing(progress, POLL_AFTER_MS[0] ?? 0);
    case "ERROR":
      // Not out, and the next step says why it failed.
      return processing(progress, POLL_AFTER_MS[0] ?? 0);
    case "PUBLISHED":
    case "EXPIRED":
    case "MISSING":
    case "NONE":
      break;
  }

  const posts = await postsSince(ask, access, plan, since, known);
  const { candidates } = posts;
  const [closest] =
    plan.caption === ""
      ? alone(candidates, status)
      : candidates.filter((post) => sameText(post.caption ?? "", plan.caption));
  if (closest) return out(ask, access, plan, closest.id);
  const unnamed = plan.caption === "" && candidates.length > 0;
  switch (status) {
    case "PUBLISHED":
      // It is out, and only its name is unknown.
      return null;
    case "EXPIRED":
      // Nobody published it in its 24 hours.
      return processing(Progress.parse({}), 0);
    case "NONE":
      // Nothing is published before its container is on record.
      return posts.complete ? { state: "absent" } : null;
    case "MISSING":
      return posts.complete && !unnamed && age > LIST_LAG_MS ? { state: "absent" } : null;
  }
}

/** The post is out, and only its first comment is in doubt. Written once more when it is proved missing; never a third time. */
async function locateComment(
  ask: Ask,
  access: Access,
  plan: Plan,
  progress: Progress,
  since: Date,
): Promise<Located | null> {
  const { mediaId } = progress;
  const { firstComment, note } = plan;
  if (mediaId === undefined || firstComment === undefined) return finished(ask, access, { mediaId, note });
  const { data, paging } = await ask(access, {
    method: "GET",
    path: `${encodeURIComponent(mediaId)}/comments`,
    query: { fields: "id,text", limit: LIST_LIMIT },
    answer: Comments,
  });
  if (data.some(({ text }) => sameText(text ?? "", firstComment)))
    return finished(ask, access, { mediaId, note });
  if (Date.now() - since.getTime() < SETTLE_MS) return null;
  if (paging?.next === undefined && !progress.commentAgain) {
    return processing({ ...progress, commentAgain: true }, 0);
  }
  return finished(ask, access, {
    mediaId,
    note: "Instagram did not confirm the first comment. Look at the post, and write it there if it is missing.",
  });
}

const Paging = z.object({ next: z.string().optional() }).optional();

const Comments = z.object({
  data: z.array(z.object({ id: RemoteId, text: z.string().optional() })),
  paging: Paging,
});

const Posts = z.object({
  data: z.array(
    z.object({
      id: RemoteId,
      caption: z.string().optional(),
      timestamp: z.string(),
      media_type: z.string().optional(),
    }),
  ),
  paging: Paging,
});

/** Posts of this kind since then that are nobody else's, the closest first. complete: had it been there, we would have seen it. */
async function postsSince(ask: Ask, access: Access, plan: Plan, since: Date, known: string[]) {
  const list = plan.placement === "story" ? "stories" : "media";
  const { data, paging } = await ask(access, {
    method: "GET",
    path: `${encodeURIComponent(access.remoteId)}/${list}`,
    query: { fields: "id,caption,timestamp,media_type", limit: LIST_LIMIT },
    answer: Posts,
  });
  const earliest = since.getTime() - CLOCK_SKEW_MS;
  const posts = data.map((post) => ({ ...post, at: Date.parse(post.timestamp) }));
  const distance = ({ at }: { at: number }) => Math.abs(at - since.getTime());
  const isKind = ({ media_type = plan.type }: { media_type?: string | undefined }) =>
    media_type === plan.type;
  return {
    candidates: posts
      .filter((post) => post.at >= earliest && isKind(post) && !known.includes(post.id))
      .sort((one, other) => distance(one) - distance(other)),
    complete: paging?.next === undefined || posts.some((post) => post.at < earliest),
  };
}

/** Without words to know it by, a post is ours only when ours is surely out and there is no other. */
const alone = <T>(candidates: T[], status: string): T[] =>
  status === "PUBLISHED" && candidates.length === 1 ? candidates : [];

/** Instagram may tidy white space. */
const sameText = (one: string, other: string) => comparable(one) === comparable(other);
const comparable = (text: string) => text.normalize("NFC").replace(/\s+/g, " ").trim();
