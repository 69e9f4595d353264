import { z } from "zod";
import { type Effect, type FailureKind, PlatformError } from "../contract";
import { type Answer, explainStatus, retryAfter } from "../kit";

/**
 * What TikTok's refusals mean, by remedy. They come as `{ error: { code } }` and may hide inside a 200; only "ok" means yes.
 * Codes decide, and TikTok's own words are never shown: they may repeat an address we signed.
 */

/**
 * The table for calls on behalf of an account.
 * @param lost what a failure on TikTok's side leaves open
 */
export const explain =
  (lost: Effect) =>
  (answer: Answer): PlatformError | null => {
    const { status, headers } = answer;
    const parsed = Refusal.safeParse(answer.body);
    const code = parsed.success ? parsed.data.error.code : "ok";
    if (code === "ok") return null;
    if (TOKEN_CODES.has(code)) return tokenRefused(code);
    if (code === "rate_limit_exceeded") return slowDown(code, headers);
    if (code === "internal_error") {
      return new PlatformError("unavailable", "TikTok has a problem at the moment.", {
        code,
        effect: lost,
        ...retryAfter(headers),
      });
    }
    const known = REFUSALS.get(code);
    if (known) {
      const { kind, message, ...details } = known;
      return new PlatformError(kind, message, { code, ...details });
    }
    // A code nobody has written down: the status says what helps.
    if (status === 401) return tokenRefused(code);
    if (status === 429) return slowDown(code, headers);
    if (status >= 500 || status === 408) return null;
    return new PlatformError("rejected", "TikTok refused this.", { code });
  };

/**
 * The table for trading a code, and for renewing or handing back a token. TikTok says no with a 400 or inside a 200.
 * @param about a request that makes no sense to TikTok is a spent code or a wrong address; of a token it says nothing
 */
export const explainToken =
  (about: "code" | "token") =>
  (answer: Answer): PlatformError | null => {
    const { status, headers } = answer;
    const parsed = TokenRefusal.safeParse(answer.body);
    const code = parsed.success ? parsed.data.error : "ok";
    if (code === "ok") {
      if (status < 400 || status >= 500 || status === 408 || status === 429) return null;
      return new PlatformError("unavailable", "TikTok answered something we could not read.", {
        code: String(status),
      });
    }
    if (APP_REFUSALS.has(code)) {
      return new PlatformError(
        "unavailable",
        "TikTok does not accept this app. The operator must check its client key, secret and permissions.",
        { code, operator: true },
      );
    }
    if (GRANT_REFUSALS.has(code) || (about === "code" && code === "invalid_request")) {
      return new PlatformError(
        "reconnect",
        about === "code"
          ? "TikTok did not accept this log-in. Start again; if it keeps failing, the operator must check the app's redirect address."
          : "TikTok no longer accepts this connection. Connect the account again.",
        { code },
      );
    }
    if (code === "rate_limit_exceeded") return slowDown(code, headers);
    if (status === 429 || status === 408 || status >= 500) return explainStatus(answer, "ambiguous");
    return new PlatformError("unavailable", "TikTok has a problem at the moment.", { code });
  };

/** The table for the pieces of a file. Their address is no account's, so a 401 there is not about the token. */
export function explainUpload({ status }: Answer): PlatformError | null {
  if (status < 400 || status >= 500 || status === 408 || status === 429) return null;
  return new PlatformError("rejected", "TikTok did not take the file.", { code: UPLOAD_REFUSED });
}

export const isUploadRefused = (error: unknown): boolean =>
  error instanceof PlatformError && error.code === UPLOAD_REFUSED;

/** A field was asked for whose permission was not given. */
export const isScopeMissing = (error: unknown): boolean =>
  error instanceof PlatformError && SCOPE_CODES.has(error.code ?? "");

/** TikTok wants nothing offered to this account for now. */
export const isBlocked = (error: unknown): error is PlatformError =>
  error instanceof PlatformError && BLOCKING.has(error.code ?? "");

/** What became of a post that FAILED: nothing of it is out, and no waiting would mend it. */
export function failureOf(reason: string): PlatformError {
  const code = reason || "failed";
  if (reason === "auth_removed") {
    return new PlatformError(
      "reconnect",
      "This app was removed in the TikTok settings before the post was out. Connect the account again.",
      { code },
    );
  }
  const message = FAILURES.get(reason) ?? REFUSALS.get(reason)?.message;
  return new PlatformError("rejected", message ?? "TikTok could not publish this.", { code });
}

/** Failures that are not about the post: the same may go through the next time. */
export const mayPassNextTime = (reason: string): boolean =>
  reason === "internal" || reason === "video_pull_failed" || reason === "photo_pull_failed";

const Refusal = z.object({ error: z.object({ code: z.string().min(1) }) });

/** Documented as a bare word; its neighbours wrap theirs. */
const TokenRefusal = z.object({
  error: z.union([z.string().min(1), z.object({ code: z.string().min(1) }).transform(({ code }) => code)]),
});

const UPLOAD_REFUSED = "upload_refused";
const BLOCKING = new Set([
  "spam_risk",
  "spam_risk_too_many_posts",
  "spam_risk_user_banned_from_posting",
  "reached_active_user_cap",
  "unaudited_client_can_only_post_to_private_accounts",
]);
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

const TOKEN_CODES = new Set(["access_token_invalid", "access_token_expired"]);
const SCOPE_CODES = new Set(["scope_not_authorized", "scope_permission_missed"]);
const APP_REFUSALS = new Set([
  "invalid_client",
  "unauthorized_client",
  "unsupported_grant_type",
  "invalid_scope",
]);
const GRANT_REFUSALS = new Set(["invalid_grant", "access_denied", ...TOKEN_CODES]);

const tokenRefused = (code: string) =>
  new PlatformError("reconnect", "TikTok no longer accepts this connection. Connect the account again.", {
    code,
    tokenRefused: true,
  });

/** The windows are one minute wide, and no header tells when one ends. */
const slowDown = (code: string, headers: Answer["headers"]) =>
  new PlatformError("slow_down", "TikTok asked us to slow down.", {
    code,
    retryAfterMs: Math.max(MINUTE_MS, retryAfter(headers).retryAfterMs ?? 0),
  });

type Known = { kind: FailureKind; message: string; retryAfterMs?: number; operator?: boolean };

const NO_PERMISSION: Known = {
  kind: "reconnect",
  message:
    "TikTok was not given the permission for this. Connect the account again and leave every permission on.",
};
const UNCLEAR: Known = { kind: "rejected", message: "TikTok could not make sense of this post." };
const UNKNOWN_POST: Known = { kind: "rejected", message: "TikTok does not know this post." };

const REFUSALS = new Map<string, Known>([
  ["scope_not_authorized", NO_PERMISSION],
  ["scope_permission_missed", NO_PERMISSION],
  [
    "spam_risk_too_many_posts",
    {
      kind: "slow_down",
      message: "This account has posted as often as TikTok allows within a day. It may post again tomorrow.",
      retryAfterMs: DAY_MS,
    },
  ],
  [
    "spam_risk_too_many_pending_share",
    {
      kind: "slow_down",
      message:
        "Five drafts wait in this account's TikTok inbox, and TikTok takes no more within a day. Finish or discard them in the app.",
      retryAfterMs: DAY_MS,
    },
  ],
  [
    "spam_risk_user_banned_from_posting",
    {
      kind: "rejected",
      message: "TikTok does not let this account post. Look in the TikTok app for the reason.",
    },
  ],
  [
    "spam_risk_text",
    { kind: "rejected", message: "TikTok takes the text of this post for spam. Change it to post again." },
  ],
  [
    "spam_risk",
    { kind: "rejected", message: "TikTok takes this post for spam. Look in the TikTok app for the reason." },
  ],
  [
    "reached_active_user_cap",
    {
      kind: "slow_down",
      message:
        "As many people as TikTok allows have posted with this app within a day. Try again tomorrow; the operator may ask TikTok for more.",
      retryAfterMs: DAY_MS,
      operator: true,
    },
  ],
  [
    "unaudited_client_can_only_post_to_private_accounts",
    {
      kind: "rejected",
      message:
        "TikTok has not approved this app yet: until it has, only accounts that are private may post with it, and only for themselves. Make the account private in TikTok, or ask the operator.",
    },
  ],
  [
    // Not the operator's pause: videos that are sent as files go on.
    "url_ownership_unverified",
    {
      kind: "rejected",
      message:
        "TikTok fetches files only from addresses it has verified. The operator must verify this site's in the TikTok developer portal; then send this again.",
    },
  ],
  [
    "privacy_level_option_mismatch",
    {
      kind: "rejected",
      message: "TikTok does not offer this account that choice of who can see the post. Choose again.",
    },
  ],
  ["invalid_param", UNCLEAR],
  ["invalid_params", UNCLEAR],
  ["invalid_publish_id", UNKNOWN_POST],
  ["token_not_authorized_for_specified_publish_id", UNKNOWN_POST],
]);

/** What `fail_reason` says beyond the codes above. */
const FAILURES = new Map([
  ["file_format_check_failed", "TikTok cannot read this file. Export it again as MP4 (H.264), or as JPEG."],
  ["duration_check_failed", "TikTok does not let this account post a video of this length. Shorten it."],
  ["frame_rate_check_failed", "TikTok takes videos with 23 to 60 frames per second. Export it again."],
  ["picture_size_check_failed", "TikTok does not take pictures of this size. Make them smaller."],
  ["internal", "TikTok failed to publish this several times. Send it again later."],
  [
    "video_pull_failed",
    "TikTok could not fetch the video from here, several times. Send it again later; the operator should check that TikTok reaches this site.",
  ],
  [
    "photo_pull_failed",
    "TikTok could not fetch the pictures from here, several times. Send it again later; the operator should check that TikTok reaches this site.",
  ],
  ["publish_cancelled", "This post was cancelled at TikTok."],
]);
