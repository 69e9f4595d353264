import { z } from "zod";
import { PlatformError } from "../contract";
import { type Answer, retryAfter } from "../kit";

/**
 * What X's refusals mean, by remedy. X has two shapes, `{ title, detail, type, status }` and `{ errors: [{ code, message }] }`,
 * and of `type` only the last path segment holds still: its host has changed before.
 */
export function explain(answer: Answer): PlatformError | null {
  if (answer.status < 400) return null;
  const problem = problemOf(answer.body);
  switch (answer.status) {
    case 401:
      return new PlatformError(
        "reconnect",
        "X no longer accepts this connection. Connect the account again.",
        {
          code: "401",
          tokenRefused: true,
        },
      );
    case 402:
      return new PlatformError(
        "unavailable",
        "X has stopped this app: its credits are used up. The operator must top them up.",
        {
          code: "credits_depleted",
          operator: true,
          retryAfterMs: CREDITS_WAIT_MS,
        },
      );
    case 429:
      return slowDown(answer, problem);
    case 403:
    case 400:
    case 404:
    case 413:
      return problem.codes.includes(RATE_LIMIT) ? slowDown(answer, problem) : refused(answer.status, problem);
  }
  return null;
}

/** X says that a post with this very text is out already. */
export const isDuplicate = (error: unknown): error is PlatformError =>
  error instanceof PlatformError && error.code === "duplicate";

/**
 * The table for calls about uploads, which are seen by nobody. A refusal X does not explain means that the permission is
 * missing, and a 404 that X has lost the upload, or its way.
 */
export function explainMedia(answer: Answer): PlatformError | null {
  if (answer.status === 404)
    return new PlatformError("unavailable", "X cannot find a file of this post.", { code: GONE });
  if (answer.status === 413)
    return new PlatformError("rejected", "X found a file of this post too large. Make it smaller.", {
      code: TOO_LARGE,
    });
  const error = explain(answer);
  return error?.code === "403" ? missingMediaScope() : error;
}

/** A connection made before uploads were asked for never gains the permission. */
export const missingMediaScope = (cause?: unknown) =>
  new PlatformError(
    "reconnect",
    "X was not given the permission to upload pictures and video. Connect the account again and allow it.",
    { code: "media_scope", cause },
  );

/** X does not know this upload, at least not now. */
export const isGone = (error: unknown): boolean => error instanceof PlatformError && error.code === GONE;

/** X takes smaller segments than this one. */
export const isTooLarge = (error: unknown): boolean =>
  error instanceof PlatformError && error.code === TOO_LARGE;

/** X could make nothing of the request: with our words being right, the upload it speaks of is what is wrong. */
export const isStale = (error: unknown): boolean =>
  error instanceof PlatformError && (error.code === "invalid-request" || error.code === "400");

const GONE = "media_gone";
const TOO_LARGE = "media_too_large";

const CREDITS_WAIT_MS = 60 * 60_000;
const CAP_WAIT_MS = 24 * 60 * 60_000;

const RATE_LIMIT = 88;
const SUSPENDED = 64;
const LOCKED = 326;

const Body = z.object({
  type: z.string().optional(),
  detail: z.string().optional(),
  errors: z
    .array(
      z.object({ code: z.number().optional(), type: z.string().optional(), message: z.string().optional() }),
    )
    .optional(),
});

type Problem = { name: string; codes: number[]; words: string };

function problemOf(body: unknown): Problem {
  const parsed = Body.safeParse(body);
  if (!parsed.success) return { name: "", codes: [], words: "" };
  const { type, detail, errors = [] } = parsed.data;
  const typed = type && type !== "about:blank" ? type : (errors.find((error) => error.type)?.type ?? "");
  return {
    name: typed === "about:blank" ? "" : (typed.replace(/\/+$/, "").split("/").at(-1) ?? ""),
    codes: errors.flatMap(({ code }) => (code === undefined ? [] : [code])),
    words: [detail, ...errors.map(({ message }) => message)].filter(Boolean).join(" "),
  };
}

function refused(status: number, { name, codes, words }: Problem): PlatformError {
  if (name === "client-forbidden" || name === "unsupported-authentication") {
    return new PlatformError(
      "rejected",
      "X does not let this app do this. The operator must look at its project and settings at X.",
      {
        code: name,
        operator: true,
      },
    );
  }
  if (name === "user-suspended" || codes.includes(SUSPENDED)) {
    return new PlatformError("rejected", "X has suspended this account. Log in on x.com to see why.", {
      code: "suspended",
    });
  }
  if (codes.includes(LOCKED)) {
    return new PlatformError("rejected", "X has locked this account. Log in on x.com to unlock it.", {
      code: "locked",
    });
  }
  const known = CONTENT.find(({ says }) => says.test(words));
  if (known) return new PlatformError("rejected", known.message, { code: known.code });
  if (status === 404)
    return new PlatformError("rejected", "X does not have this post or account.", { code: "not_found" });
  if (status === 403) {
    return new PlatformError(
      "rejected",
      "X did not permit this. Check that the text fits, that the account may post, and that it gave this app every permission.",
      { code: name || "403" },
    );
  }
  return new PlatformError("rejected", "X could not make sense of this request.", {
    code: name || String(status),
  });
}

/** X gives refusals of content one type ("about:blank") and no code: here, and only here, its words must tell. */
const CONTENT: { says: RegExp; code: string; message: string }[] = [
  {
    says: /duplicate content/i,
    code: "duplicate",
    message:
      "X refuses to post the same text twice. A post with this text is on the account already: change the text to post again.",
  },
  {
    says: /^Reply to this conversation is not allowed/i,
    code: "reply_not_allowed",
    message: "X lets apps reply only where the author mentioned or quoted this account.",
  },
  {
    says: /^Quoting this post is not allowed/i,
    code: "quote_not_allowed",
    message: "X does not let apps quote this post.",
  },
  {
    says: /one cashtag/i,
    code: "cashtags",
    message: "X takes one cashtag (like $ABC) per post. Take the others out.",
  },
  { says: /invalid URL/i, code: "invalid_url", message: "X refuses a link in this post. Check the link." },
  {
    says: /video longer than/i,
    code: "video_too_long",
    message: "X does not let this account post a video this long.",
  },
];

function slowDown(answer: Answer, { name }: Problem): PlatformError {
  const wait = waitFor(answer);
  if (name === "usage-capped") {
    return new PlatformError(
      "slow_down",
      "This app has used up its monthly allowance at X. The operator must raise it.",
      {
        code: name,
        operator: true,
        retryAfterMs: wait ?? CAP_WAIT_MS,
      },
    );
  }
  return new PlatformError("slow_down", "X asked us to slow down.", {
    code: name || "rate_limit",
    ...(wait !== null && { retryAfterMs: wait }),
  });
}

/** The limits X reports, each with `-remaining` and `-reset` (Unix seconds). */
const LIMITS = ["x-user-limit-24hour", "x-app-limit-24hour", "x-rate-limit"];

/** Until the last of the used-up limits is reset; when X does not say which is used up, until the window of this call ends. */
function waitFor({ headers }: Answer, now = Date.now()): number | null {
  const limits = LIMITS.flatMap((limit) => {
    const reset = Number(headers.get(`${limit}-reset`) ?? Number.NaN);
    return Number.isFinite(reset) && reset > 0
      ? [{ limit, reset, used: headers.get(`${limit}-remaining`) === "0" }]
      : [];
  });
  const used = limits.filter((limit) => limit.used);
  const reset = used.length > 0 ? Math.max(...used.map((limit) => limit.reset)) : limits.at(-1)?.reset;
  // A second more: X rounds down, and our clocks differ.
  if (reset !== undefined) return Math.max(reset * 1000 - now, 0) + 1000;
  return retryAfter(headers, now).retryAfterMs ?? null;
}
