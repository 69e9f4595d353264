import { z } from "zod";
import type { Access, Located, LocateRequest } from "../contract";
import { type Kit, RemoteId } from "../kit";
import { containerOf } from "./containers";
import { graph } from "./graph";
import { type Part, type PartType, partsOf } from "./parts";
import { advance, finished, POLL_AFTER_MS, Progress, processing, REPLY_AFTER_MS } from "./progress";

/** A write whose answer was lost may still be under way at Threads. */
const SETTLE_MS = 5 * 60_000;
/** How long a new post may be missing from the profile's list. */
const LIST_LAG_MS = 20_000;
/** Between their clock, in whole seconds, and ours. */
const CLOCK_SKEW_MS = 60_000;
const LIST_LIMIT = 100;

/** Reads back what became of a publish whose answer was lost. null: it cannot be told now. @throws PlatformError */
export async function locateStep(
  kit: Kit,
  { access, content, resume, since, known }: LocateRequest,
): Promise<Located | null> {
  const progress = Progress.parse(resume ?? {});
  const parts = partsOf(content, progress.type);
  const part = parts[progress.published.length];
  if (!part) return finished(kit, access, progress);
  const { containerId } = progress;
  const above = progress.published.at(-1);
  const age = Date.now() - since.getTime();

  const status = containerId === undefined ? "NONE" : (await containerOf(kit, access, containerId)).status;
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
      // The chain is whole: nothing hangs below its last reply, so its id is not needed.
      if (above !== undefined && progress.published.length === parts.length - 1) {
        return advance(kit, access, parts, progress, above);
      }
      break;
    case "NONE":
      // No reply is sent before its container is on record, and replies need not be among the profile's posts.
      if (above !== undefined) return processing(progress, REPLY_AFTER_MS);
      // A file without words looks like any other: without a container nothing can have been published.
      if (isMute(part)) return { state: "absent" };
      break;
    case "EXPIRED":
      if (isMute(part)) return processing({ ...progress, containerId: undefined, children: [], ready: 0 }, 0);
      break;
    case "MISSING":
      break;
  }

  const list = await find(kit, access, part, since, [...known, ...progress.published]);
  if (list.found !== null) return advance(kit, access, parts, progress, list.found);
  switch (status) {
    case "PUBLISHED":
      // It is out, and only its name is unknown. A chain goes on below the last part that has one.
      return above !== undefined && age > LIST_LAG_MS ? advance(kit, access, parts, progress, above) : null;
    case "EXPIRED":
      return processing({ ...progress, containerId: undefined, children: [], ready: 0 }, 0);
    case "NONE":
      return list.complete ? { state: "absent" } : null;
    case "MISSING":
      return above === undefined && list.complete && age > LIST_LAG_MS ? { state: "absent" } : null;
  }
}

const isMute = ({ type, text }: Part): boolean => type !== "TEXT" && text.trim() === "";

const Posts = z.object({
  data: z.array(
    z.object({
      id: RemoteId,
      text: z.string().optional(),
      timestamp: z.string(),
      media_type: z.string().optional(),
    }),
  ),
});
type Post = z.infer<typeof Posts>["data"][number];

/** What the list calls posts that show files. */
const SHOWN_AS: Partial<Record<PartType, string>> = {
  IMAGE: "IMAGE",
  VIDEO: "VIDEO",
  CAROUSEL: "CAROUSEL_ALBUM",
};

/** The post with this text and kind closest to `since`. complete: had it been among the profile's posts, we would have seen it. */
async function find(kit: Kit, access: Access, part: Part, since: Date, others: string[]) {
  const { data } = await graph(kit, access, {
    method: "GET",
    path: "me/threads",
    query: { fields: "id,text,timestamp,media_type", limit: String(LIST_LIMIT) },
    answer: Posts,
  });
  const earliest = since.getTime() - CLOCK_SKEW_MS;
  const posts = data.map((post) => ({ ...post, at: Date.parse(post.timestamp) }));
  const distance = ({ at }: { at: number }) => Math.abs(at - since.getTime());
  const [closest] = posts
    .filter((post) => post.at >= earliest && isLike(post, part) && !others.includes(post.id))
    .sort((one, other) => distance(one) - distance(other));
  return {
    found: closest?.id ?? null,
    complete: data.length < LIST_LIMIT || posts.some((post) => post.at < earliest),
  };
}

function isLike(post: Post, { type, text }: Part): boolean {
  const shown = SHOWN_AS[type];
  // Without words the kind is all there is to go by.
  const told = post.media_type ?? (text.trim() === "" ? "" : shown);
  return sameText(post.text ?? "", text) && (shown === undefined || told === shown);
}

/** Threads may tidy white space, and takes the # off a tag that became the topic. */
const sameText = (one: string, other: string) => comparable(one) === comparable(other);
const comparable = (text: string) => text.normalize("NFC").replaceAll("#", "").replace(/\s+/g, " ").trim();
