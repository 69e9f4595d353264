import { z } from "zod";
import { type Effect, PlatformError } from "../contract";
import { type Answer, parseJson, retryAfter } from "../kit";

/**
 * What Threads' refusals mean, by remedy. Codes decide; the platform's own words are only shown.
 * Each table is an `explain` for `call`: null where the answer holds no error that Threads spelled out.
 */

/** "Media not found": flagged as final, yet it passes once the platform's servers agree with each other. */
const MEDIA_NOT_FOUND = "24/4279009";
const OBJECT_MISSING = "100/33";

/** A container or post that may only not be visible yet. */
export const isNotVisible = (error: unknown): error is PlatformError =>
  error instanceof PlatformError && (error.code === MEDIA_NOT_FOUND || error.code === OBJECT_MISSING);

const GraphError = z.object({
  error: z.object({
    code: z.number(),
    error_subcode: z.number().optional(),
    is_transient: z.boolean().optional(),
    message: z.string().optional(),
    error_user_title: z.string().optional(),
    error_user_msg: z.string().optional(),
  }),
});
type GraphError = z.infer<typeof GraphError>["error"];

/**
 * The table for calls on behalf of a profile.
 * @param lost what a server-side failure leaves open: "ambiguous" for threads_publish alone.
 * @param secret the token we sent; words that repeat it are never shown.
 */
export const explain = (lost: Effect, secret: string) => (answer: Answer) => {
  const error = graphErrorOf(answer);
  return error && explainGraph(answer, error, lost, secret);
};

/** The table for trading a code and a short token. Anything undocumented points at our own configuration. */
export const explainExchange = (secret: string) => (answer: Answer) => {
  const error = graphErrorOf(answer);
  const known = error && explainGraph(answer, error, "definite", secret);
  if (known && known.kind !== "rejected") return known;
  if (answer.status === 429 || answer.status === 408 || answer.status < 400 || answer.status >= 500)
    return known;
  if (OAuthRefusal.safeParse(answer.body).success) {
    return new PlatformError(
      "reconnect",
      "Threads did not accept this log-in. Start again; if it keeps failing, the operator must check the Threads app id, secret and redirect address.",
      { code: String(answer.status) },
    );
  }
  return new PlatformError(
    "unavailable",
    "Threads does not accept this app. The operator must check its id, secret and redirect address.",
    { code: known?.code ?? String(answer.status), operator: true },
  );
};

/**
 * The table for renewing a token. Threads refuses one that expired, lost `threads_basic`, or is too young;
 * the caller knows its age. An answer that is not Threads' own says nothing about the token.
 */
export const explainRefresh = (secret: string) => (answer: Answer) => {
  const error = graphErrorOf(answer);
  if (error) {
    const known = explainGraph(answer, error, "definite", secret);
    if (known.kind !== "rejected") return known;
    return new PlatformError("reconnect", RECONNECT, { code: codeOf(error) });
  }
  if (answer.status < 400 || answer.status >= 500 || answer.status === 429 || answer.status === 408)
    return null;
  return new PlatformError("unavailable", "Threads answered something we could not read.", {
    code: String(answer.status),
  });
};

const RECONNECT = "Threads no longer accepts this connection. Connect the account again.";

/** What a person must do first, where the subcode of 190 or 102 tells. */
const RECONNECT_BY_SUBCODE: Record<number, string> = {
  458: "This app was removed in the Threads settings. Connect the account again.",
  459: "Threads wants to see the owner of this account first. Log in on threads.net, then connect it again.",
  460: "The password of this Threads account has changed. Connect the account again.",
  464: "This Threads account is not confirmed. Confirm it on threads.net, then connect it again.",
};

const RATE_CODES = new Set([4, 17, 32, 341, 613]);
const isRate = (code: number) => RATE_CODES.has(code) || (code >= 80_000 && code <= 80_099);

function explainGraph(answer: Answer, error: GraphError, lost: Effect, secret: string): PlatformError {
  const code = codeOf(error);
  // Stated as a code in one place and as a subcode in another.
  const is = (number: number) => error.code === number || error.error_subcode === number;

  if (isRate(error.code) || answer.status === 429) {
    return new PlatformError("slow_down", "Threads asked us to slow down.", { code, ...regainAfter(answer) });
  }
  if (code === MEDIA_NOT_FOUND) {
    return new PlatformError("unavailable", "Threads cannot find this post yet.", { code });
  }
  if (error.is_transient || error.code === 1 || error.code === 2 || answer.status >= 500) {
    return new PlatformError("unavailable", "Threads has a problem at the moment.", { code, effect: lost });
  }
  if (error.code === 190 || error.code === 102) {
    const message = RECONNECT_BY_SUBCODE[error.error_subcode ?? 0] ?? RECONNECT;
    return new PlatformError("reconnect", message, { code, tokenRefused: true });
  }
  if (error.code === 10 || (error.code >= 200 && error.code <= 299)) {
    return new PlatformError(
      "reconnect",
      "Threads was not given the permission for this. Connect the account again and leave every permission on.",
      { code },
    );
  }
  if (is(4279013)) {
    return new PlatformError(
      "rejected",
      "Threads has restricted what this account may post. Look in the Threads app for the reason.",
      {
        code,
      },
    );
  }
  if (is(2207051) || error.code === 368) {
    return new PlatformError(
      "rejected",
      "Threads took this for spam and holds back this account for now. Wait before posting again.",
      {
        code,
      },
    );
  }
  const words = [error.message, error.error_user_title, error.error_user_msg].join(" ");
  if (words.includes("THREADS_API__LINK_LIMIT_EXCEEDED")) {
    return new PlatformError("rejected", "Threads takes at most 5 different links in one post.", { code });
  }
  if (words.includes("could not be fetched from this URI")) {
    return new PlatformError(
      "unavailable",
      "Threads could not fetch a file of this post from us. Try again later.",
      { code: "media_fetch" },
    );
  }
  if (code === OBJECT_MISSING) {
    return new PlatformError(
      "rejected",
      "Threads cannot find this post, or does not show it to this account.",
      { code },
    );
  }
  const said = error.error_user_msg ?? error.message;
  const shown = said && !said.includes(secret) ? `Threads refused this: ${said}` : "Threads refused this.";
  return new PlatformError("rejected", shown, { code });
}

function graphErrorOf(answer: Answer): GraphError | null {
  const parsed = GraphError.safeParse(answer.body);
  return parsed.success ? parsed.data.error : null;
}

const codeOf = ({ code, error_subcode }: GraphError) =>
  error_subcode ? `${code}/${error_subcode}` : String(code);

/** The shape in which the code exchange refuses. */
const OAuthRefusal = z.object({ error_type: z.string(), error_message: z.string() });

const Usage = z.record(
  z.string(),
  z.array(z.object({ estimated_time_to_regain_access: z.number().optional() })),
);

/** The longest wait in X-Business-Use-Case-Usage, which counts minutes; else Retry-After. X-App-Usage knows only percentages. */
function regainAfter({ headers }: Answer): { retryAfterMs?: number } {
  const usage = Usage.safeParse(parseJson(headers.get("x-business-use-case-usage") ?? ""));
  const limits = usage.success ? Object.values(usage.data).flat() : [];
  const minutes = Math.max(0, ...limits.map((limit) => limit.estimated_time_to_regain_access ?? 0));
  return minutes > 0 ? { retryAfterMs: minutes * 60_000 } : retryAfter(headers);
}
