/**
 * The simulated OnlyFans: people, addresses, and who a pasted browser session says you are. There is no consent and
 * nothing is published. Sessions are in sandbox/session, the signing rules in sandbox/signing.
 */
import { type Answer, type Call, html, json, knob, personById, type Simulator } from "@/lib/sandbox/kit";
import {
  cookiesFor,
  logInAgain,
  logOutEverywhere,
  renew,
  type Session,
  sessionKnobs,
  sessionWith,
  showSessions,
} from "./sandbox/session";
import { isSigned, serveRules, signingKnobs } from "./sandbox/signing";

const siteHost = "onlyfans.com";
const rulesHost = "rules.onlyfans.example";

const knobs = {
  ...sessionKnobs,
  ...signingKnobs,
  /** 200: a session that is over answers isAuth:false instead (unverified) */
  deadSessionStatus: 401,
  /** e.g. 403 or 503: who-am-I answers with an HTML page of this status, as a challenge or an outage does */
  pageStatus: 0,
};

export const onlyfansSandbox: Simulator = {
  platform: "onlyfans",
  name: "OnlyFans",
  hosts: [siteHost, rulesHost],
  issuer: `https://${siteHost}`,
  // No app is registered anywhere.
  clientEnv: { id: "", secret: "" },
  people: [
    { id: "148390275", username: "adabell", name: "Ada Bell", about: "Rings every morning." },
    { id: "266104938", username: "chimecafe", name: "Chime Café", about: "Coffee on the hour." },
    { id: "391827406", username: "otto_klang", name: "Otto Klang", about: "Founder of bells." },
  ],
  operations: ["me", "rules", "session_page", "log_in"],
  routes: [
    { operation: "me", method: "GET", path: "/api2/v2/users/me", hosts: [siteHost], handle: me },
    { operation: "rules", method: "GET", path: "/rules.json", hosts: [rulesHost], handle: serveRules },
    {
      operation: "session_page",
      method: "GET",
      path: "/my/sandbox-session",
      hosts: [siteHost],
      handle: showSessions,
    },
    {
      operation: "log_in",
      method: "POST",
      path: "/my/sandbox-session",
      hosts: [siteHost],
      handle: logInAgain,
    },
  ],
  knobs,
  notFound: () => refusal(404, "Not found"),
  failure: (_call, status) => {
    if (status === 400) return staleSignature();
    return status === 401 ? accessDenied() : refusal(status, "Something went wrong");
  },
  rateLimited: () => refusal(429, "Too many requests"),
};

/** GET /api2/v2/users/me */
function me(call: Call): Answer {
  const pageStatus = knob(call, "pageStatus", knobs.pageStatus);
  if (pageStatus !== 0) {
    return html(pageStatus, "<!doctype html><title>Just a moment...</title><h1>Just a moment...</h1>\n");
  }
  const cookies = cookiesOf(call);
  const session = sessionWith(call, cookies.get("sess") ?? null);
  // Looked at first: no signature, good or bad, saves a session that turns up in another browser.
  if (session?.live && !isSameBrowser(call, session, cookies)) {
    logOutEverywhere(call, session.personId);
    return accessDenied();
  }
  const signedFor = call.headers.has("user-id") ? (cookies.get("auth_id") ?? "") : "0";
  if (!isSigned(call, signedFor)) return staleSignature();
  const person = session?.live ? personById(call, session.personId) : null;
  if (!session || person === null) {
    return knob(call, "deadSessionStatus", knobs.deadSessionStatus) === 200
      ? json(200, { isAuth: false })
      : accessDenied();
  }
  // A missing cookie is refused, but no source says that it ends the session.
  if (!hasCookies(call, session, cookies)) return accessDenied();
  return json(
    200,
    {
      id: Number(person.id),
      name: person.name,
      username: person.username,
      isAuth: true,
      avatar: null,
      email: session.email,
      isPerformer: true,
      isVerified: true,
      subscribesCount: 0,
      wsAuthToken: session.wsAuthToken,
    },
    { "set-cookie": renew(call, session) },
  );
}

function isSameBrowser({ headers }: Call, session: Session, cookies: Map<string, string>): boolean {
  const { personId, xBc, userAgent } = session;
  return (
    cookies.get("auth_id") === personId &&
    (headers.get("user-id") ?? personId) === personId &&
    headers.get("x-bc") === xBc &&
    headers.get("user-agent") === userAgent
  );
}

function hasCookies(call: Call, session: Session, cookies: Map<string, string>): boolean {
  return Object.entries(cookiesFor(call, session)).every(
    ([name, value]) =>
      cookies.get(name) === value || (name.startsWith("auth_uid_") && cookies.get("auth_uid_") === value),
  );
}

function cookiesOf({ headers }: Call): Map<string, string> {
  const pairs = (headers.get("cookie") ?? "").split(";").map((pair): [string, string] => {
    const [name = "", ...value] = pair.split("=");
    return [name.trim(), value.join("=").trim()];
  });
  return new Map(pairs);
}

function accessDenied(): Answer {
  return refusal(401, "Access denied.");
}

// Text and code as reported (unverified).
function staleSignature(): Answer {
  return refusal(400, "Please refresh the page", 301);
}

/** The error's shape is the usual one of this site (unverified). */
function refusal(status: number, message: string, code = status): Answer {
  return json(status, { error: { code, message } });
}
