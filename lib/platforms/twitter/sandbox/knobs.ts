/** What an operator or a tester may set on the simulated X. */
import { type Call, knob } from "@/lib/sandbox/kit";

export const knobs = {
  /** "problem" or "legacy": the body of refusals that X words in both ways */
  errorShape: "problem",
  /** what every API call runs into: "none", "unauthorized", "credits", "enrolment", "authentication", "usage_cap" */
  trouble: "none",
  /** how /2/users/me treats `subscription_type`: "given", "omitted", or "refused" */
  subscriptionField: "given",
  /** how far back a text counts as a duplicate; X does not say */
  duplicateWindowMs: 86_400_000,
  /** how long a new post is missing from the author's list */
  listLagMs: 0,
  createLimit: 100,
  deleteLimit: 50,
  meLimit: 75,
  readLimit: 900,
  appCreateLimit: 10_000,
  /** of one account, through any app */
  dailyPostLimit: 2_400,
  uploadLimit: 500,
  statusLimit: 1_000,
  /** of initialize, append and finalize, each */
  chunkLimit: 1_875,
  metadataLimit: 500,
  appUploadLimit: 50_000,
  appStatusLimit: 100_000,
  appChunkLimit: 180_000,
  appMetadataLimit: 50_000,
  /** how long a GIF or a video is looked at after finalize; 0: ready at once, and nothing is said of processing */
  processingMs: 300,
  /** the message that looking at a GIF or a video ends with, whatever is in it; "" for what is really found */
  processingError: "",
  /** an append above it is a 413 without a body; some saw that below 5 MB already */
  maxChunkBytes: 8_388_608,
  maxImageBytes: 5_242_880,
  maxGifBytes: 15_728_640,
  /** of those who do not pay; the others have 16 GB */
  maxVideoBytes: 536_870_912,
  /** the longer and the shorter side of a video, whichever way it is turned */
  maxVideoLongSide: 1_280,
  maxVideoShortSide: 1_024,
  /** the longest video that those who do not pay may upload, and (shorter) may post */
  maxUploadedVideoMs: 1_200_000,
  maxPostedVideoMs: 140_000,
  /** whether a video may have alt text: not confirmed, so not by default */
  videoAltText: false,
  /** whether the text of a post with media ends with a t.co link to them when it is read */
  mediaLinkInText: false,
};

export type Knob = keyof typeof knobs;

/** The knob as set now. */
export function setting<K extends Knob>(call: Call, name: K): (typeof knobs)[K] {
  const fallback: string | number | boolean = knobs[name];
  // safe: `knob` answers with the fallback's type
  return knob(call, name, fallback) as (typeof knobs)[K];
}
