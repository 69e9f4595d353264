/** The sandbox as a process of its own, through its HTTP doors: is the simulated Threads as strict as the sheet? */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

type Running = { origin: string; child: ChildProcess };
type Json = Record<string, unknown>;

const redirectUri = "http://127.0.0.1:3000/api/oauth/threads/callback";
const ada = "17841405793187219";
const hour = 3_600_000;
const allScopes = "threads_basic,threads_content_publish,threads_delete";
const graph = "graph.threads.net/v1.0";

let sandbox: Running;

beforeAll(async () => {
  sandbox = await start();
});
afterAll(() => stop(sandbox));
beforeEach(() => control("reset", {}));

describe("the way in", () => {
  test("consent, code, short token, long token, profile, post, list and delete follow one another", async () => {
    const code = await newCode();
    const answer = await exchange(code);
    expect(answer.status).toBe(200);
    const text = await answer.text();
    expect(text).toContain(`"user_id":${ada}}`);
    expect(String(JSON.parse(text).user_id)).not.toBe(ada);
    const long = await lengthen(JSON.parse(text).access_token);
    expect(long).toMatchObject({ token_type: "bearer", expires_in: 5_183_944 });
    const token = String(long["access_token"]);

    const me = await get(`${graph}/me`, { fields: "id,username,name", access_token: token });
    expect(me).toEqual({ id: ada, username: "adabell", name: "Ada Bell" });

    const container = await post(`${graph}/me/threads`, {
      media_type: "TEXT",
      text: "Good morning #bells https://example.org/a",
      access_token: token,
    });
    await finished(String(container["id"]), token);
    const published = await publish(String(container["id"]), token);
    const id = String(published.body["id"]);
    expect(published.status).toBe(200);
    expect(id).not.toBe(container["id"]);

    const list = await get(`${graph}/me/threads`, { fields: "id,text,permalink", access_token: token });
    expect(list["data"]).toEqual([
      {
        id,
        text: "Good morning #bells https://example.org/a",
        permalink: `${sandbox.origin}/feed/threads/${id}`,
      },
    ]);
    const quota = { fields: "quota_usage,config", access_token: token };
    expect(await get(`${graph}/${ada}/threads_publishing_limit`, quota)).toEqual({
      data: [{ quota_usage: 1, config: { quota_total: 250, quota_duration: 86_400 } }],
    });
    const shown = await fetch(`${sandbox.origin}/feed/threads/${id}`);
    expect(await shown.text()).toContain("Good morning #bells");
    expect(await effects()).toMatchObject([
      { id, author: "adabell", link: "https://example.org/a", deleted: false, details: { topic: "bells" } },
    ]);

    const gone = await call("DELETE", `${graph}/${id}?access_token=${token}`);
    expect(gone.body).toEqual({ success: true, deleted_id: id });
    expect(await effects()).toMatchObject([{ id, deleted: true }]);
    expect((await call("GET", `${graph}/${id}?access_token=${token}`)).body).toMatchObject({
      error: { code: 100, error_subcode: 33 },
    });
  });

  test("the page asks who it is, offers to untick, and sends the browser back with the code and #_", async () => {
    const address = `${sandbox.origin}/${authorizePath()}`;
    const page = await fetch(address);
    const markup = await page.text();
    expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(markup).toContain("Nothing leaves this machine");
    expect(markup).toContain('type="checkbox" name="scope" value="threads_delete"');
    expect(markup).not.toContain('type="checkbox" name="scope" value="threads_basic"');
    const decision = new URLSearchParams({ person: ada, scope: "threads_basic", decision: "allow" });
    const back = await fetch(address, { method: "POST", body: decision, redirect: "manual" });
    expect(back.status).toBe(302);
    const location = back.headers.get("location") ?? "";
    expect(location).toMatch(/^http:\/\/127\.0\.0\.1:3000\/api\/oauth\/threads\/callback\?.*#_$/);
    expect(new URL(location).searchParams.get("state")).toBe("state-1");

    const { access_token } = await jsonOf(await exchange(new URL(location).searchParams.get("code") ?? ""));
    const long = await lengthen(String(access_token));
    const refused = await post(`${graph}/me/threads`, {
      media_type: "TEXT",
      text: "no",
      access_token: String(long["access_token"]),
    });
    expect(refused).toMatchObject({ error: { code: 10 } });
  });

  test("a denial comes back in the platform's words", async () => {
    const { location } = await consent({ decision: "deny" });
    const back = new URL(String(location));
    expect(back.searchParams.get("error")).toBe("access_denied");
    expect(back.searchParams.get("error_reason")).toBe("user_denied");
    expect(back.searchParams.get("state")).toBe("state-1");
    expect(back.searchParams.has("code")).toBe(false);
  });

  test.each([
    ["another redirect URI", { redirect_uri: `${redirectUri}/` }],
    ["another client", { client_id: "someone" }],
    ["another response type", { response_type: "token" }],
    ["an unknown scope", { scope: "threads_basic,everything" }],
    ["scopes separated by spaces", { scope: "threads_basic threads_delete" }],
    ["no threads_basic", { scope: "threads_delete" }],
    ["a parameter it does not know", { code_challenge: "x" }],
  ])("%s is refused on the spot, never by a redirect", async (_name, changed) => {
    const answer = await fetch(`${sandbox.origin}/${authorizePath(changed)}`, { redirect: "manual" });
    expect(answer.status).toBe(400);
    expect(answer.headers.get("location")).toBeNull();
  });

  test("a code works once, for one hour, with its redirect URI and the right secret", async () => {
    const used = await newCode();
    expect((await exchange(used)).status).toBe(200);
    expect(await jsonOf(await exchange(used))).toEqual({
      error_type: "OAuthException",
      code: 400,
      error_message: "Matching code was not found or was already used",
    });
    const code = await newCode();
    expect((await exchange(code, { redirect_uri: "http://127.0.0.1:3000/" })).status).toBe(400);
    expect((await exchange(code, { client_secret: "wrong" })).status).toBe(400);
    expect((await exchange(`${code}#_`)).status).toBe(400);
    expect((await exchange(code, { code_verifier: "x".repeat(43) })).status).toBe(400);
    await control("clock", { advanceMs: hour });
    expect((await exchange(code)).status).toBe(400);
  });

  test("the code exchange takes a form body and nothing else", async () => {
    const fields = { ...exchangeFields(await newCode()) };
    const address = "graph.threads.net/oauth/access_token";
    expect((await call("POST", address, JSON.stringify(fields), "application/json")).status).toBe(400);
    expect((await call("POST", `${address}?${new URLSearchParams(fields)}`)).status).toBe(400);
  });
});

describe("tokens", () => {
  test("only a short token, with the right secret and within its hour, becomes a long one", async () => {
    const short = String((await jsonOf(await exchange(await newCode())))["access_token"]);
    expect(await lengthen(short, "wrong")).toMatchObject({ error: { code: 101 } });
    const long = String((await lengthen(short))["access_token"]);
    expect(await lengthen(long)).toMatchObject({ error: { code: 100 } });
    await control("clock", { advanceMs: hour });
    expect(await lengthen(short)).toMatchObject({ error: { code: 190 } });
  });

  test("a long token refreshes from its second day to its last, and not before or after", async () => {
    const token = await longToken();
    expect(await refresh(token)).toMatchObject({ error: { code: 100 } });
    await control("clock", { advanceMs: 24 * hour });
    const fresh = String((await refresh(token))["access_token"]);
    expect(fresh).toContain("CNRY_access");
    expect(fresh).not.toBe(token);
    await control("clock", { advanceMs: 60 * 24 * hour });
    expect(await refresh(fresh)).toMatchObject({ error: { code: 190, error_subcode: 463 } });
  });

  test("with family-killing rotation a replayed token ends the grant", async () => {
    await control("settings", { platform: "threads", rotation: "reuse_kills_family" });
    const token = await longToken();
    await control("clock", { advanceMs: 24 * hour });
    const fresh = String((await refresh(token))["access_token"]);
    await refresh(token);
    expect(await me(fresh)).toMatchObject({ error: { code: 190 } });
  });

  test("tokens expired by hand are refused at once, and only those of the person named", async () => {
    const [hers, theirs] = [await longToken("adabell"), await longToken("chimecafe")];
    await control("tokens/expire", { platform: "threads", kind: "access", person: "adabell" });
    expect(await me(hers)).toMatchObject({ error: { code: 190, error_subcode: 463 } });
    expect(await me(theirs)).toMatchObject({ id: "17841409876543211" });
  });

  test("everything secret carries the canary and is listed, and the log shows only fingerprints", async () => {
    const token = await longToken();
    await me(token);
    const issued = await listOf("issued");
    const values = issued.map(({ value }) => String(value));
    expect(issued.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(["client_secret", "code", "short", "access"]),
    );
    expect(values.every((value) => value.includes("CNRY_"))).toBe(true);
    const shown = JSON.stringify(await listOf("requests"));
    for (const value of values) expect(shown).not.toContain(value);
    expect(JSON.stringify(await listOf("requests?raw=1"))).toContain(token);
  });
});

describe("publishing", () => {
  test("a container is published when it is finished, once, and not after a day", async () => {
    await control("settings", { platform: "threads", own: { processingMs: 60_000 } });
    const token = await longToken();
    const id = await newContainer(token, { text: "patience" });
    expect(await status(id, token)).toBe("IN_PROGRESS");
    const early = await publish(id, token);
    expect(early.status).toBe(400);
    expect(early.body).toMatchObject({
      error: { code: 24, error_subcode: 4279009, is_transient: false, error_user_title: "Media Not Found" },
    });
    await control("clock", { advanceMs: 60_000 });
    expect(await status(id, token)).toBe("FINISHED");
    expect((await publish(id, token)).status).toBe(200);
    expect(await status(id, token)).toBe("PUBLISHED");
    expect((await publish(id, token)).status).toBe(400);
    const late = await newContainer(token, { text: "too late" });
    await control("clock", { advanceMs: 24 * hour });
    expect(await status(late, token)).toBe("EXPIRED");
    expect((await publish(late, token)).status).toBe(400);
    expect(await effects()).toHaveLength(1);
  });

  test.each([
    ["501 characters", { text: "a".repeat(501) }, "at most 500 characters"],
    ["126 emoji of four bytes", { text: "🔔".repeat(126) }, "at most 500 characters"],
    ["six links", { text: links(6) }, "THREADS_API__LINK_LIMIT_EXCEEDED"],
    ["five links and another one", { text: links(5), link_attachment: "https://z.example" }, "LINK_LIMIT"],
    ["a reply to nothing", { text: "hm", reply_to_id: "17900000000000001" }, "does not exist"],
    ["an unknown parameter", { text: "hm", colour: "red" }, "colour"],
    ["an image without its address", { media_type: "IMAGE" }, "image_url"],
    ["no text", {}, "text is required"],
    ["an unknown reply control", { text: "hm", reply_control: "nobody" }, "reply_control"],
  ])("%s is refused", async (_name, fields, words) => {
    const answer = await post(`${graph}/me/threads`, {
      media_type: "TEXT",
      ...fields,
      access_token: await longToken(),
    });
    expect(answer).toMatchObject({ error: { code: 100 } });
    expect(JSON.stringify(answer)).toContain(words);
  });

  test.each([
    ["500 characters", "a".repeat(500)],
    ["125 emoji of four bytes", "🔔".repeat(125)],
    ["digits and signs that only look like emoji", "1#*©".repeat(125)],
    ["five links, one of them twice", `${links(5)} https://0.example`],
  ])("%s are accepted", async (_name, text) => {
    expect(await newContainer(await longToken(), { text })).toMatch(/^\d{17,}$/);
  });

  test("replies go under the post, count by themselves, and both hosts answer", async () => {
    const token = await longToken();
    const root = await publishNow(token, { text: "root" });
    const reply = await publishNow(token, { text: "reply", reply_to_id: root });
    expect(await effects()).toMatchObject([{ id: root }, { id: reply, replyTo: root }]);
    const limits = await get("graph.threads.com/v1.0/me/threads_publishing_limit", {
      fields: "quota_usage,reply_quota_usage",
      access_token: token,
    });
    expect(limits).toEqual({ data: [{ quota_usage: 1, reply_quota_usage: 1 }] });
  });

  test("another person's posts cannot be deleted", async () => {
    const id = await publishNow(await longToken("chimecafe"), { text: "ours" });
    const answer = await call("DELETE", `${graph}/${id}?access_token=${await longToken("adabell")}`);
    expect(answer.body).toMatchObject({ error: { code: 10 } });
    expect(await effects()).toMatchObject([{ deleted: false }]);
  });

  test("what people write is escaped on every page", async () => {
    const text = `<script>alert("x")</script>`;
    const id = await publishNow(await longToken(), { text });
    for (const path of ["/", `/feed/threads/${id}`, "/log"]) {
      const page = await (await fetch(sandbox.origin + path)).text();
      expect(page).not.toContain("<script>alert");
    }
  });
});

describe("faults", () => {
  test.each([
    ["accept_then_hang", 1],
    ["accept_then_reset", 1],
    ["hang", 0],
    ["reset", 0],
  ])("%s: no answer, %i effect, and the next attempt goes as usual", async (kind, count) => {
    const token = await longToken();
    const id = await newContainer(token, { text: kind });
    await finished(id, token);
    await control("faults", { platform: "threads", operation: "publish", kind, times: 1 });
    const lost = publish(id, token, AbortSignal.timeout(500));
    await expect(lost).rejects.toThrow();
    expect(await effects()).toHaveLength(count);
    expect(await status(id, token)).toBe(count === 1 ? "PUBLISHED" : "FINISHED");
    const [entry] = await listOf("requests?operation=publish");
    expect(entry).toMatchObject({ status: null, fault: kind, effect: count === 1 });
    expect((await publish(id, token)).status).toBe(count === 1 ? 400 : 200);
    expect(await effects()).toHaveLength(1);
  });

  test("errors come in the platform's style, as often as asked, after as many as skipped", async () => {
    const token = await longToken();
    const fault = { platform: "threads", operation: "me", kind: "status", status: 503, times: 2, skip: 1 };
    await control("faults", fault);
    const seen = [await me(token), await me(token), await me(token), await me(token)];
    expect(seen.map((answer) => "error" in answer)).toEqual([false, true, true, false]);
    expect(seen[1]).toMatchObject({ error: { code: 2, is_transient: true } });
  });

  test("a rate limit says when to come back", async () => {
    const fault = { platform: "threads", operation: "me", kind: "rate_limit", retryAfterMs: 90_500 };
    await control("faults", fault);
    const answer = await fetch(`${sandbox.origin}/${graph}/me?access_token=${await longToken()}`);
    expect(answer.status).toBe(429);
    expect(answer.headers.get("retry-after")).toBe("91");
    expect(answer.headers.get("x-business-use-case-usage")).toContain('"estimated_time_to_regain_access":2');
    await fetch(`${sandbox.origin}/_sandbox/faults`, { method: "DELETE" });
    expect(await listOf("faults")).toEqual([]);
  });

  test("broken JSON, an HTML page, a slow body, lateness and a redirect can be had", async () => {
    const token = await longToken();
    const raw = async (fault: Json) => {
      await control("faults", { platform: "threads", operation: "me", times: 1, ...fault });
      return fetch(`${sandbox.origin}/${graph}/me?access_token=${token}`, { redirect: "manual" });
    };
    await expect((await raw({ kind: "malformed_json" })).json()).rejects.toThrow(SyntaxError);
    const page = await raw({ kind: "html_error" });
    expect([page.status, page.headers.get("content-type")]).toEqual([502, "text/html"]);
    const slow = await raw({ kind: "slow_body", overMs: 300 });
    const headersAt = performance.now();
    expect(await slow.json()).toEqual({ id: ada });
    expect(performance.now() - headersAt).toBeGreaterThan(150);
    const late = performance.now();
    expect((await raw({ kind: "latency", latencyMs: 200 })).status).toBe(200);
    expect(performance.now() - late).toBeGreaterThan(190);
    const moved = await raw({ kind: "redirect", url: `${sandbox.origin}/evil.example/steal` });
    expect([moved.status, moved.headers.get("location")]).toEqual([
      302,
      `${sandbox.origin}/evil.example/steal`,
    ]);
  });

  test.each([
    [true, 1],
    [false, 0],
  ])("the process that asked can be killed (effect first: %s)", async (effect, count) => {
    const token = await longToken();
    const id = await newContainer(token, { text: "last words" });
    await finished(id, token);
    const script = `await fetch(process.argv[1], { method: "POST" }); process.stdout.write("alive")`;
    const address = `${sandbox.origin}/${graph}/me/threads_publish?creation_id=${id}&access_token=${token}`;
    // The victim waits for its standard input, so that the fault is set before it asks.
    const waits = `for await (const _ of process.stdin); ${script}`;
    const victim = spawn(process.execPath, ["--input-type=module", "-e", waits, address], { stdio: "pipe" });
    const ended = once(victim, "exit");
    await control("faults", {
      platform: "threads",
      operation: "publish",
      kind: "kill",
      pid: victim.pid,
      effect,
    });
    victim.stdin.end();
    expect(await ended).toEqual([null, "SIGKILL"]);
    expect(await effects()).toHaveLength(count);
  });

  test("what is sent to the evil server is seen", async () => {
    await call("POST", "evil.example/token", "client_secret=oops", "application/x-www-form-urlencoded");
    expect(await listOf("requests?platform=evil&raw=1")).toMatchObject([
      { method: "POST", url: "https://evil.example/token", body: "client_secret=oops" },
    ]);
  });
});

describe("a process of its own", () => {
  test("garbage of any kind is answered with an error and does no harm", async () => {
    const addresses = [
      "nowhere.example/x",
      "x",
      `${graph}/%ff`,
      `${graph}/__proto__`,
      "graph.threads.net",
      "_sandbox/x",
    ];
    for (const address of addresses) {
      const answer = await fetch(`${sandbox.origin}/${address}`);
      expect([400, 404]).toContain(answer.status);
    }
    const long = await call("POST", `${graph}/me/threads`, "x".repeat(2_000_000), "text/plain");
    expect(long.status).toBe(413);
    expect((await call("POST", "_sandbox/faults", "{", "application/json")).status).toBe(400);
    expect((await call("POST", "_sandbox/reset/all", "{}", "text/plain")).status).toBe(404);
    expect((await call("POST", "_sandbox/clock", `{"advanceMs":1}`, "text/plain")).status).toBe(415);
    expect((await fetch(`${sandbox.origin}/_sandbox/health`)).status).toBe(200);
  });

  test("a page of another site cannot steer it", async () => {
    const headers = { origin: "https://evil.example", "content-type": "application/json" };
    const answer = await fetch(`${sandbox.origin}/_sandbox/reset`, { method: "POST", headers, body: "{}" });
    expect(answer.status).toBe(403);
    const child = spawn(process.execPath, [
      "-e",
      `require("node:http").get({ port: ${new URL(sandbox.origin).port}, host: "127.0.0.1", path: "/_sandbox/issued",
        headers: { host: "rebound.example" } }, ({ statusCode }) => process.exit(statusCode - 400))`,
    ]);
    expect(await once(child, "exit")).toEqual([3, null]);
  });

  test("worlds survive a restart when they are kept in a file", async () => {
    const directory = await mkdtemp(join(tmpdir(), "sandbox-"));
    const state = join(directory, "worlds.json");
    const first = await start({ SANDBOX_STATE: state });
    const token = await longToken("adabell", first);
    const id = await publishNow(token, { text: "still here" }, first);
    expect(await stop(first)).toBe(0);
    expect(JSON.parse(await readFile(state, "utf8"))).toMatchObject({ version: 1 });

    const second = await start({ SANDBOX_STATE: state });
    expect(await effects(second)).toMatchObject([{ id, text: "still here" }]);
    const media = await call("GET", `${graph}/${id}?fields=text&access_token=${token}`, null, "", second);
    expect(media.body).toEqual({ id, text: "still here" });
    await stop(second);

    await writeFile(state, "{");
    const third = spawnServer({ SANDBOX_STATE: state });
    expect(await once(third, "exit")).toEqual([1, null]);
    await rm(directory, { recursive: true });
  });

  test("a taken port is said in a sentence", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const address = taken.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const child = spawnServer({ PORT: String(port) });
    let said = "";
    child.stderr?.on("data", (part) => {
      said += String(part);
    });
    expect(await once(child, "close")).toEqual([1, null]);
    expect(said).toBe(`Port ${port} is taken by another program. Choose another one: PORT=4011\n`);
    taken.close();
  });
});

function spawnServer(environment: Record<string, string>): ChildProcess {
  const { THREADS_APP_ID: _id, THREADS_APP_SECRET: _secret, APP_ORIGIN: _origin, ...rest } = process.env;
  return spawn(process.execPath, ["--import", "tsx", "lib/sandbox/server.ts"], {
    cwd: join(import.meta.dirname, "../.."),
    env: { ...rest, PORT: "0", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

async function start(environment: Record<string, string> = {}): Promise<Running> {
  const child = spawnServer(environment);
  let said = "";
  child.stderr?.pipe(process.stderr);
  for await (const part of child.stdout ?? []) {
    said += String(part);
    const origin = /http:\/\/\S+/.exec(said)?.[0];
    if (origin !== undefined) return { origin, child };
  }
  throw new Error(`The sandbox did not start: ${said}`);
}

async function stop({ child }: Running): Promise<number | null> {
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  return (await ended)[0];
}

async function call(
  method: string,
  address: string,
  body: string | null = null,
  type = "application/x-www-form-urlencoded",
  at = sandbox,
): Promise<{ status: number; body: Json }> {
  const headers: Record<string, string> = body === null ? {} : { "content-type": type };
  const answer = await fetch(`${at.origin}/${address}`, { method, headers, body });
  return { status: answer.status, body: await jsonOf(answer) };
}

async function control(what: string, body: Json, at = sandbox): Promise<Json> {
  const answer = await call("POST", `_sandbox/${what}`, JSON.stringify(body), "application/json", at);
  expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300);
  return answer.body;
}

async function listOf(what: string, at = sandbox): Promise<Json[]> {
  return (await fetch(`${at.origin}/_sandbox/${what}`)).json();
}

const effects = (at = sandbox) => listOf("effects?platform=threads", at);

async function jsonOf(answer: Response): Promise<Json> {
  return answer.json();
}

async function get(address: string, params: Record<string, string>): Promise<Json> {
  return (await call("GET", `${address}?${new URLSearchParams(params)}`)).body;
}

async function post(address: string, fields: Record<string, string>, at = sandbox): Promise<Json> {
  return (await call("POST", address, String(new URLSearchParams(fields)), undefined, at)).body;
}

function authorizePath(changed: Record<string, string> = {}): string {
  const params = {
    client_id: "sandbox-threads",
    redirect_uri: redirectUri,
    scope: allScopes,
    response_type: "code",
    state: "state-1",
  };
  return `threads.net/oauth/authorize?${new URLSearchParams({ ...params, ...changed })}`;
}

function consent(choice: Json, at = sandbox): Promise<Json> {
  return control("consent", { authorizeUrl: `https://${authorizePath()}`, ...choice }, at);
}

async function newCode(person = "adabell", at = sandbox): Promise<string> {
  const { location } = await consent({ person }, at);
  return new URL(String(location)).searchParams.get("code") ?? "";
}

function exchangeFields(code: string) {
  return {
    client_id: "sandbox-threads",
    client_secret: "CNRY_secret_threads",
    grant_type: "authorization_code",
    redirect_uri: redirectUri,
    code,
  };
}

function exchange(code: string, changed: Record<string, string> = {}, at = sandbox): Promise<Response> {
  const body = new URLSearchParams({ ...exchangeFields(code), ...changed });
  return fetch(`${at.origin}/graph.threads.net/oauth/access_token`, { method: "POST", body });
}

async function lengthen(short: string, secret = "CNRY_secret_threads", at = sandbox): Promise<Json> {
  const params = { grant_type: "th_exchange_token", client_secret: secret, access_token: short };
  const address = `graph.threads.net/access_token?${new URLSearchParams(params)}`;
  return (await call("GET", address, null, "", at)).body;
}

function refresh(token: string): Promise<Json> {
  const params = { grant_type: "th_refresh_token", access_token: token };
  return get("graph.threads.net/refresh_access_token", params);
}

async function longToken(person = "adabell", at = sandbox): Promise<string> {
  const short = await jsonOf(await exchange(await newCode(person, at), {}, at));
  return String((await lengthen(String(short["access_token"]), undefined, at))["access_token"]);
}

const me = (token: string) => get(`${graph}/me`, { fields: "id", access_token: token });

async function newContainer(token: string, fields: Record<string, string>, at = sandbox): Promise<string> {
  const container = await post(
    `${graph}/me/threads`,
    { media_type: "TEXT", ...fields, access_token: token },
    at,
  );
  expect(container).toHaveProperty("id");
  return String(container["id"]);
}

async function status(id: string, token: string): Promise<unknown> {
  return (await get(`${graph}/${id}`, { fields: "status", access_token: token }))["status"];
}

/** Moves the sandbox clock past the processing, so that nobody waits. */
async function finished(id: string, token: string, at = sandbox): Promise<void> {
  await control("clock", { advanceMs: 1_000 }, at);
  const address = `${graph}/${id}?${new URLSearchParams({ fields: "status", access_token: token })}`;
  expect((await call("GET", address, null, "", at)).body).toEqual({ id, status: "FINISHED" });
}

async function publish(id: string, token: string, signal: AbortSignal | null = null, at = sandbox) {
  const answer = await fetch(`${at.origin}/${graph}/${ada}/threads_publish`, {
    method: "POST",
    body: new URLSearchParams({ creation_id: id, access_token: token }),
    signal,
  });
  return { status: answer.status, body: await jsonOf(answer) };
}

async function publishNow(token: string, fields: Record<string, string>, at = sandbox): Promise<string> {
  const id = await newContainer(token, fields, at);
  await finished(id, token, at);
  const address = `${graph}/me/threads_publish`;
  return String((await post(address, { creation_id: id, access_token: token }, at))["id"]);
}

function links(count: number): string {
  return Array.from({ length: count }, (_, index) => `https://${index}.example`).join(" ");
}
