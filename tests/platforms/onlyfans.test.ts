import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Pool } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { ConnectionDto, ConnectionsAnswer } from "@/lib/connections/schema";
import { PlatformError, type SessionConnector } from "@/lib/platforms/contract";
import { createKit } from "@/lib/platforms/kit";
import { readPaste } from "@/lib/platforms/onlyfans/paste";
import { onlyfans } from "@/lib/platforms/onlyfans/provider";
import { readRules, signatureOf } from "@/lib/platforms/onlyfans/signing";
import { type RunningApp, startApp } from "../support/app";
import { type PersonAtApp, signUp } from "../support/people";
import { createDatabase } from "../support/postgres";
import { successOf } from "../support/posting";
import { testSecrets } from "../support/secrets";

type Reply = { status?: number; body?: unknown; raw?: string; headers?: Record<string, string>; drop?: true };
type Seen = { line: string; headers: IncomingHttpHeaders };

const ME = "GET /onlyfans.com/api2/v2/users/me";
const RULES = "GET /rules.example/rules.json";
const fields = {
  auth_id: "123456",
  sess: "CNRYsess7qp2vx",
  x_bc: "c0ffee00c0ffee00c0ffee00c0ffee00c0ffee99",
  user_agent: "Mozilla/5.0 (CNRY; Linux x86_64) Gecko/20100101 Firefox/140.0",
  auth_uid: "CNRYuid5tt",
};
const secrets = [fields.sess, fields.x_bc, fields.user_agent, fields.auth_uid];
const straight = Array.from({ length: 32 }, (_, index) => index);
const crooked = [
  39, 0, 0, 1, 2, 3, 5, 8, 13, 21, 34, 39, 38, 37, 10, 10, 10, 20, 20, 30, 31, 32, 33, 4, 6, 7, 9, 11, 12, 14,
  15, 16,
];
const rulesFile = {
  static_param: "rYq6qDXBPxk2pTWBcC3D",
  format: "54321:{}:{:x}:68a1b2c3",
  checksum_indexes: straight,
  checksum_constant: -466,
  app_token: "33d57ade8c02dbc5a333db99ff9ae26a",
};
const valid = {
  id: 123456,
  username: "adabell",
  name: "Ada Bell",
  isAuth: true,
  email: "ada@private.test",
  wsAuthToken: "CNRYws",
};

let server: Server;
let origin: string;
let script: Record<string, Reply>;
let seen: Seen[];

beforeAll(async () => {
  server = createServer((request, response) => {
    const line = `${request.method} ${request.url}`;
    seen.push({ line, headers: request.headers });
    const reply = script[line] ?? { status: 404, raw: "<h1>Nothing here</h1>" };
    if (reply.drop) return void request.socket.destroy();
    response.writeHead(reply.status ?? 200, { "content-type": "application/json", ...reply.headers });
    response.end(reply.raw ?? JSON.stringify(reply.body));
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((closed) => server.close(closed).closeAllConnections()));
beforeEach(() => {
  seen = [];
  script = { [RULES]: { body: rulesFile }, [ME]: { body: valid } };
});

const lines = () => seen.map(({ line }) => line);

describe("the signature", () => {
  // Worked out from the formula with another program.
  test.each([
    [
      straight,
      -466,
      "rYq6qDXBPxk2pTWBcC3D",
      "54321",
      "68a1b2c3",
      "123456",
      "76892adf68f7ae7d742f25e8f5ef5aac01bebac8:79c",
    ],
    [
      straight,
      -466,
      "rYq6qDXBPxk2pTWBcC3D",
      "54321",
      "68a1b2c3",
      "0",
      "2c553fd5ec4636d9de80a6202a8fb9073443178b:6f4",
    ],
    [crooked, -5000, "p", "1", "z", "123456", "21b8c1deefe81abf907145174a61700330e52e5c:a0f"],
    [crooked, 0, "p", "1", "z", "0", "1aa671a31f4d57e8c0d792cae083a3d6f201fb5c:8bc"],
  ])("of indexes %# is the known one", (indexes, constant, param, prefix, suffix, userId, known) => {
    const rules = readRules({
      static_param: param,
      prefix,
      suffix,
      checksum_indexes: indexes,
      checksum_constant: constant,
    });
    if (!rules) throw new Error("These rules are right.");
    const time = "1793750400123";
    expect(signatureOf(rules, { path: "/api2/v2/users/me", userId, time })).toBe(
      `${prefix}:${known}:${suffix}`,
    );
  });

  test("the spellings of a rules file say the same", () => {
    const { format: _format, checksum_constant: _constant, app_token, ...rest } = rulesFile;
    const spread = [-400, -60, -6];
    const known = readRules(rulesFile);
    expect(known).toMatchObject({ prefix: "54321", suffix: "68a1b2c3", checksumConstant: -466 });
    const ends = { start: "54321", end: "68a1b2c3", "app-token": app_token, checksum_constants: spread };
    expect(readRules({ ...rest, ...ends })).toEqual(known);
    expect(readRules({ ...rulesFile, checksum_constants: spread })).toEqual(known);
  });

  test.each([
    ["nothing", null],
    ["a list", []],
    ["too few indexes", { ...rulesFile, checksum_indexes: [1, 2] }],
    ["an index beyond the hash", { ...rulesFile, checksum_indexes: [...straight.slice(1), 40] }],
    ["another format", { ...rulesFile, format: "a:{}:{:d}:b" }],
    ["a second header in the format", { ...rulesFile, format: "a\r\nx:{}:{:x}:b" }],
    ["constants of two builds", { ...rulesFile, checksum_constants: [1] }],
    ["no constant", { ...rulesFile, checksum_constant: undefined }],
    ["no prefix", { ...rulesFile, format: undefined }],
  ])("rules with %s are none", (_name, file) => expect(readRules(file)).toBeNull());
});

describe("reading a paste", () => {
  const whole = { ...fields, auth_uid: `auth_uid_123456=${fields.auth_uid}` };
  const cookie = `fp=1; auth_id=123456; sess=${fields.sess}; auth_uid_123456=${fields.auth_uid}; st=a=b`;

  test.each([
    [
      "cURL for bash",
      `curl 'https://onlyfans.com/api2/v2/users/me' \\\n  -H 'accept: */*' \\\n  -b '${cookie}' \\\n  -H 'user-agent: ${fields.user_agent}' \\\n  -H 'x-bc: ${fields.x_bc}'`,
    ],
    [
      "cURL of Firefox",
      `curl 'https://onlyfans.com/api2/v2/users/me' --compressed -H 'User-Agent: ${fields.user_agent}' -H 'x-bc: ${fields.x_bc}' -H 'Cookie: ${cookie}'`,
    ],
    [
      "cURL for Windows",
      `curl ^"https://onlyfans.com/api2/v2/users/me^" ^\r\n  -b ^"${cookie}^" ^\r\n  -H ^"user-agent: ${fields.user_agent}^" ^\r\n  -H ^"x-bc: ${fields.x_bc}^"`,
    ],
    [
      "headers, line by line",
      `GET /api2/v2/users/me HTTP/2\r\nHost: onlyfans.com\r\nUser-Agent: ${fields.user_agent}\r\nX-BC: ${fields.x_bc}\r\nCookie: ${cookie}\r\n`,
    ],
    [
      "headers, each name on a line of its own",
      `cookie:\n${cookie}\nuser-agent:\n${fields.user_agent}\nx-bc:\n${fields.x_bc}`,
    ],
  ])("%s", (_name, text) => expect(readPaste(text)).toEqual(whole));

  test("a Cookie header alone, with its name or without", () => {
    const { auth_id, sess, auth_uid } = whole;
    expect(readPaste(cookie)).toEqual({ auth_id, sess, auth_uid });
    expect(readPaste(`Cookie: ${cookie}`)).toEqual({ auth_id, sess, auth_uid });
  });

  test.each(["", "hello", "https://onlyfans.com/", "curl 'https://onlyfans.com'", "{}"])(
    "nothing is read out of %j",
    (text) => expect(readPaste(text)).toEqual({}),
  );
});

describe("the provider", () => {
  const provider = (settings: Record<string, string> = { rulesUrl: `${origin}/rules.example/rules.json` }) =>
    onlyfans(createKit({ clientId: "", clientSecret: "", sandboxUrl: origin, settings }));
  const connector = (settings?: Record<string, string>): SessionConnector => {
    const found = provider(settings).connector;
    if (found.kind !== "session") throw new Error("OnlyFans is pasted.");
    return found;
  };
  const credentials = (values: Record<string, string> = fields) => {
    const accepted = connector().accept(values, null);
    if ("problems" in accepted) throw new Error(JSON.stringify(accepted.problems));
    return accepted.credentials;
  };
  const check = (
    given: { rules?: string | null; settings?: Record<string, string>; values?: Record<string, string> } = {},
  ) =>
    connector(given.settings).check(credentials(given.values), {
      rules: given.rules ?? null,
      sending: async () => void seen.push({ line: "fence", headers: {} }),
    });
  const failureOf = async (promise: Promise<unknown>): Promise<PlatformError> => {
    const error = await promise.then(
      () => new Error("It succeeded."),
      (reason: unknown) => reason,
    );
    if (!(error instanceof PlatformError)) throw error;
    const told: string[] = [];
    for (let cause: unknown = error; cause instanceof Error; cause = cause.cause)
      told.push(cause.message, cause.stack ?? "", JSON.stringify(cause));
    for (const secret of secrets) expect(told.join("\n")).not.toContain(secret);
    return error;
  };

  test.each([
    ["auth_id", "12a"],
    ["auth_id", ""],
    ["sess", "a; b=c"],
    ["sess", ""],
    ["x_bc", "c0ffee"],
    ["user_agent", "Mozilla/5.0\r\nx-evil: 1"],
    ["auth_uid", "auth_uid_999=abc"],
    ["auth_uid", "a b"],
  ])("a wrong %s (%j) is named, and not repeated", (field, value) => {
    const accepted = connector().accept({ ...fields, [field]: value }, null);
    const problems = "problems" in accepted ? accepted.problems : [];
    expect(problems.map((problem) => problem.field)).toEqual([field]);
    if (value) expect(problems[0]?.message).not.toContain(value);
  });

  test("a rules file that is none is named", () => {
    expect(connector().accept(fields, "{")).toMatchObject({ problems: [{ field: "rules" }] });
    expect(connector().accept(fields, JSON.stringify(rulesFile))).toHaveProperty("credentials");
  });

  test("who it is, is said without asking anyone", async () => {
    expect(await provider().identify(credentials())).toMatchObject({
      subject: "123456",
      identities: [{ remoteId: "123456", name: "Account 123456", handle: null }],
    });
    expect(seen).toEqual([]);
  });

  test("one request carries all that is pinned, signed, behind the fence", async () => {
    const before = Date.now();
    expect(await check()).toEqual({
      remoteId: "123456",
      name: "Ada Bell",
      handle: "adabell",
      avatarUrl: null,
      profileUrl: "https://onlyfans.com/adabell",
      metadata: {},
      missing: [],
    });
    expect(lines()).toEqual([RULES, "fence", ME]);
    expect(seen[0]?.headers.cookie).toBeUndefined();
    const headers = seen[2]?.headers ?? {};
    expect(headers).toMatchObject({
      accept: "application/json, text/plain, */*",
      "app-token": rulesFile.app_token,
      "user-id": "123456",
      "x-bc": fields.x_bc,
      "user-agent": fields.user_agent,
      referer: "https://onlyfans.com",
      cookie: `auth_id=123456; sess=${fields.sess}; auth_uid_123456=${fields.auth_uid}`,
    });
    const time = String(headers["time"]);
    expect(Number(time)).toBeGreaterThanOrEqual(before);
    expect(Number(time)).toBeLessThanOrEqual(Date.now());
    const rules = readRules(rulesFile);
    expect(headers["sign"]).toBe(
      rules && signatureOf(rules, { path: "/api2/v2/users/me", userId: "123456", time }),
    );
  });

  test("a two-factor cookie keeps the name it had, and is left out where there is none", async () => {
    await check({ values: { ...fields, auth_uid: "auth_uid_=abc" } });
    await check({ values: { ...fields, auth_uid: "" } });
    expect(seen.flatMap(({ headers }) => headers.cookie ?? [])).toEqual([
      `auth_id=123456; sess=${fields.sess}; auth_uid_=abc`,
      `auth_id=123456; sess=${fields.sess}`,
    ]);
  });

  test("where the rules drop user-id, nobody's number is signed", async () => {
    await check({ rules: JSON.stringify({ ...rulesFile, remove_headers: ["User-Id"] }) });
    expect(lines()).toEqual(["fence", ME]);
    const headers = seen[1]?.headers ?? {};
    expect(headers["user-id"]).toBeUndefined();
    const rules = readRules(rulesFile);
    const time = String(headers["time"]);
    expect(headers["sign"]).toBe(
      rules && signatureOf(rules, { path: "/api2/v2/users/me", userId: "0", time }),
    );
  });

  test.each(["cookie", "User-Agent", "x-bc", "sign"])(
    "rules that drop %s are not used: a session is not shown without it",
    async (name) => {
      const rules = JSON.stringify({ ...rulesFile, remove_headers: [name] });
      expect(await failureOf(check({ rules }))).toMatchObject({ kind: "unavailable", code: "bad_rules" });
      expect(seen).toEqual([]);
    },
  );

  test.each<[string, Reply, string]>([
    ["missing", { status: 404, body: {} }, "no_rules"],
    ["a page", { raw: "<html>" }, "no_rules"],
    ["moved", { status: 302, raw: "{}", headers: { location: "https://evil.example/" } }, "no_rules"],
    ["cut off", { drop: true }, "no_rules"],
    ["of another shape", { body: { static_param: "x" } }, "bad_rules"],
    [
      "older than any that lived",
      { body: rulesFile, headers: { "last-modified": new Date(Date.now() - 40 * 86_400_000).toUTCString() } },
      "stale_rules",
    ],
  ])("rules that are %s: OnlyFans is not asked", async (_name, reply, code) => {
    script[RULES] = reply;
    expect(await failureOf(check())).toMatchObject({ kind: "unavailable", code });
    expect(lines()).toEqual([RULES]);
  });

  test("without rules, and with an address that is not safe, nothing is asked", async () => {
    expect(await failureOf(check({ settings: {} }))).toMatchObject({ code: "no_rules" });
    const real = onlyfans(
      createKit({
        clientId: "",
        clientSecret: "",
        settings: { rulesUrl: `${origin}/rules.example/rules.json` },
      }),
    ).connector;
    if (real.kind !== "session") throw new Error("OnlyFans is pasted.");
    const unsafe = real.check(credentials(), { rules: null, sending: async () => {} });
    expect(await failureOf(unsafe)).toMatchObject({ code: "insecure_rules" });
    expect(seen).toEqual([]);
  });

  test("in sandbox mode the rules of the real world stay unread", async () => {
    await failureOf(check({ settings: { rulesUrl: "https://rules.invalid/file.json" } }));
    expect(lines()).toEqual(["GET /rules.invalid/file.json"]);
  });

  test.each<[string, Reply, string, string]>([
    ["not signed in", { body: { ...valid, isAuth: false } }, "reconnect", "signed_out"],
    ["401", { status: 401, body: { error: { code: 101, message: "Wrong." } } }, "reconnect", "401"],
    [
      "access denied",
      { status: 403, body: { error: { message: "Access denied." } } },
      "reconnect",
      "access_denied",
    ],
    ["another account", { body: { ...valid, id: 654321 } }, "reconnect", "other_account"],
    [
      "400",
      { status: 400, body: { error: { code: 301, message: "Please refresh the page" } } },
      "unavailable",
      "400",
    ],
    ["403", { status: 403, body: {} }, "unavailable", "403"],
    ["429", { status: 429, body: {} }, "unavailable", "429"],
    ["503", { status: 503, body: {} }, "unavailable", "503"],
    ["a page", { status: 401, raw: "<html>Just a moment</html>" }, "unavailable", "not_json"],
    ["another shape", { body: { ok: true } }, "unavailable", "unreadable"],
    [
      "a redirect",
      { status: 302, raw: "{}", headers: { location: "https://evil.example/" } },
      "unavailable",
      "302",
    ],
    ["no answer", { drop: true }, "unavailable", "no_answer"],
  ])("%s is told from the others, and asked about once", async (_name, reply, kind, code) => {
    script[ME] = reply;
    expect(await failureOf(check())).toMatchObject({ kind, code, effect: "definite" });
    expect(lines().filter((line) => line === ME)).toHaveLength(1);
  });

  test("nothing is published", async () => {
    const access = { accessToken: "x", remoteId: "123456", metadata: {} };
    const content = { text: "Hello", replies: [], media: [], options: {} };
    const sending = async () => {};
    expect(await failureOf(provider().publish({ access, content, resume: null, sending }))).toMatchObject({
      kind: "rejected",
    });
    expect(seen).toEqual([]);
  });
});

describe("through the app", () => {
  let app: RunningApp;
  let pool: Pool;
  let ada: PersonAtApp;
  let otto: PersonAtApp;
  let drop: () => Promise<void>;

  beforeAll(async () => {
    const database = await createDatabase();
    drop = database.drop;
    pool = new Pool({ connectionString: database.url, max: 2 });
    seen = [];
    app = await startApp({
      databaseUrl: database.url,
      sandboxUrl: origin,
      env: { ONLYFANS_RULES_URL: `${origin}/rules.example/rules.json`, LOG_LEVEL: "debug", WORKERS: "off" },
    });
    ada = await signUp(app.url, { name: "Ada Bell" });
    otto = await signUp(app.url, { name: "Otto Klang" });
  });
  afterAll(async () => {
    await app.stop();
    await pool.end();
    await drop();
  });
  beforeEach(() => pool.query("truncate grants, audit cascade"));
  afterEach(async () => {
    // Whatever a test did: no value is in the log, and none lies open in the database.
    const { rows } = await pool.query(
      "select (select json_agg(g) from grants g) as g, (select json_agg(c) from connections c) as c, (select json_agg(a) from audit a) as a",
    );
    const told = `${app.output()}${JSON.stringify(rows)}`;
    for (const secret of [...secrets, valid.wsAuthToken, valid.email]) expect(told).not.toContain(secret);
    // Nobody was asked but OnlyFans and the rules.
    expect(lines().filter((line) => line !== ME && line !== RULES)).toEqual([]);
  });

  const send = (person: PersonAtApp, more: object = {}) =>
    person.send("POST", "/api/connections", {
      platform: "onlyfans",
      fields,
      check: false,
      consent: true,
      ...more,
    });
  const paste = async (more: object = {}): Promise<ConnectionDto> => {
    const response = await send(ada, more);
    const words = await response.clone().text();
    for (const secret of secrets) expect(words).not.toContain(secret);
    const connection = await successOf<ConnectionDto>(response);
    expect(response.status).toBe(201);
    return connection;
  };
  const refusal = async (response: Response) => {
    const words = await response.text();
    for (const secret of secrets) expect(words).not.toContain(secret);
    const { error } = JSON.parse(words) as {
      error: { code: string; details?: { issues: { path: string }[] } };
    };
    return {
      status: response.status,
      code: error.code,
      paths: error.details?.issues.map(({ path }) => path),
    };
  };
  const asked = () => lines().filter((line) => line === ME).length;

  test("a session is stored without anybody being asked", async () => {
    const connection = await paste();
    expect(connection).toMatchObject({
      platform: "onlyfans",
      remoteId: "123456",
      name: "Account 123456",
      status: "active",
      metadata: { checked: false, checkedAt: null, askedAt: null },
      refreshDueAt: null,
      renewsItself: false,
      leaving: { revokes: false, byHand: expect.stringContaining("log out") },
      lastError: null,
    });
    expect(seen).toEqual([]);
    const { rows } = await pool.query("select credentials from grants");
    expect(rows).toEqual([{ credentials: expect.stringMatching(/^v\d\./) }]);
    const listed = await successOf<ConnectionsAnswer>(await ada.fetch("/api/connections"));
    expect(listed.connections).toEqual([connection]);
    expect(listed.platforms.find(({ spec }) => spec.id === "onlyfans")).toMatchObject({
      connects: "session",
      unconfigured: [],
      spec: { publishes: false },
    });
  });

  test("a check names the account, and there is no second one", async () => {
    const connection = await paste({ check: true });
    expect(connection).toMatchObject({
      name: "Ada Bell",
      handle: "adabell",
      profileUrl: "https://onlyfans.com/adabell",
      status: "active",
      metadata: { checked: true, checkedAt: expect.any(String), askedAt: expect.any(String) },
    });
    expect(asked()).toBe(1);
    const again = await ada.send("POST", `/api/connections/${connection.id}/check`);
    expect(await refusal(again)).toMatchObject({ status: 409, code: "asked_before" });
    await ada.fetch(`/api/connections/${connection.id}`);
    expect(asked()).toBe(1);
  });

  test("a stored session can be checked later, once, by ten presses at the same moment", async () => {
    const { id } = await paste();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => ada.send("POST", `/api/connections/${id}/check`)),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(9);
    expect(asked()).toBe(1);
    expect(
      (await successOf<ConnectionDto>(await ada.fetch(`/api/connections/${id}`))).metadata["checked"],
    ).toBe(true);
  });

  test("a refused session is never shown again: not by a check, not by pasting it again, not by a schedule", async () => {
    script[ME] = { status: 401, body: { error: { message: "Access denied." } } };
    const connection = await paste({ check: true });
    expect(connection).toMatchObject({
      status: "reconnect",
      metadata: { checked: false },
      lastError: { code: "access_denied", message: expect.stringContaining("does not accept this session") },
    });
    const again = await ada.send("POST", `/api/connections/${connection.id}/check`);
    expect(await refusal(again)).toMatchObject({ status: 409, code: "asked_before" });
    expect(await refusal(await send(ada, { check: true }))).toMatchObject({
      status: 409,
      code: "refused_before",
    });
    expect(await refusal(await send(ada, { check: false, connection: connection.id }))).toMatchObject({
      code: "refused_before",
    });
    for (const job of ["refresh-tokens", "run-jobs"]) {
      await fetch(`${app.url}/api/cron/${job}`, {
        headers: { authorization: `Bearer ${testSecrets.CRON_SECRET}` },
      });
    }
    expect(asked()).toBe(1);

    script[ME] = { body: valid };
    const fresh = { ...fields, sess: "CNRYsess7qp2vx2" };
    const renewed = await paste({ fields: fresh, check: true, connection: connection.id });
    expect(renewed).toMatchObject({
      id: connection.id,
      status: "active",
      metadata: { checked: true },
      lastError: null,
    });
    expect(asked()).toBe(2);
  });

  test.each<[string, Record<string, Reply>, string, number]>([
    ["rules that are gone", { [RULES]: { status: 404, body: {} } }, "no_rules", 0],
    ["stale rules", { [ME]: { status: 400, body: { error: { code: 301 } } } }, "400", 1],
    ["a wall", { [ME]: { status: 403, raw: "<html>" } }, "not_json", 1],
    ["a bad day", { [ME]: { status: 503, body: {} } }, "503", 1],
  ])("%s: stored, not checked, and told why", async (_name, world, code, requests) => {
    Object.assign(script, world);
    const connection = await paste({ check: true });
    expect(connection).toMatchObject({ status: "active", metadata: { checked: false }, lastError: { code } });
    expect(Boolean(connection.metadata["askedAt"])).toBe(requests === 1);
    expect(asked()).toBe(requests);
    // Where nothing was sent, it may still be; where something was, not again.
    Object.assign(script, { [RULES]: { body: rulesFile }, [ME]: { body: valid } });
    const later = await ada.send("POST", `/api/connections/${connection.id}/check`);
    expect(later.status).toBe(requests === 1 ? 409 : 200);
    expect(asked()).toBe(1);
  });

  test("pasted rules are used instead of the operator's, and not kept", async () => {
    const rules = JSON.stringify({ ...rulesFile, static_param: "CNRYrules" });
    expect(await paste({ check: true, rules })).toMatchObject({ metadata: { checked: true } });
    expect(lines()).toEqual([ME]);
    const { rows } = await pool.query("select json_agg(c) as c from connections c");
    expect(JSON.stringify(rows)).not.toContain("CNRYrules");
  });

  test("a checked name stays when the account is pasted anew", async () => {
    const { id } = await paste({ check: true });
    const renewed = await paste({ fields: { ...fields, sess: "CNRYsess7qp2vx2" }, connection: id });
    expect(renewed).toMatchObject({ id, handle: "adabell", metadata: { checked: false, askedAt: null } });
  });

  test("another's account is refused, before OnlyFans is asked; so is another account in the place of one", async () => {
    const { id } = await paste();
    const before = (await pool.query("select * from grants, connections")).rows;
    expect(await refusal(await send(otto, { check: true }))).toMatchObject({
      status: 409,
      code: "owned_by_other",
    });
    const other = { ...fields, auth_id: "654321", auth_uid: "" };
    expect(await refusal(await send(ada, { fields: other, check: true, connection: id }))).toMatchObject({
      status: 422,
      paths: ["fields.auth_id"],
    });
    expect(await refusal(await send(otto, { connection: id }))).toMatchObject({ status: 404 });
    expect(seen).toEqual([]);
    expect((await pool.query("select * from grants, connections")).rows).toEqual(before);
  });

  test("of two who paste one account at the same moment, one gets it", async () => {
    const statuses = (await Promise.all([send(ada), send(otto)])).map(({ status }) => status).sort();
    expect(statuses).toEqual([201, 409]);
    expect((await pool.query("select * from connections")).rows).toHaveLength(1);
  });

  test("what is missing is named, and nothing is stored", async () => {
    expect(await refusal(await send(ada, { consent: false }))).toMatchObject({
      status: 400,
      paths: ["consent"],
    });
    expect(await refusal(await send(ada, { fields: { ...fields, sess: "", x_bc: "no" } }))).toMatchObject({
      status: 422,
      code: "invalid_session",
      paths: ["fields.sess", "fields.x_bc"],
    });
    expect(await refusal(await send(ada, { rules: "{}" }))).toMatchObject({ status: 422, paths: ["rules"] });
    expect(await refusal(await send(ada, { platform: "threads" }))).toMatchObject({
      status: 409,
      code: "not_session",
    });
    expect(await refusal(await send(ada, { platform: "nowhere" }))).toMatchObject({ status: 404 });
    expect(await refusal(await ada.send("POST", "/api/oauth/onlyfans/connect", {}))).toMatchObject({
      status: 409,
      code: "not_oauth",
    });
    expect((await pool.query("select * from grants")).rows).toEqual([]);
  });

  test("nothing is published to it, in words, by either form of a post", async () => {
    const { id } = await paste();
    const long = await ada.send("POST", "/api/post", {
      content: { text: "Hello" },
      targets: [{ connectionId: id }],
    });
    expect(await long.text()).toContain("Carillon does not publish to OnlyFans");
    const short = await ada.send("POST", "/api/post", {
      platforms: ["onlyfans"],
      content: { text: "Hello" },
    });
    expect(short.status).toBe(422);
    expect(await short.text()).toContain("Carillon does not publish to OnlyFans");
    expect(seen).toEqual([]);
  });

  test("it is never renewed, and leaving shreds it without asking anyone", async () => {
    const { id } = await paste();
    expect(await refusal(await ada.send("POST", `/api/connections/${id}/refresh`))).toMatchObject({
      status: 409,
      code: "not_renewable",
    });
    const left = await successOf<{ revoked: boolean; remains: string[] }>(
      await ada.send("DELETE", `/api/connections/${id}`),
    );
    expect(left).toEqual({
      revoked: false,
      remains: [expect.stringContaining("destroyed"), expect.stringContaining("log out of all sessions")],
    });
    expect((await pool.query("select * from grants, connections")).rows).toEqual([]);
    expect(seen).toEqual([]);
  });
});
