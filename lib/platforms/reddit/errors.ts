import { z } from "zod";
import { type Effect, PlatformError } from "../contract";
import { type Answer, explainStatus, retryAfter } from "../kit";

/**
 * What Reddit's refusals mean, by remedy. They come in three shapes: `json.errors` inside a 200, `{ message, error, reason }`,
 * and `{ explanation, reason: "SUBMIT_VALIDATION_…" }` with a 400. Codes decide; Reddit's own words are only shown.
 */

/** A link is in the subreddit already. */
export const isAlreadyThere = (error: unknown): error is PlatformError =>
  error instanceof PlatformError && error.code === "ALREADY_SUB";

/** Reddit keeps something from this account, for a reason of its own. */
export const isForbidden = (error: unknown): error is PlatformError =>
  error instanceof PlatformError && error.code === "forbidden";

/**
 * The table for calls on behalf of an account.
 * @param lost what a failure on Reddit's side leaves open
 */
export const explain = (lost: Effect) => (answer: Answer) => {
  const { status, headers, body } = answer;
  if (status < 300) return explainErrors(body);
  if (status < 400) return explainRedirect(headers.get("location") ?? "");
  switch (status) {
    case 401:
      return loggedOut("401");
    case 403:
      return explainForbidden(answer);
    case 408:
      return null;
    case 409:
      return new PlatformError("unavailable", "Reddit has a problem at the moment.", {
        code: "409",
        effect: lost,
      });
    case 429:
      return explainErrors(body) ?? slowDown("429", waitAsHeaders(answer));
  }
  if (status >= 500) return null;
  return (
    explainErrors(body) ??
    explainReason(body) ??
    (status === 404
      ? new PlatformError("rejected", "Reddit does not have this subreddit or post.", { code: "not_found" })
      : new PlatformError("rejected", "Reddit could not make sense of this request.", {
          code: String(status),
        }))
  );
};

/**
 * The table for trading a code and for renewing a token. Reddit says no with a 400 or inside a 200, in the RFC's words or with
 * a bare number. Only what is about the code or the token itself ends a grant.
 */
export function explainToken(answer: Answer): PlatformError | null {
  const parsed = TokenRefusal.safeParse(answer.body);
  const error = parsed.success ? parsed.data.error : null;
  const status = typeof error === "number" ? error : answer.status;
  if (error === null && status < 300) return null;
  if (status === 429) return slowDown("429", waitAsHeaders(answer));
  if (status >= 500 || status === 408 || (status >= 300 && status < 400)) {
    return explainStatus({ status, headers: answer.headers }, "ambiguous");
  }
  const code = String(error ?? status);
  const about = status === 400 ? error !== null && !APP_REFUSALS.has(code) : GRANT_REFUSALS.has(code);
  if (about) return new PlatformError("reconnect", "Reddit did not accept the code or token.", { code });
  // A wrong client is a 401 or one of the RFC's words; a 403 is an app or an address that Reddit keeps out.
  return new PlatformError("unavailable", "Reddit does not accept this app. The operator must check it.", {
    code,
    operator: status === 401 || status === 403 || APP_REFUSALS.has(code),
  });
}

/** The table for sending a file to Reddit's store, which speaks XML. A refused lease is asked for anew. */
export function explainUpload({ status, text }: Answer): PlatformError | null {
  if (status < 300 || status >= 500 || status === 408) return null;
  const code = /<Code>(\w{1,60})<\/Code>/.exec(text)?.[1] ?? `upload_${status}`;
  if (code === "EntityTooLarge") {
    return new PlatformError("rejected", "This file is larger than Reddit takes. Use a smaller one.", {
      code,
    });
  }
  return new PlatformError("unavailable", "Reddit did not take the file.", { code });
}

/** The table for handing a token back. Reddit is content with tokens it never knew. */
export function explainRevoke(answer: Answer): PlatformError | null {
  return answer.status >= 400 && answer.status < 500 ? explainToken(answer) : null;
}

const TokenRefusal = z.object({ error: z.union([z.string().min(1), z.number()]) });

const GRANT_REFUSALS = new Set(["invalid_grant", "invalid_request", "NO_TEXT"]);
const APP_REFUSALS = new Set([
  "invalid_client",
  "unauthorized_client",
  "unsupported_grant_type",
  "invalid_scope",
]);

const loggedOut = (code: string) =>
  new PlatformError("reconnect", "Reddit no longer accepts this connection. Connect the account again.", {
    code,
    tokenRefused: true,
  });

/** A page to log in on means that the token was not taken; a search page, that there is no such subreddit. */
function explainRedirect(location: string): PlatformError | null {
  const path = URL.canParse(location, "https://www.reddit.com")
    ? new URL(location, "https://www.reddit.com").pathname
    : "";
  if (/\/login(?:\/|$)/.test(path)) return loggedOut("login");
  if (path.includes("/subreddits/search")) return refused("SUBREDDIT_NOEXIST", null);
  return null;
}

function explainForbidden({ headers, body }: Answer): PlatformError {
  if (/\berror="?insufficient_scope\b/.test(headers.get("www-authenticate") ?? "")) {
    return new PlatformError(
      "reconnect",
      "Reddit was not given the permission for this. Connect the account again and allow everything it asks.",
      { code: "insufficient_scope" },
    );
  }
  // Reddit itself refuses in JSON: a page comes from the gate that keeps out apps and networks.
  if (body === undefined) {
    return new PlatformError("unavailable", "Reddit keeps this app out. The operator must look into it.", {
      code: "blocked",
      operator: true,
    });
  }
  return (
    explainErrors(body) ??
    explainReason(body) ??
    new PlatformError(
      "rejected",
      "Reddit did not permit this. Check that the account may post in this subreddit.",
      { code: "forbidden" },
    )
  );
}

type Refusal = { code: string; words: string | null };

const Errors = z.object({ json: z.object({ errors: z.array(z.array(z.unknown())).min(1) }) });

/** Of several errors a refusal counts more than "not so fast": waiting would not mend it. */
function explainErrors(body: unknown): PlatformError | null {
  const parsed = Errors.safeParse(body);
  if (!parsed.success) return null;
  const refusals = parsed.data.json.errors.map(
    ([code, words]): Refusal => ({
      code: typeof code === "string" && code !== "" ? code : "unknown",
      words: typeof words === "string" ? words : null,
    }),
  );
  const first = refusals.find(({ code }) => !RATE_CODES.has(code)) ?? refusals[0];
  return first ? named(first) : null;
}

const Reason = z.object({ reason: z.string().min(1), explanation: z.string().nullish() });

function explainReason(body: unknown): PlatformError | null {
  const parsed = Reason.safeParse(body);
  return parsed.success ? named({ code: parsed.data.reason, words: parsed.data.explanation ?? null }) : null;
}

const RATE_CODES = new Set(["RATELIMIT", "SUBREDDIT_RATELIMIT"]);

const named = ({ code, words }: Refusal): PlatformError =>
  RATE_CODES.has(code) ? slowDown(code, waitInWords(words ?? "")) : refused(code, words);

const slowDown = (code: string, retryAfterMs: number | null): PlatformError =>
  new PlatformError("slow_down", "Reddit asked us to slow down.", {
    code,
    ...(retryAfterMs !== null && { retryAfterMs }),
  });

function refused(code: string, words: string | null): PlatformError {
  const known = REFUSALS.get(code);
  if (known) return new PlatformError("rejected", known, { code });
  const who = code.startsWith("SUBMIT_VALIDATION_")
    ? "The subreddit's rules refuse this"
    : "Reddit refused this";
  return new PlatformError("rejected", words ? `${who}: ${words.slice(0, MAX_WORDS)}` : `${who}.`, { code });
}

const MAX_WORDS = 300;

/** What Reddit says in a code, said to the person who posts. */
const REFUSALS = new Map([
  ["ALREADY_SUB", "This link is in the subreddit already. Turn on posting it again, or choose another."],
  ["SUBREDDIT_NOEXIST", "There is no subreddit of this name."],
  ["SUBREDDIT_REQUIRED", "Choose a subreddit."],
  ["SUBREDDIT_NOTALLOWED", "This account may not post in this subreddit."],
  ["SUBREDDIT_NO_ACCESS", "This account has no access to this subreddit."],
  ["BANNED_FROM_SUBREDDIT", "This account is banned from this subreddit."],
  ["private", "This subreddit is private."],
  ["banned", "Reddit has closed this subreddit."],
  ["quarantined", "Reddit has put this subreddit in quarantine. Visit it on reddit.com first."],
  ["USER_REQUIRED", "Reddit wants to see the owner of this account. Log in on reddit.com."],
  ["IN_TIMEOUT", "Reddit has suspended this account. Log in on reddit.com to see why."],
  ["VERIFIED_USER_REQUIRED", "Reddit wants this account's email confirmed first. Do so on reddit.com."],
  ["BAD_CAPTCHA", "Reddit wants this account to prove that it is human. Post once on reddit.com."],
  ["NO_SELFS", "This subreddit takes links only. Add a link."],
  ["NO_LINKS", "This subreddit takes no links. Put the link into the text."],
  ["NO_IMAGES", "This subreddit takes no pictures."],
  ["NO_VIDEOS", "This subreddit takes no videos."],
  ["GALLERIES_DISABLED", "This subreddit takes no galleries."],
  ["NO_TEXT", "Reddit needs a text here."],
  ["NO_URL", "Reddit needs a link here."],
  ["BAD_URL", "Reddit refuses this link. Check it."],
  ["DOMAIN_BANNED", "Reddit or this subreddit takes no links to this site."],
  ["TOO_LONG", "This is too long for Reddit or for this subreddit."],
  ["TOO_SHORT", "This is too short for Reddit or for this subreddit."],
  ["INVALID_OPTION", "Reddit does not know one of the choices made for this post."],
]);

const SECOND_MS = 1000;
const UNIT_MS: Record<string, number> = { millisecond: 1, second: SECOND_MS, minute: 60 * SECOND_MS };
/** New accounts may post about every ten minutes. */
const UNKNOWN_WAIT_MS = 10 * 60 * SECOND_MS;

/** The wording has changed over the years; the number and its unit have not. One second more, since Reddit rounds. */
function waitInWords(words: string): number {
  const [, count, unit] = /([0-9]{1,3}) (millisecond|second|minute)s?/.exec(words) ?? [];
  const unitMs = UNIT_MS[unit ?? ""];
  return unitMs === undefined ? UNKNOWN_WAIT_MS : Number(count) * unitMs + SECOND_MS;
}

/** Until the window ends (x-ratelimit-reset is seconds left, with a fraction), and not before Retry-After. */
function waitAsHeaders({ headers }: Answer): number | null {
  const reset = Number(headers.get("x-ratelimit-reset") ?? Number.NaN);
  const waits = [
    retryAfter(headers).retryAfterMs,
    reset > 0 && Number.isFinite(reset) ? Math.ceil(reset * SECOND_MS) + SECOND_MS : undefined,
  ].filter((wait) => wait !== undefined);
  return waits.length > 0 ? Math.max(...waits) : null;
}
