import { z } from "zod";
import type { FieldProblem } from "../contract";

/** The pasted values, pinned together: used with each other or not at all. */
export const Session = z.object({
  authId: z.string(),
  sess: z.string(),
  xBc: z.string(),
  userAgent: z.string(),
  /** The cookie of a two-factor sign-in, under the name it had. */
  authUid: z.object({ name: z.string(), value: z.string() }).nullable(),
});
export type Session = z.infer<typeof Session>;

/** Reads what was pasted. No problem repeats a value: it would land where values must not be. */
export function readSession(values: Record<string, string>): Session | FieldProblem[] {
  const given = (name: string) => values[name]?.trim() ?? "";
  const authId = given("auth_id");
  const sess = given("sess").replace(/^sess=/, "");
  const xBc = given("x_bc");
  const userAgent = given("user_agent");
  const authUid = readAuthUid(given("auth_uid"), authId);
  const problems = [
    wrong(
      "auth_id",
      authId,
      /^[1-9]\d{0,19}$/,
      "auth_id is a number. Copy the value of the cookie named auth_id.",
    ),
    wrong("sess", sess, COOKIE_VALUE, "sess holds a character no cookie has. Copy only the cookie's value."),
    wrong("x_bc", xBc, /^[0-9a-f]{40}$/i, "x-bc is 40 digits and letters from a to f. Copy the whole value."),
    wrong(
      "user_agent",
      userAgent,
      /^[ -~]{10,512}$/,
      "The User-Agent is one line that names your browser, such as Mozilla/5.0 and what follows.",
    ),
    authUid === "wrong"
      ? [
          {
            field: "auth_uid",
            message: "auth_uid_ belongs to another account, or is not the cookie's value.",
          },
        ]
      : [],
  ].flat();
  if (problems.length > 0 || authUid === "wrong") return problems;
  return { authId, sess, xBc, userAgent, authUid };
}

/** The Cookie header of this session, in the order of the browser. Cookies nobody pasted are not made up. */
export const cookiesOf = ({ authId, sess, authUid }: Session): string =>
  [`auth_id=${authId}`, `sess=${sess}`, ...(authUid ? [`${authUid.name}=${authUid.value}`] : [])].join("; ");

/** What a cookie may hold (RFC 6265). */
const COOKIE_VALUE = /^[!#-+\--:<-[\]-~]{1,4096}$/;

/** With its name or without: the name is auth_uid_ or ends in the account's number, as sources disagree. */
function readAuthUid(given: string, authId: string): Session["authUid"] | "wrong" {
  const named = /^(auth_uid_(\d*))=(.*)$/.exec(given);
  const value = named ? (named[3] ?? "") : given;
  if (value === "") return null;
  if (named?.[2] && named[2] !== authId) return "wrong";
  return COOKIE_VALUE.test(value) ? { name: named?.[1] ?? `auth_uid_${authId}`, value } : "wrong";
}

function wrong(field: string, value: string, pattern: RegExp, message: string): FieldProblem[] {
  if (value === "") return [{ field, message: `${field.replace("x_bc", "x-bc")} is missing.` }];
  return pattern.test(value) ? [] : [{ field, message }];
}
