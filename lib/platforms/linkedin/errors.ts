import { z } from "zod";
import { type FailureKind, PlatformError } from "../contract";
import { type Answer, retryAfter } from "../kit";

/**
 * What LinkedIn's refusals mean, by remedy. They come as `{ status, code, serviceErrorCode, message }`, where either code may
 * be missing and some stand only inside the message.
 */
export function explain(answer: Answer): PlatformError | null {
  if (answer.status < 400) return null;
  const problem = problemOf(answer.body);
  switch (answer.status) {
    case 401:
      return tokenRefused(problem);
    case 403:
      return new PlatformError(
        "rejected",
        "LinkedIn did not permit this. For a Page, check that you are still one of its admins; otherwise this app lacks the permission.",
        { code: problem.code ?? "403" },
      );
    case 404:
      return new PlatformError("rejected", "LinkedIn does not have this post or account.", {
        code: "not_found",
      });
    case 413:
    case 415:
      return new PlatformError("rejected", "LinkedIn does not take a file of this size or kind.", {
        code: String(answer.status),
      });
    case 426:
      return new PlatformError(
        "unavailable",
        "LinkedIn has retired the version of its API that this app speaks. The operator must set LINKEDIN_VERSION to a newer one.",
        { code: "NONEXISTENT_VERSION", operator: true },
      );
    case 429:
      return new PlatformError(
        "slow_down",
        "LinkedIn's limit for today is used up. It starts anew at midnight UTC.",
        { code: "429", retryAfterMs: retryAfter(answer.headers).retryAfterMs ?? untilNextUtcDay() },
      );
    // A duplicate was a 409 until October 2020.
    case 400:
    case 409:
    case 422:
      return refused(answer.status, problem);
  }
  return null;
}

/** The table for sending bytes. A signed address that is no longer taken is asked for anew; a file too large or of a wrong kind stays so. */
export function explainUpload(answer: Answer): PlatformError | null {
  const { status } = answer;
  if (status === 401 || status === 413 || status === 415 || status === 429) return explain(answer);
  if (status < 400 || status >= 500 || status === 408) return null;
  const { code } = problemOf(answer.body);
  return new PlatformError(
    "unavailable",
    code === EXPIRED_ADDRESS
      ? "Sending the file to LinkedIn took too long."
      : "LinkedIn did not take the file.",
    { code: code ?? `upload_${status}` },
  );
}

/** The table for the token endpoint: a refused code or refresh token, or an app that is not set up right. */
export function explainToken(answer: Answer): PlatformError | null {
  const { status } = answer;
  if (status < 400 || status >= 500 || status === 408 || status === 429) return null;
  const refusal = OAuthRefusal.safeParse(answer.body);
  if (!refusal.success) {
    return new PlatformError("unavailable", "LinkedIn answered something we could not read.", {
      code: String(status),
    });
  }
  const code = refusal.data.error;
  if (OUR_FAULT.has(code)) {
    return new PlatformError(
      "unavailable",
      "LinkedIn does not accept this app. The operator must check its client id, secret and products.",
      { code, operator: true },
    );
  }
  if (THEIR_TROUBLE.has(code)) {
    return new PlatformError("unavailable", "LinkedIn has a problem at the moment.", { code });
  }
  return new PlatformError(
    "reconnect",
    "LinkedIn did not accept this log-in. Connect the account again; if that keeps failing, the operator must check the app's redirect address.",
    { code },
  );
}

/** LinkedIn says that the token was revoked; it also says so of tokens it gave out seconds ago. */
export const isTooNew = (error: unknown): boolean => codeIs(error, REVOKED);

export const isNotFound = (error: unknown): boolean => codeIs(error, "not_found");

/** LinkedIn says that a post with this very content went out within the last ten minutes or so. */
export const isDuplicate = (error: unknown): error is PlatformError => codeIs(error, DUPLICATE);

/** LinkedIn is not yet done with a file of this post. */
export const isNotReady = (error: unknown): boolean => codeIs(error, NOT_READY);

/** The post a duplicate is a duplicate of; null where LinkedIn did not name it. */
export function originalOf({ cause }: PlatformError): string | null {
  const parsed = Original.safeParse(cause);
  return parsed.success ? parsed.data.original : null;
}

const INVALID = "65600";
const REVOKED = "65601";
const EXPIRED = "65602";
const DUPLICATE = "duplicate";
const NOT_READY = "MEDIA_ASSET_WAITING_UPLOAD";
const EXPIRED_ADDRESS = "EXPIRED_UPLOAD_URL";

/** The same in words, where LinkedIn leaves out the number. */
const TOKEN_CODES = new Map([
  ["INVALID_ACCESS_TOKEN", INVALID],
  ["REVOKED_ACCESS_TOKEN", REVOKED],
  ["EXPIRED_ACCESS_TOKEN", EXPIRED],
]);

const OUR_FAULT = new Set([
  "invalid_client",
  "invalid_client_id",
  "unauthorized_client",
  "unsupported_grant_type",
  "invalid_scope",
  "unauthorized_scope_error",
]);
const THEIR_TROUBLE = new Set(["server_error", "temporarily_unavailable"]);

const Body = z.object({
  code: z.union([z.string(), z.number().transform(String)]).optional(),
  serviceErrorCode: z.union([z.string(), z.number().transform(String)]).optional(),
  message: z.string().optional(),
});

const OAuthRefusal = z.object({ error: z.string().min(1) });

const Original = z.object({ original: z.string() });

type Problem = { code: string | null; service: string | null; words: string };

function problemOf(body: unknown): Problem {
  const parsed = Body.safeParse(body);
  if (!parsed.success) return { code: null, service: null, words: "" };
  const { code, serviceErrorCode, message = "" } = parsed.data;
  return {
    code: code ?? CODE_IN_WORDS.exec(message)?.[0] ?? null,
    service: serviceErrorCode ?? null,
    words: message,
  };
}

function tokenRefused({ code, service }: Problem): PlatformError {
  const number = TOKEN_CODES.get(code ?? "") ?? service ?? code ?? "401";
  const message =
    number === EXPIRED
      ? "LinkedIn lets a connection live for 60 days, and this one has ended. Connect the account again."
      : number === REVOKED
        ? "This connection was ended at LinkedIn. Connect the account again."
        : "LinkedIn no longer accepts this connection. Connect the account again.";
  return new PlatformError("reconnect", message, { code: number, tokenRefused: true });
}

function refused(status: number, { code, words }: Problem): PlatformError {
  // The only refusal told by its words: they alone name the post that is out already. Lines about a field ("ERROR :: …") may
  // repeat what a person wrote, and are not asked.
  const says = words.includes("ERROR ::") ? null : /\bduplicate of (urn:li:\w+:[\w-]+)/i.exec(words);
  if (status !== 400 && (code === "DUPLICATE_POST" || says)) {
    const original = says?.[1];
    return new PlatformError(
      "rejected",
      "LinkedIn refuses to post the same thing twice within ten minutes. It is on the account already: change the text to post again.",
      { code: DUPLICATE, ...(original !== undefined && { cause: { original } }) },
    );
  }
  const known = BY_CODE.get(code ?? "");
  if (known) {
    const { kind, message, retryAfterMs } = known;
    return new PlatformError(kind, message, {
      code: code ?? String(status),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    });
  }
  const field = /ERROR :: (\/[\w/]+)/.exec(words)?.[1] ?? "";
  return new PlatformError("rejected", `LinkedIn refused ${partOf(field)}.`, {
    code: code ?? String(status),
  });
}

/** What LinkedIn's codes for a refused request come to, as far as they say more than that. */
const BY_CODE = new Map<string, { kind: FailureKind; message: string; retryAfterMs?: number }>([
  [
    "FIELD_LENGTH_TOO_LONG",
    {
      kind: "rejected",
      message: "This is too long for LinkedIn. Shorten the text or the title of the link.",
    },
  ],
  [
    NOT_READY,
    { kind: "unavailable", message: "LinkedIn does not have the picture or video yet.", retryAfterMs: 5_000 },
  ],
  [
    "MEDIA_ASSET_PROCESSING_FAILED",
    { kind: "rejected", message: "LinkedIn could not process the picture or video. Try another file." },
  ],
  [EXPIRED_ADDRESS, { kind: "unavailable", message: "Sending the file to LinkedIn took too long." }],
]);

/** Codes that LinkedIn sometimes gives only within its words. */
const CODE_IN_WORDS =
  /\b(?:ACCESS_DENIED|NONEXISTENT_VERSION|(?:INVALID|REVOKED|EXPIRED)_ACCESS_TOKEN|DUPLICATE_POST|FIELD_LENGTH_TOO_LONG|INVALID_VALUE_FOR_FIELD|INVALID_URN_(?:ID|TYPE)|MISSING_FIELD|ILLEGAL_ARGUMENT|MEDIA_ASSET_WAITING_UPLOAD|MEDIA_ASSET_PROCESSING_FAILED|EXPIRED_UPLOAD_URL)\b/;

function partOf(field: string): string {
  if (field.startsWith("/commentary")) return "the text of this post";
  if (field.startsWith("/content/article")) return "the link of this post";
  if (field.startsWith("/content/poll")) return "the poll of this post";
  if (field.startsWith("/content/m")) return "the files of this post";
  if (field.startsWith("/visibility")) return "this choice of who can see the post";
  return "this post";
}

/** LinkedIn counts per UTC day and says nothing of what is left. */
function untilNextUtcDay(now = new Date()): number {
  const midnight = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() + 1);
  // A minute more: our clocks differ.
  return midnight - now.getTime() + 60_000;
}

const codeIs = (error: unknown, code: string): boolean =>
  error instanceof PlatformError && error.code === code;
