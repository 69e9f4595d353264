import { z } from "zod";
import { type Effect, type FailureKind, PlatformError } from "../contract";
import type { Answer } from "../kit";
import { codeOf, explainGraph, graphErrorOf, isMissing as isObjectMissing } from "../meta";

/**
 * What Instagram's refusals mean, by remedy: the codes of publishing, and for the rest what all of Meta's Graph shares.
 * Each table is an `explain` for `call`: null where the answer holds no error that Instagram spelled out.
 */

/** A container or media object that is not there, or only not visible yet. */
export const isMissing = (error: unknown): error is PlatformError =>
  hasCode(error, "24/2207008") || isObjectMissing(error);

/** Published too early: the container is still being prepared. */
export const isNotReady = (error: unknown): error is PlatformError => hasCode(error, "9007/2207027");

/** The container outlived its media: only a new one helps. */
export const isExpired = (error: unknown): error is PlatformError => hasCode(error, "-2/2207020");

/**
 * The codes of publishing; asked before the table that all of the Graph shares.
 * @param lost what a failure at Instagram leaves open: "ambiguous" for what the world can see.
 */
export const explainPublishing =
  (lost: Effect) =>
  (answer: Answer): PlatformError | null => {
    const error = graphErrorOf(answer);
    if (!error) return null;
    const code = codeOf(error.code, error.error_subcode);
    const subcode = error.error_subcode ?? 0;
    // The subcode decides: spam is a 4 that is no rate limit, a bad cover a 1 that is no outage.
    const known = BY_SUBCODE[subcode];
    if (known) {
      return new PlatformError(known.kind, known.message, {
        code,
        effect: known.kind === "unavailable" && !DEFINITE.has(subcode) ? lost : "definite",
        ...(known.retryAfterMs !== undefined && { retryAfterMs: known.retryAfterMs }),
      });
    }
    // Below zero stand failures inside Instagram.
    return error.code < 0 ? new PlatformError(HICCUP.kind, HICCUP.message, { code, effect: lost }) : null;
  };

/**
 * The table for calls with an account's own token.
 * @param secret the token we sent; words that repeat it are never shown.
 * @param first the table of what the call is about
 */
export const explain =
  (lost: Effect, secret: string, first: typeof explainPublishing = explainPublishing) =>
  (answer: Answer): PlatformError | null => {
    const own = first(lost)(answer);
    if (own) return own;
    const known = explainGraph(secret, lost, "Instagram")(answer);
    if (!known?.tokenRefused) return known;
    // Here nobody logged in with Facebook, so nothing is to be done there.
    const subcode = graphErrorOf(answer)?.error_subcode ?? 0;
    return new PlatformError("reconnect", RECONNECT_BY_SUBCODE[subcode] ?? RECONNECT, {
      tokenRefused: true,
      ...(known.code !== null && { code: known.code }),
    });
  };

/** The table for trading a code and a short token. Anything undocumented points at our own configuration. */
export const explainExchange = (secret: string) => (answer: Answer) => {
  const known = explain("definite", secret)(answer);
  if (known && known.kind !== "rejected") return known;
  if (answer.status < 400 || answer.status >= 500 || answer.status === 429 || answer.status === 408)
    return known;
  if (LoginRefusal.safeParse(answer.body).success) {
    return new PlatformError(
      "reconnect",
      "Instagram did not take this log-in. Start it again. If that keeps happening, the operator must look at the Instagram app id, its secret and the redirect address.",
      { code: String(answer.status) },
    );
  }
  return new PlatformError(
    "unavailable",
    "Instagram does not know this app. The operator must look at the Instagram app id, its secret and the redirect address.",
    { code: known?.code ?? String(answer.status), operator: true },
  );
};

/**
 * The table for renewing a token. Instagram refuses one that ended, lost its permission, or is too young; the caller knows
 * its age. An answer that is not Instagram's own says nothing about the token.
 */
export const explainRefresh = (secret: string) => (answer: Answer) => {
  const known = explain("definite", secret)(answer);
  // A bad token is called a bad parameter, too.
  if (known?.code?.split("/")[0] === "100" && known.kind === "rejected") {
    return new PlatformError("reconnect", RECONNECT, { code: known.code });
  }
  if (known?.kind === "rejected") {
    return new PlatformError("unavailable", "Instagram did not renew this connection. We will try again.", {
      ...(known.code !== null && { code: known.code }),
    });
  }
  if (known) return known;
  if (answer.status < 400 || answer.status >= 500 || answer.status === 429 || answer.status === 408)
    return null;
  return new PlatformError("unavailable", "Instagram answered something we could not read.", {
    code: String(answer.status),
  });
};

/** Why a container failed, from its human sentence, which holds the number; and whether a new one may fare better. */
export function containerFailure(status: string | undefined): { error: PlatformError; again: boolean } {
  const subcode = Number(/\b22\d{5}\b/.exec(status ?? "")?.[0]);
  const known = BY_SUBCODE[subcode];
  return known
    ? {
        error: new PlatformError(known.kind, known.message, { code: String(subcode) }),
        again: known.kind === "unavailable",
      }
    : {
        error: new PlatformError("unavailable", "Instagram could not prepare this post. Try again later.", {
          code: "container",
        }),
        again: true,
      };
}

const RECONNECT = "Instagram no longer accepts this connection. Connect the account again.";
/** The window moves, so a place may be free soon; Instagram does not say when. */
const QUOTA_RETRY_MS = 60 * 60_000;

const unavailable = (message: string) => ({ kind: "unavailable" as const, message });
const rejected = (message: string) => ({ kind: "rejected" as const, message });
const NOT_FETCHED = unavailable("Instagram could not fetch a file of this post from us. Try again later.");
const HICCUP = unavailable("Instagram has a problem at the moment.");
const TAGS = rejected("Instagram could not find one of the people or products named in this post.");

/** Subcodes of publishing. They come in a refusal, or in the status of a container. */
const BY_SUBCODE: Record<number, { kind: FailureKind; message: string; retryAfterMs?: number }> = {
  2207001: HICCUP,
  2207032: HICCUP,
  2207053: HICCUP,
  2207082: HICCUP,
  2207003: NOT_FETCHED,
  2207052: NOT_FETCHED,
  2207077: NOT_FETCHED,
  2207008: unavailable("Instagram cannot find the post it was preparing."),
  2207020: unavailable("Instagram has dropped the files of this post. Try again."),
  2207027: unavailable("Instagram is still preparing this post."),
  2207042: {
    kind: "slow_down",
    message: "This Instagram account has used up its posts for today. It goes out once a place is free.",
    retryAfterMs: QUOTA_RETRY_MS,
  },
  2207004: rejected("Instagram takes pictures of up to 8 MB. Make this one smaller."),
  2207005: rejected("Instagram does not take this picture's format. Use a JPEG."),
  2207006: rejected("Instagram does not show this post or file to this account."),
  2207009: rejected("Instagram does not take this picture's shape. Crop it between 4:5 and 1.91:1."),
  2207010: rejected("The caption is too long for Instagram: 2,200 characters, 30 hashtags and 20 mentions."),
  2207023: rejected("Instagram does not take this kind of post."),
  2207026: rejected("Instagram does not take this video's format. Use an MP4 with H.264 and AAC."),
  2207028: rejected("Instagram takes 2 to 10 files in one carousel."),
  2207035: TAGS,
  2207036: TAGS,
  2207037: TAGS,
  2207040: TAGS,
  2207050: rejected("Instagram has restricted this account. Open the Instagram app and do what it asks."),
  2207051: rejected(
    "Instagram took this for spam and holds this account back for now. Wait before posting again.",
  ),
  2207057: rejected("The moment chosen for the cover is not in the video. Choose another."),
  2207073: rejected("Instagram did not delete this post. Delete it in the Instagram app."),
  2207085: rejected("Instagram did not delete this post. Delete it in the Instagram app."),
  2207081: rejected("This Instagram account cannot post trial reels."),
};

/** Refused for sure and nothing else happened, though trying again may help. */
const DEFINITE = new Set([2207008, 2207020, 2207027]);

/** What a person must do first, where the subcode of 190 tells. */
const RECONNECT_BY_SUBCODE: Record<number, string> = {
  458: "This app was removed in the Instagram settings. Connect the account again.",
  459: "Instagram wants to see the owner of this account first. Log in on instagram.com, then connect it again.",
  460: "The password of this account has changed. Connect the account again.",
  464: "This account is not confirmed. Confirm it on instagram.com, then connect it again.",
};

const hasCode = (error: unknown, code: string): error is PlatformError =>
  error instanceof PlatformError && error.code === code;

/** The shape in which the code exchange refuses. */
const LoginRefusal = z.object({ error_type: z.string(), error_message: z.string() });
