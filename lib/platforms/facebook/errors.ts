import { type Effect, type FailureKind, PlatformError } from "../contract";
import type { Answer } from "../kit";
import { codeOf, graphErrorOf } from "../meta";

/** What Pages, their photos and their videos are refused for, by remedy; what all of the Graph shares is in meta. */

/** Facebook says that this post is out already. */
export const isDuplicate = (error: unknown): boolean =>
  error instanceof PlatformError && error.code === DUPLICATE;

/**
 * The table for calls on behalf of a Page; null for what it does not know.
 * @param lost what a failure on Facebook's side leaves open
 */
export const explainPage =
  (lost: Effect) =>
  (answer: Answer): PlatformError | null => {
    const error = graphErrorOf(answer);
    if (!error) return null;
    const { code: number, error_subcode: subcode } = error;
    // The same number comes as a code in one place and as a subcode in another.
    const is = (set: Set<number>) => set.has(number) || (subcode !== undefined && set.has(subcode));
    if (is(DUPLICATES)) {
      return new PlatformError(
        "rejected",
        "Facebook refuses to post the same thing twice in a row. It is on the Page already: change the text to post again.",
        { code: DUPLICATE },
      );
    }
    const code = codeOf(number, subcode);
    if (is(PASSING)) {
      return new PlatformError("unavailable", "Facebook has a problem at the moment.", {
        code,
        effect: lost,
      });
    }
    const known = BY_CODE.get(subcode ?? 0) ?? BY_CODE.get(number);
    if (!known) return null;
    const { kind, message, retryAfterMs } = known;
    return new PlatformError(kind, message, { code, ...(retryAfterMs !== undefined && { retryAfterMs }) });
  };

/** Why Facebook gave up on a video, from what its status says. */
export function failedVideo(reason: {
  code?: number | undefined;
  message?: string | undefined;
}): PlatformError {
  const known = BY_CODE.get(reason.code ?? 0);
  return new PlatformError(
    "rejected",
    known?.message ??
      (reason.message
        ? `Facebook could not process this video: ${reason.message}`
        : "Facebook could not process this video. Try another file."),
    { code: String(reason.code ?? "video") },
  );
}

const DUPLICATE = "duplicate";
const DUPLICATES = new Set([506, 1366051]);
const PASSING = new Set([1363047, 1609010]);
const TOO_FAST_MS = 15 * 60_000;

const BY_CODE = new Map<number, { kind: FailureKind; message: string; retryAfterMs?: number }>([
  [382, rejected("This video is too small for Facebook.")],
  [389, passing("Facebook could not fetch this video.")],
  [1705, rejected("Facebook does not let this Page comment here.")],
  [6000, rejected("Facebook could not read this video. Try another file.")],
  [6001, passing("Sending this video to Facebook did not work.")],
  [1346003, rejected("Facebook takes this for abusive. Change what it says.")],
  [1349125, rejected("Facebook does not take a file of this format.")],
  [1363040, rejected("This video is not 9:16, which Facebook wants of a reel. Crop it.")],
  [1363127, rejected("This video is too small for a reel: Facebook wants at least 540 × 960.")],
  [1363128, rejected("This video is too short or too long: a reel runs 3 to 90 seconds.")],
  [1363129, rejected("A reel needs 24 to 60 frames per second; this video has fewer or more.")],
  [1366046, rejected("This picture is too large for Facebook, or in a format it does not take.")],
  [
    1390008,
    {
      kind: "slow_down",
      message: "Facebook says that this Page posts too fast.",
      retryAfterMs: TOO_FAST_MS,
    },
  ],
  [1404006, rejected("Facebook wants a security check first. Log in on facebook.com, then publish again.")],
  [1404078, rejected("Facebook wants this Page authorized for publishing first. Look for its notice there.")],
  [1404102, rejected("Facebook says that this is against its community standards.")],
  [1404112, rejected("Facebook has limited this account for now. Look there for the reason.")],
  [1609005, rejected("Facebook could not read the page behind the link. Check the link, or leave it out.")],
  [1609008, rejected("Facebook does not take links to facebook.com here. Leave the link out.")],
  [2061006, rejected("Facebook does not take this link. Check it for mistakes.")],
  [2069019, rejected("Facebook could not read this file. Try another one.")],
  [2069030, rejected("Facebook does not offer this for the new kind of Pages.")],
  [2069031, rejected("Facebook does not offer this for the new kind of Pages.")],
  [2069033, rejected("Facebook does not offer this for the new kind of Pages.")],
  [4854002, rejected("Facebook wants the owner's identity confirmed first. Log in on facebook.com.")],
]);

function rejected(message: string): { kind: FailureKind; message: string } {
  return { kind: "rejected", message };
}

function passing(message: string): { kind: FailureKind; message: string } {
  return { kind: "unavailable", message };
}
