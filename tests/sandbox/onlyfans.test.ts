/** The simulated OnlyFans, knocked at over HTTP as a process of its own, by a client that signs as the sheet says. */
import { createHash } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type RunningSandbox, startSandbox } from "../support/sandbox";

type Session = {
  live: boolean;
  auth_id: string;
  sess: string;
  "x-bc": string;
  user_agent: string;
  auth_uid: string;
  fp: string;
  cookie: string;
};
type Rules = {
  static_param: string;
  format?: string;
  prefix?: string;
  suffix?: string;
  start?: string;
  end?: string;
  checksum_indexes: number[];
  checksum_constant: number;
  checksum_constants?: number[];
  app_token?: string;
  "app-token"?: string;
  remove_headers: string[];
  revision: string;
};
type Headers = Record<string, string | null>;
type Reply = { status: number; body: unknown; headers: globalThis.Headers };

const mePath = "/api2/v2/users/me";
const denied = { status: 401, body: { error: { code: 401, message: "Access denied." } } };
const stale = { status: 400, body: { error: { code: 301, message: "Please refresh the page" } } };
const well = { status: 200, body: { isAuth: true } };

let sandbox: RunningSandbox;

beforeAll(async () => {
  sandbox = await startSandbox({ appOrigin: "http://127.0.0.1:3000" });
});
afterAll(() => sandbox.stop());
beforeEach(() => sandbox.reset());

test("a pasted session, signed by the published rules, says who it is, and is renewed by it", async () => {
  const session = await sessionOf("otto_klang");
  const answer = await me(session);
  expect(answer).toMatchObject({
    status: 200,
    body: { id: 391827406, username: "otto_klang", name: "Otto Klang", isAuth: true },
  });
  expect(String((answer.body as { id: number }).id)).toBe(session.auth_id);
  expect(answer.headers.get("set-cookie")).toContain(`sess=${session.sess}; Max-Age=864000;`);
  expect(session["x-bc"]).toMatch(/^[0-9a-f]{40}$/);
  expect(await sandbox.effects("onlyfans")).toEqual([]);
});

describe("the page with the sessions", () => {
  test("shows each person's values, plainly of the sandbox, and lets a person log in again", async () => {
    const ada = await sessionOf("adabell");
    const page = await (await fetch(pageAddress())).text();
    for (const value of [ada.auth_id, ada.sess, ada["x-bc"], ada.user_agent]) expect(page).toContain(value);
    expect(page).toContain("This is a sandbox of OnlyFans.");
    for (const name of ["Ada Bell", "Chime Café", "Otto Klang"]) expect(page).toContain(name);
    const back = await fetch(pageAddress({ person: "adabell" }), { method: "POST" });
    expect([back.status, back.url]).toEqual([200, pageAddress({ person: "adabell" })]);
    const again = await sessionOf("adabell");
    expect(again.sess).not.toBe(ada.sess);
    const shown = await back.text();
    expect(shown).toContain(again.sess);
    expect(shown).not.toContain("Otto Klang");
    // Another browser ends nothing.
    expect(await me(ada)).toMatchObject(well);
    expect(await me(again)).toMatchObject(well);
  });

  test("knows nobody else, and the site has no other address", async () => {
    expect((await fetch(pageAddress({ person: "nobody" }))).status).toBe(404);
    expect((await fetch(pageAddress({ person: "nobody" }), { method: "POST" })).status).toBe(404);
    expect((await fetch(`${sandbox.url}/onlyfans.com/api2/v2/posts`, { method: "POST" })).status).toBe(404);
  });

  test("gives nothing secret that is not listed for leak sweeps, and the log shows none of it", async () => {
    const { auth_id: _public, live: _live, cookie: _cookie, ...values } = await sessionOf("adabell");
    const { body } = await me(await sessionOf("adabell"));
    const { email, wsAuthToken } = body as { email: string; wsAuthToken: string };
    const listed = (await sandbox.issued()).map(({ value }) => value);
    const secrets = [values.sess, values["x-bc"], values.user_agent, values.auth_uid, values.fp];
    expect(listed).toEqual(expect.arrayContaining([...secrets, email, wsAuthToken]));
    for (const canary of [values.sess, values.auth_uid, values.fp, wsAuthToken])
      expect(canary).toMatch(/^CNRY_/);
    const log = JSON.stringify(await sandbox.requests({ platform: "onlyfans" }));
    for (const secret of secrets) expect(log).not.toContain(secret);
  });
});

describe("another browser", () => {
  test.each<[string, Headers | ((other: Session) => Headers)]>([
    ["another x-bc", (other) => ({ "x-bc": other["x-bc"] })],
    ["no x-bc", { "x-bc": null }],
    ["a newer user agent", { "user-agent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/999.0.0.0" }],
    ["no user agent of its own", { "user-agent": null }],
    ["another user-id", (other) => ({ "user-id": other.auth_id })],
    ["another auth_id in the cookie", (other) => ({ cookie: `auth_id=${other.auth_id}` })],
    ["another x-bc and a bad signature", (other) => ({ "x-bc": other["x-bc"], sign: "1:2:3:4" })],
  ])("(%s) is denied and ends the session everywhere, and nobody else's", async (_what, change) => {
    const elsewhere = await sessionOf("adabell");
    const ada = await logIn("adabell");
    const chime = await sessionOf("chimecafe");
    const changed = typeof change === "function" ? change(chime) : change;
    const cookie = changed["cookie"] ? { cookie: `${changed["cookie"]}; sess=${ada.sess}` } : {};
    expect(await me(ada, { ...changed, ...cookie })).toMatchObject(denied);
    expect(await me(ada)).toMatchObject(denied);
    expect(await me(elsewhere)).toMatchObject(denied);
    expect((await sessionOf("adabell")).live).toBe(false);
    expect(await me(chime)).toMatchObject(well);
    expect(await me(await logIn("adabell"))).toMatchObject(well);
  });

  test("that only guesses at sess is denied and ends nothing", async () => {
    const ada = await sessionOf("adabell");
    for (const sess of ["", "guess", "constructor"]) {
      expect(await me({ ...ada, cookie: `auth_id=${ada.auth_id}; sess=${sess}` })).toMatchObject(denied);
    }
    expect(await me(ada, { cookie: null })).toMatchObject(stale);
    expect(await me(ada)).toMatchObject(well);
  });
});

describe("the signature", () => {
  test.each(["format", "prefix", "start"])("holds by rules spelled with %s", async (rulesSpelling) => {
    await own({ rulesSpelling, removeHeaders: "user-id" });
    const rules = await fetchRules();
    expect(rules).toHaveProperty(rulesSpelling);
    expect(rules.remove_headers).toEqual(["user-id"]);
    expect(rules.checksum_indexes).toHaveLength(32);
    if (rules.checksum_constants) expect(total(rules.checksum_constants)).toBe(rules.checksum_constant);
    expect(await me(await sessionOf("adabell"))).toMatchObject(well);
  });

  test("covers auth_id where the user-id is sent, and 0 where it is not", async () => {
    const ada = await sessionOf("adabell");
    expect(await me(ada, { "user-id": null }, { userId: "0" })).toMatchObject(well);
    expect(await me(ada, { "user-id": null })).toMatchObject(stale);
    expect(await me(ada, {}, { userId: "0" })).toMatchObject(stale);
    expect(await me(ada)).toMatchObject(well);
  });

  test("covers the query", async () => {
    const ada = await sessionOf("adabell");
    expect(await me(ada, {}, { query: "?a=1" })).toMatchObject(well);
    expect(await me(ada, {}, { query: "?a=1", signedPath: mePath })).toMatchObject(stale);
  });

  test.each<[string, Headers, Signing]>([
    ["made up", { sign: "1:2:3:4" }, {}],
    ["missing", { sign: null }, {}],
    ["without its time", { time: null }, {}],
    ["of another time", { time: String(Date.now() - 1) }, {}],
    ["of a time in seconds", {}, { time: String(Math.floor(Date.now() / 1_000)) }],
    ["of a time that is no number", {}, { time: "now" }],
    ["without the app token", { "app-token": null }, {}],
    ["with another app token", { "app-token": "0".repeat(32) }, {}],
    ["in capitals", {}, { capitals: true }],
  ])("%s is answered with 400, and the session lives on", async (_what, change, signing) => {
    const ada = await sessionOf("adabell");
    expect(await me(ada, change, signing)).toMatchObject(stale);
    expect(await me(ada)).toMatchObject(well);
  });

  test("may be as old as the knob allows", async () => {
    const ada = await sessionOf("adabell");
    const time = String(Date.now() - 60_000);
    expect(await me(ada, {}, { time })).toMatchObject(well);
    await own({ timeDriftMs: 30_000 });
    expect(await me(ada, {}, { time })).toMatchObject(stale);
    expect(await me(ada)).toMatchObject(well);
  });
});

describe("the rules", () => {
  test("of the build before are worth nothing after a new revision, whose checksum may be below zero", async () => {
    const ada = await sessionOf("adabell");
    const before = await fetchRules();
    await own({ revision: 2 });
    expect(await me(ada, {}, { rules: before })).toMatchObject(stale);
    const after = await fetchRules();
    expect(after.revision).not.toBe(before.revision);
    expect(after.checksum_constant).toBeLessThan(-32 * "f".charCodeAt(0));
    expect(await me(ada, {}, { rules: after })).toMatchObject(well);
    await own({ rules: "stale" });
    expect(await fetchRules()).toEqual(before);
    expect(await me(ada)).toMatchObject(stale);
    expect(await me(ada, {}, { rules: after })).toMatchObject(well);
  });

  test("can be malformed or missing", async () => {
    await own({ rules: "malformed" });
    const malformed = await fetch(rulesAddress());
    expect(malformed.status).toBe(200);
    await expect(malformed.json()).rejects.toThrow(SyntaxError);
    await own({ rules: "missing" });
    expect((await fetch(rulesAddress())).status).toBe(404);
  });
});

describe("a session", () => {
  test("that is over is denied, or answered with isAuth false where so ordered", async () => {
    const ada = await sessionOf("adabell");
    await sandbox.expire({ platform: "onlyfans", kind: "grant", person: "adabell" });
    expect(await me(ada)).toMatchObject(denied);
    await own({ deadSessionStatus: 200 });
    expect(await me(ada)).toMatchObject({ status: 200, body: { isAuth: false } });
    // A mismatch is denied all the same.
    expect(await me(await sessionOf("otto_klang"), { "x-bc": null })).toMatchObject(denied);
  });

  test("lives ten days from its last answer", async () => {
    const day = 86_400_000;
    const ada = await sessionOf("adabell");
    const idle = await sessionOf("chimecafe");
    await sandbox.advanceClock(9 * day);
    expect(await me(ada)).toMatchObject(well);
    await sandbox.advanceClock(9 * day);
    expect(await me(idle)).toMatchObject(denied);
    expect(await me(ada)).toMatchObject(well);
  });

  test("with two factors needs its cookie under one of the two names, and a demanded fp its own", async () => {
    const plain = await sessionOf("adabell");
    expect(plain.cookie).toBe(`auth_id=${plain.auth_id}; sess=${plain.sess}`);
    await own({ twoFactor: true });
    const { auth_id, auth_uid, fp, cookie } = await sessionOf("adabell");
    expect(cookie).toBe(`${plain.cookie}; auth_uid_${auth_id}=${auth_uid}`);
    expect(await me(plain)).toMatchObject(denied);
    expect(await me(plain, { cookie: `${plain.cookie}; auth_uid_=${auth_id}` })).toMatchObject(denied);
    expect(await me(plain, { cookie })).toMatchObject(well);
    const short = `${plain.cookie}; auth_uid_=${auth_uid}`;
    expect(await me(plain, { cookie: short })).toMatchObject(well);
    await own({ fpCookie: true });
    expect(await me(plain, { cookie: short })).toMatchObject(denied);
    expect(await me(plain, { cookie: `${short}; fp=${fp}` })).toMatchObject(well);
  });

  test("survives challenge pages, outages and rate limits", async () => {
    const ada = await sessionOf("adabell");
    for (const pageStatus of [200, 403, 503]) {
      await own({ pageStatus });
      const page = await me(ada, { "x-bc": null });
      expect([page.status, page.headers.get("content-type")]).toEqual([
        pageStatus,
        "text/html; charset=utf-8",
      ]);
    }
    await own({ pageStatus: 0 });
    await sandbox.fault({ platform: "onlyfans", operation: "me", times: 1, kind: "status", status: 503 });
    expect(await me(ada)).toMatchObject({ status: 503, body: { error: { code: 503 } } });
    await sandbox.fault({ platform: "onlyfans", operation: "me", times: 1, kind: "rate_limit" });
    const limited = await me(ada);
    expect([limited.status, limited.headers.get("retry-after")]).toEqual([429, "60"]);
    await sandbox.clearFaults();
    expect(await me(ada)).toMatchObject(well);
  });
});

type Signing = {
  rules?: Rules;
  userId?: string;
  time?: string;
  query?: string;
  signedPath?: string;
  capitals?: boolean;
};

/** Who am I, with headers changed (null: left out) or signed otherwise. */
async function me(session: Session, change: Headers = {}, signing: Signing = {}): Promise<Reply> {
  const { userId = session.auth_id, time = String(Date.now()), query = "" } = signing;
  const rules = signing.rules ?? (await fetchRules());
  const path = signing.signedPath ?? mePath + query;
  const all: Headers = {
    accept: "application/json, text/plain, */*",
    "app-token": rules["app-token"] ?? rules.app_token ?? null,
    "user-id": session.auth_id,
    "x-bc": session["x-bc"],
    "user-agent": session.user_agent,
    referer: "https://onlyfans.com",
    cookie: session.cookie,
    time,
    sign: sign(rules, [time, path, userId], signing.capitals ? "upper" : "lower"),
    ...change,
  };
  const headers = Object.entries(all).filter((pair): pair is [string, string] => pair[1] !== null);
  const response = await fetch(`${sandbox.url}/onlyfans.com${mePath}${query}`, { headers });
  const isJson = response.headers.get("content-type")?.startsWith("application/json");
  const body: unknown = isJson ? await response.json() : await response.text();
  return { status: response.status, body, headers: response.headers };
}

function sign(rules: Rules, parts: string[], letters: "upper" | "lower"): string {
  const hex = createHash("sha1")
    .update([rules.static_param, ...parts].join("\n"))
    .digest("hex");
  const digest = letters === "upper" ? hex.toUpperCase() : hex;
  const codes = rules.checksum_indexes.map((index) => digest.charCodeAt(index));
  const checksum = Math.abs(total(codes) + rules.checksum_constant).toString(16);
  if (rules.format) return rules.format.replace("{}", digest).replace("{:x}", checksum);
  return [rules.prefix ?? rules.start, digest, checksum, rules.suffix ?? rules.end].join(":");
}

function total(numbers: number[]): number {
  return numbers.reduce((all, one) => all + one, 0);
}

async function fetchRules(): Promise<Rules> {
  // safe: the sandbox's own feed; whatever is not so shaped fails the tests
  return (await (await fetch(rulesAddress())).json()) as Rules;
}

async function sessionOf(person: string): Promise<Session> {
  // safe: as above
  return (await (await fetch(pageAddress({ person, format: "json" }))).json()) as Session;
}

async function logIn(person: string): Promise<Session> {
  const response = await fetch(pageAddress({ person, format: "json" }), { method: "POST" });
  // safe: as above
  return (await response.json()) as Session;
}

function rulesAddress(): string {
  return `${sandbox.url}/rules.onlyfans.example/rules.json`;
}

function pageAddress(query: Record<string, string> = {}): string {
  const search = new URLSearchParams(query).toString();
  return `${sandbox.url}/onlyfans.com/my/sandbox-session${search ? `?${search}` : ""}`;
}

function own(knobs: Record<string, string | number | boolean>) {
  return sandbox.settings({ platform: "onlyfans", own: knobs });
}
