import { z } from "zod";
import type { Access, PublishStep } from "../contract";
import type { Kit } from "../kit";
import { graph } from "./graph";
import { type Part, PartType } from "./parts";

/** Where a post stands between two steps, and how it goes on once a part is out. */

export const Progress = z.object({
  /** One id for each part that is out, the first one being the post itself. */
  published: z.array(z.string()).default([]),
  /** What the first part is, as long as it is not out. */
  type: PartType.optional(),
  /** The items of a carousel, by position; null: to be made (again). How many, from the first, are FINISHED. */
  children: z.array(z.string().nullable()).default([]),
  ready: z.number().default(0),
  containerId: z.string().optional(),
  /** Of the current part: containers made, or items made anew, and when last; polls of the latest; times it could not be found. */
  containers: z.number().default(0),
  remakes: z.number().default(0),
  madeAt: z.number().optional(),
  polls: z.number().default(0),
  misses: z.number().default(0),
});
export type Progress = z.infer<typeof Progress>;

/** Text is ready at once as a rule, a picture takes about 30 s, a long video minutes. */
export const POLL_AFTER_MS = [
  ...[250, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000],
  ...Array.from({ length: 12 }, () => 60_000),
];
/** A reply made too soon cannot find the post above it. */
export const REPLY_AFTER_MS = 3_000;

export const processing = (
  resume: Progress,
  checkAfterMs: number,
): PublishStep & { state: "processing" } => ({
  state: "processing",
  resume,
  checkAfterMs,
});

/** One more part is out. @param id its own, or where that is unknown the one above it: what the next reply hangs below. */
export async function advance(
  kit: Kit,
  access: Access,
  parts: Part[],
  { published }: Pick<Progress, "published">,
  id: string,
): Promise<PublishStep> {
  const progress = Progress.parse({ published: [...published, id] });
  return progress.published.length < parts.length
    ? processing(progress, REPLY_AFTER_MS)
    : finished(kit, access, progress);
}

export async function finished(
  kit: Kit,
  access: Access,
  { published }: Pick<Progress, "published">,
): Promise<PublishStep> {
  const [id] = published;
  if (id === undefined) throw new Error("A Threads post without any part cannot be finished.");
  // Published is published: a failed look-up costs only the link.
  return {
    state: "published",
    remoteId: id,
    url: await permalink(kit, access, id).catch(() => null),
    ...(published.length > 1 && { parts: published }),
  };
}

const Permalink = z.object({ permalink: z.url({ protocol: /^https?$/ }) });

async function permalink(kit: Kit, access: Access, id: string): Promise<string> {
  const post = await graph(kit, access, {
    method: "GET",
    path: encodeURIComponent(id),
    query: { fields: "permalink" },
    answer: Permalink,
  });
  return post.permalink;
}
