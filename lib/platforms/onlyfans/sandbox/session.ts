/**
 * The browser sessions of the simulated OnlyFans: a grant with one token (`sess`), and what the browser is known by.
 * The page at /my/sandbox-session shows a person's newest session, to paste into the app, and logs in anew.
 */
import { randomBytes, randomInt } from "node:crypto";
import { html } from "hono/html";
import {
  type Answer,
  type Call,
  json,
  knob,
  newSecret,
  type Person,
  redirect,
  sawSecret,
  shelf,
} from "@/lib/sandbox/kit";
import { DAY, endGrant, findToken, issueToken } from "@/lib/sandbox/oauth";

/** What is pinned together when a person logs in, and what only the logged-in person is shown. */
type Browser = {
  personId: string;
  sess: string;
  xBc: string;
  userAgent: string;
  authUid: string;
  fp: string;
  email: string;
  wsAuthToken: string;
};

export type Session = Browser & { live: boolean };

export const sessionKnobs = {
  // Seen in 2020, renewed on each answer; today's value is not known (unverified).
  sessionLifeMs: 10 * DAY,
  /** the person has two factors: the cookie auth_uid_… must come along */
  twoFactor: false,
  /** the cookie fp must come along */
  fpCookie: false,
};

const pagePath = "/onlyfans.com/my/sandbox-session";

/** The session with this cookie value, alive or not; null when there never was one. */
export function sessionWith(call: Call, sess: string | null): Session | null {
  const found = findToken(call, sess);
  const browser = found === null ? undefined : browsers(call)[found.grant.id];
  return found === null || browser === undefined ? null : { ...browser, live: found.state === "live" };
}

/** Lives on for a whole life from now, as every good answer makes it. The answer's Set-Cookie. */
export function renew(call: Call, { sess }: Session): string {
  const lifeMs = knob(call, "sessionLifeMs", sessionKnobs.sessionLifeMs);
  const found = findToken(call, sess);
  if (found !== null) found.token.expiresAt = call.now + lifeMs;
  return `sess=${sess}; Max-Age=${Math.floor(lifeMs / 1_000)}; Path=/; Secure; HttpOnly`;
}

/** Ends all of the person's sessions, in every browser. */
export function logOutEverywhere(call: Call, personId: string): void {
  for (const grant of Object.values(call.world.grants)) {
    if (grant.personId === personId) endGrant(call, grant);
  }
}

/** The cookies a browser with this session sends now. The name with the id in it is one of two that are known. */
export function cookiesFor(call: Call, { personId, sess, authUid, fp }: Session): Record<string, string> {
  return {
    auth_id: personId,
    sess,
    ...(knob(call, "twoFactor", sessionKnobs.twoFactor) ? { [`auth_uid_${personId}`]: authUid } : {}),
    ...(knob(call, "fpCookie", sessionKnobs.fpCookie) ? { fp } : {}),
  };
}

/** GET /my/sandbox-session[?person=…][&format=json]: the first person's session as JSON, everyone's as a page. */
export function showSessions(call: Call): Answer {
  const people = chosen(call);
  const [first] = people;
  if (first === undefined) return json(404, { error: "Nobody here has that name." });
  if (call.query.get("format") === "json") return sessionJson(call, first);
  return page(call, people);
}

/** POST /my/sandbox-session?person=…: the person logs in with another browser. Earlier sessions live on. */
export function logInAgain(call: Call): Answer {
  const [person] = chosen(call);
  if (person === undefined) return json(404, { error: "Nobody here has that name." });
  logIn(call, person);
  if (call.query.get("format") === "json") return sessionJson(call, person);
  return redirect(`${call.sandboxOrigin}${pagePath}?person=${person.username}`, 303);
}

function chosen({ people, query }: Call): Person[] {
  const wanted = query.get("person");
  return people.filter(({ id, username }) => wanted === null || wanted === id || wanted === username);
}

/** The person's newest session. Everyone is logged in from the beginning. */
function newest(call: Call, person: Person): Session {
  const grant = Object.values(call.world.grants).findLast(({ personId }) => personId === person.id);
  const sess = grant === undefined ? undefined : browsers(call)[grant.id]?.sess;
  return sessionWith(call, sess ?? null) ?? logIn(call, person);
}

function logIn(call: Call, { id, username }: Person): Session {
  call.world.counter += 1;
  const grant = {
    id: `login-${call.world.counter}`,
    personId: id,
    clientId: call.client.id,
    scopes: [],
    createdAt: call.now,
    expiresAt: null,
    revokedAt: null,
  };
  call.world.grants[grant.id] = grant;
  const lifeMs = knob(call, "sessionLifeMs", sessionKnobs.sessionLifeMs);
  const browser = {
    personId: id,
    sess: issueToken(call, grant, "sess", lifeMs).value,
    // Forty hex digits leave no room for the canary.
    xBc: listed(call, "x_bc", randomBytes(20).toString("hex")),
    userAgent: listed(
      call,
      "user_agent",
      "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) " +
        `Chrome/142.0.${randomInt(7_000, 8_000)}.${randomInt(1_000, 10_000)} Safari/537.36`,
    ),
    authUid: newSecret(call, "auth_uid"),
    fp: newSecret(call, "fp"),
    email: listed(call, "email", `CNRY_${username}@mail.example`),
    wsAuthToken: newSecret(call, "ws_auth_token"),
  };
  browsers(call)[grant.id] = browser;
  return { ...browser, live: true };
}

function listed(call: Call, kind: string, value: string): string {
  sawSecret(call, kind, value);
  return value;
}

function browsers(call: Call): Record<string, Browser> {
  return shelf<Browser>(call, "browsers");
}

function sessionJson(call: Call, person: Person): Answer {
  const session = newest(call, person);
  return json(
    200,
    {
      sandbox: true,
      live: session.live,
      auth_id: session.personId,
      sess: session.sess,
      "x-bc": session.xBc,
      user_agent: session.userAgent,
      auth_uid: session.authUid,
      fp: session.fp,
      cookie: cookieText(call, session),
    },
    { "cache-control": "no-store" },
  );
}

function cookieText(call: Call, session: Session): string {
  return Object.entries(cookiesFor(call, session))
    .map(([name, value]) => `${name}=${value}`)
    .join("; ");
}

function page(call: Call, people: Person[]): Answer {
  const sections = people.map((person) => {
    const session = newest(call, person);
    const values = {
      ...cookiesFor(call, session),
      "x-bc": session.xBc,
      "user-agent": session.userAgent,
      "all cookies": cookieText(call, session),
    };
    const rows = Object.entries(values).map(
      ([name, value]) => html`<dt>${name}</dt><dd><code>${value}</code></dd>`,
    );
    return html`<section aria-labelledby="of-${person.username}">
      <h2 id="of-${person.username}">${person.name} <small>@${person.username}</small></h2>
      <p>${session.live ? "Logged in." : "Logged out: these values are worth nothing any more."}</p>
      <dl>${rows}</dl>
      <form method="post" action="${call.sandboxOrigin}${pagePath}?person=${person.username}">
        <p class="actions"><button type="submit">Log in again as ${person.name}</button></p>
      </form>
    </section>`;
  });
  const body = html`<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>OnlyFans (sandbox): browser sessions</title>
  <link rel="stylesheet" href="${call.sandboxOrigin}/_sandbox/style.css">
</head>
<body class="narrow" data-platform="onlyfans">
  <main>
    <p class="notice" role="note">This is a sandbox of OnlyFans. These people and values are made up. Nothing leaves this machine.</p>
    <h1>Sandbox sessions to paste into Carillon</h1>
    ${sections}
  </main>
</body>
</html>`;
  return {
    status: 200,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-store",
      "content-security-policy":
        `default-src 'none'; style-src ${call.sandboxOrigin}; form-action ${call.sandboxOrigin} 'self'; ` +
        "base-uri 'none'; frame-ancestors 'none'",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
    },
    body: String(body),
  };
}
