import { z } from "zod";
import { type Effect, PlatformError } from "./contract";
import { type Answer, parseJson, retryAfter } from "./kit";

/** What the refusals of Meta's Graph mean, by remedy. Codes decide; Meta's own words are only shown. */

const GraphError = z.object({
  error: z.object({
    code: z.number(),
    error_subcode: z.number().optional(),
    is_transient: z.boolean().optional(),
    message: z.string().optional(),
    error_user_msg: z.string().optional(),
  }),
});

/** The error an answer spells out, whatever its status; null where there is none. */
export function graphErrorOf(answer: Pick<Answer, "body">): z.infer<typeof GraphError>["error"] | null {
  const parsed = GraphError.safeParse(answer.body);
  return parsed.success ? parsed.data.error : null;
}

/** "190/460" and the like: the code, with its subcode where there is one. */
export const codeOf = (code: number, subcode: number | undefined): string =>
  subcode ? `${code}/${subcode}` : String(code);

/** An object that is not there, or not for us to see. */
const OBJECT_MISSING = "100/33";
export const isMissing = (error: unknown): error is PlatformError =>
  error instanceof PlatformError && error.code === OBJECT_MISSING;

const RATE_CODES = new Set([4, 17, 32, 341, 613]);
const isRate = (code: number) => RATE_CODES.has(code) || (code >= 80_000 && code <= 80_099);

/** The person took the app off the list in their settings. */
export const APP_REMOVED = "190/458";

/** What a person must do first, where the subcode tells. */
const RECONNECT_BY_SUBCODE: Record<number, string> = {
  458: "This app was removed in the settings of Facebook. Connect the account again.",
  459: "Facebook wants to see the owner of this account first. Log in on facebook.com, then connect it again.",
  460: "The password of this Facebook account has changed. Connect the account again.",
  464: "This Facebook account is not confirmed. Confirm it on facebook.com, then connect it again.",
  492: "Whoever connected this Page has lost their role on it. Connect it again as someone who has one.",
};

/** A token that is no longer taken. @param subcode what Facebook says besides 190 */
export const refusedToken = (
  code: string,
  subcode: number | null | undefined,
  name = "Facebook",
): PlatformError =>
  new PlatformError(
    "reconnect",
    RECONNECT_BY_SUBCODE[subcode ?? 0] ??
      `${name} no longer accepts this connection. Connect the account again.`,
    { code, tokenRefused: true },
  );

/**
 * The table that all of the Graph shares, by remedy: null where the answer holds no error that Meta spelled out.
 * @param secret the token we sent; words that repeat it are never shown
 * @param lost what a failure on Meta's side leaves open
 */
export const explainGraph =
  (secret: string, lost: Effect, name = "Facebook") =>
  (answer: Answer): PlatformError | null => {
    const error = graphErrorOf(answer);
    if (!error) return null;
    const { code: number, error_subcode: subcode, message = "" } = error;
    const code = codeOf(number, subcode);

    if (isRate(number) || answer.status === 429) {
      return new PlatformError("slow_down", `${name} asked us to slow down.`, {
        code,
        retryAfterMs: waitOf(answer),
      });
    }
    if (number === 368) {
      return new PlatformError(
        "rejected",
        `${name} holds back this account for now, because of what or how often it posts. Look there for the reason, and wait before posting again.`,
        { code },
      );
    }
    // 1/2853006 is flagged as unknown, yet says that this person may not see it.
    const unknown = (number === 1 && subcode !== 2853006) || number === 2;
    if (error.is_transient || unknown || answer.status >= 500) {
      return new PlatformError("unavailable", `${name} has a problem at the moment.`, { code, effect: lost });
    }
    if (number === 190 || number === 102) return refusedToken(code, subcode, name);
    if (number === 1 || number === 10 || (number >= 200 && number <= 299)) {
      return new PlatformError(
        "reconnect",
        `${name} did not permit this. Check your role there, then connect the account again and leave every permission on.`,
        { code },
      );
    }
    // The code says only "parameter"; the parameter's name stands in the words alone.
    if (number === 3 || (number === 100 && message.includes("appsecret_proof"))) {
      return new PlatformError(
        "unavailable",
        `${name} does not let this app do that. The operator must check the app's permissions and its secret.`,
        { code, operator: true },
      );
    }
    if (code === OBJECT_MISSING) {
      return new PlatformError(
        "rejected",
        `${name} does not have this any more, or does not show it to this account.`,
        {
          code,
        },
      );
    }
    const said = error.error_user_msg ?? message;
    const shown = said && !said.includes(secret) ? `${name} refused this: ${said}` : `${name} refused this.`;
    return new PlatformError("rejected", shown, { code });
  };

const Usage = z.record(
  z.string(),
  z.array(z.object({ estimated_time_to_regain_access: z.number().optional() })),
);

/** Asking while throttled makes it longer, and the limits count a rolling hour. */
const UNTOLD_WAIT_MS = 15 * 60_000;

/** The longest wait in X-Business-Use-Case-Usage, which counts minutes; else Retry-After. X-App-Usage knows only percentages. */
function waitOf({ headers }: Answer): number {
  const usage = Usage.safeParse(parseJson(headers.get("x-business-use-case-usage") ?? ""));
  const limits = usage.success ? Object.values(usage.data).flat() : [];
  const minutes = Math.max(0, ...limits.map((limit) => limit.estimated_time_to_regain_access ?? 0));
  return minutes > 0 ? minutes * 60_000 : (retryAfter(headers).retryAfterMs ?? UNTOLD_WAIT_MS);
}
