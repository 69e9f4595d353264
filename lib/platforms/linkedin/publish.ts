import { z } from "zod";
import { type MediaFile, PlatformError, type PublishRequest, type PublishStep } from "../contract";
import { call, type Kit } from "../kit";
import { stateOf, uploadFile } from "./assets";
import { bodyOf } from "./content";
import { explain, isDuplicate, isNotReady, originalOf } from "./errors";
import { type Linkedin, patiently, REST, versioned } from "./rest";

/**
 * From files to a post: send them one by one, wait until LinkedIn is done with them, then post in one write. LinkedIn has no
 * key to send that twice safely and shows nobody what a member posted; all it does is refuse an exact copy for about ten
 * minutes and name the post that is out. So where an earlier attempt at this very post lost its answer, that refusal is the answer.
 * @throws PlatformError ambiguous only from POST /rest/posts on
 */
export async function publishStep(linkedin: Linkedin, request: PublishRequest): Promise<PublishStep> {
  const { access, content, resume } = request;
  const progress = Progress.parse(resume ?? {});
  const { urns } = progress;
  // What cannot be posted is not sent file by file first.
  const json = bodyOf(content, access.remoteId, urns);
  const file = content.media[urns.length];
  if (file) {
    const urn = await uploadFile(linkedin, access, file);
    const isLast = urns.length + 1 === content.media.length;
    return processing({ ...progress, urns: [...urns, urn] }, isLast ? FIRST_LOOK_MS : 0);
  }
  if (progress.ready < urns.length) return waitForFiles(linkedin, request, progress);
  try {
    return await post(linkedin, request, json);
  } catch (error) {
    if (!isNotReady(error) || urns.length === 0) throw error;
    // Said of files we were not allowed to ask about, or too early.
    return later(content.media, { ...progress, ready: 0 });
  }
}

const Progress = z.object({
  /** What LinkedIn calls the files it has, in their order. */
  urns: z.array(z.string()).default([]),
  /** How many of them it is done with, from the first on. */
  ready: z.number().default(0),
  /** LinkedIn does not let this connection ask, so it was given time instead. */
  unasked: z.boolean().default(false),
  polls: z.number().default(0),
  /** Times all of them were sent in vain. */
  vain: z.number().default(0),
});
type Progress = z.infer<typeof Progress>;

const FIRST_LOOK_MS = 1_000;
/** Each look counts towards 150 calls per member and day, so they grow rarer: about 25 minutes in all. */
const LOOK_AFTER_MS = [
  2_000, 4_000, 8_000, 15_000, 30_000, 60_000, 60_000, 120_000, 120_000, 180_000, 300_000, 300_000, 300_000,
];
/** Looks at a file whose bytes LinkedIn says it lacks, before it is sent again. */
const LACKING_LOOKS = 4;
const MAX_VAIN = 1;
/** Where it may not be asked: a few seconds for a picture, more for a video. */
const UNASKED_MS = { image: 6_000, gif: 6_000, document: 15_000, video: 45_000 };

async function waitForFiles(
  linkedin: Linkedin,
  { access, content }: PublishRequest,
  progress: Progress,
): Promise<PublishStep> {
  const { urns, unasked } = progress;
  // Time was given already: whether it was enough, the post itself will tell.
  if (unasked) return processing({ ...progress, ready: urns.length }, 0);
  let { ready } = progress;
  for (const urn of urns.slice(ready)) {
    switch (await stateOf(linkedin, access, urn)) {
      case "ready":
        ready += 1;
        continue;
      case "working":
        return later(content.media, { ...progress, ready });
      case "lacking":
        if (progress.polls < LACKING_LOOKS) return later(content.media, { ...progress, ready });
        return again({ ...progress, urns: urns.slice(0, ready), ready }, content.media);
      case "unknown":
        return processing(
          { ...progress, ready, unasked: true },
          Math.max(...content.media.map(({ kind }) => UNASKED_MS[kind])),
        );
      case "failed":
        throw new PlatformError(
          "rejected",
          `LinkedIn could not process ${content.media[ready]?.filename ?? "a file"}. Use another file.`,
          { code: "MEDIA_ASSET_PROCESSING_FAILED" },
        );
    }
  }
  return processing({ ...progress, ready }, 0);
}

function later(media: MediaFile[], progress: Progress): PublishStep {
  const afterMs = LOOK_AFTER_MS[progress.polls];
  if (afterMs !== undefined) return processing({ ...progress, polls: progress.polls + 1 }, afterMs);
  return again({ ...progress, urns: [], ready: 0 }, media);
}

/** Sends again what LinkedIn does not have after all this time. @throws PlatformError when that was done before */
function again({ urns, ready, vain }: Progress, media: MediaFile[]): PublishStep {
  if (vain < MAX_VAIN) return processing(Progress.parse({ urns, ready, vain: vain + 1 }), 0);
  const what = media.length > 1 ? "the files" : "the file";
  throw new PlatformError("rejected", `LinkedIn did not get done with ${what}. Send it again later.`, {
    code: "still_processing",
  });
}

async function post(
  { kit, wait }: Linkedin,
  { access, earlier, sending }: PublishRequest,
  json: Record<string, unknown>,
): Promise<PublishStep> {
  try {
    return published(
      kit,
      await patiently(wait, async () => {
        await sending();
        return create(kit, access.accessToken, json);
      }),
    );
  } catch (error) {
    if (!isDuplicate(error) || !earlier) throw error;
    const original = originalOf(error);
    if (original === null) {
      // LinkedIn has said that it is out, only not where: not a failure to be shown as one.
      throw new PlatformError("unavailable", "LinkedIn has this post already, but did not say where.", {
        effect: "ambiguous",
        code: "duplicate",
        cause: error,
      });
    }
    // The copy is another post of ours with the same words: this one is not out.
    if (earlier.known.includes(original)) throw error;
    return published(kit, original);
  }
}

/** @returns the new post's URN; a success that does not name it leaves open what happened */
async function create(kit: Kit, accessToken: string, json: Record<string, unknown>): Promise<string> {
  // The id comes in a header and the body is empty: `explain` is where the whole answer is seen.
  let urn: string | null = null;
  return call(kit, {
    method: "POST",
    url: `${REST}/posts`,
    json,
    headers: versioned(kit),
    bearer: accessToken,
    answer: z
      .unknown()
      .transform(() => urn)
      .pipe(z.string().min(1)),
    effect: "write",
    explain(answer) {
      urn = answer.headers.get("x-restli-id");
      return explain(answer);
    },
  });
}

/** In sandbox mode the address is the simulator's own page for the post. LinkedIn wants the URN in it as it is. */
const published = (kit: Kit, urn: string): PublishStep => ({
  state: "published",
  remoteId: urn,
  url: kit.address(`https://www.linkedin.com/feed/update/${urn}/`).href,
});

const processing = (resume: Progress, checkAfterMs: number): PublishStep => ({
  state: "processing",
  resume,
  checkAfterMs,
});
