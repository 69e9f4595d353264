import { get } from "node:http";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { signUp, visitor } from "../support/people";
import { createDatabase } from "../support/postgres";
import { type RunningSite, startSite } from "../support/site";

/** Signing up and in, through the door. */
let site: RunningSite;
let database: Awaited<ReturnType<typeof createDatabase>>;
let sql: Client;

beforeAll(async () => {
  database = await createDatabase();
  sql = new Client({ connectionString: database.url });
  await sql.connect();
  site = await startSite(database.url);
});
afterAll(async () => {
  await sql.end();
  await site.stop();
  await database.drop();
});

const signUpWith = (password: string) =>
  visitor(site.app.url).send("POST", "/api/auth/sign-up/email", {
    name: "Ada",
    email: `${crypto.randomUUID()}@people.test`,
    password,
  });

describe("passwords", () => {
  test.each([
    ["shorter than eight", "kd93-xz", 400],
    ["on the lists of breached ones", "password123", 400],
    ["the same in capitals", "PASSWORD123", 400],
    ["longer than 128", "x y".repeat(50), 400],
    ["eight, and unheard of", "kd93-xzq", 200],
    ["64 characters with spaces and emoji", `${"a bell 🔔 ".repeat(6)}!!!!`, 200],
  ])("%s", async (_name, password, status) => {
    expect((await signUpWith(password)).status).toBe(status);
  });

  test("a refusal says what to do", async () => {
    const answer = await (await signUpWith("iloveyou1")).json();
    expect(answer).toMatchObject({
      code: "PASSWORD_BREACHED",
      message: expect.stringContaining("Choose another"),
    });
  });

  test("are stored as argon2id with OWASP's parameters", async () => {
    await signUp(site.app.url);
    const { rows } = await sql.query("select password from accounts where password is not null limit 1");
    expect(rows[0]?.["password"]).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  });
});

describe("guessing", () => {
  test("ends after ten tries for one account, whatever address it claims to come from, and keeps its owner signed in", async () => {
    const ada = await signUp(site.app.url);
    const guesser = visitor(site.app.url);
    const statuses: number[] = [];
    for (let guess = 0; guess < 12; guess++) {
      const answer = await guesser.send(
        "POST",
        "/api/auth/sign-in/email",
        { email: ada.email, password: `wrong guess ${guess}` },
        { "x-forwarded-for": `10.0.0.${guess}` },
      );
      statuses.push(answer.status);
    }
    expect(statuses.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 401));
    expect(statuses.slice(10)).toEqual([429, 429]);
    expect((await ada.fetch("/api/connections")).status).toBe(200);
  });
});

describe("what a person may not set", () => {
  test("tier and credits come from us", async () => {
    const person = visitor(site.app.url);
    const email = `${crypto.randomUUID()}@people.test`;
    await person.send("POST", "/api/auth/sign-up/email", {
      name: "Eve",
      email,
      password: "a fine long phrase",
      tier: "business",
      credits: 9999,
    });
    const { rows } = await sql.query("select tier, credits from users where email = $1", [email]);
    for (const row of rows) expect(row).toEqual({ tier: "free", credits: 10 });
  });
});

describe("every route checks the session itself", () => {
  test.each([
    ["GET", "/api/connections"],
    ["GET", "/api/connections/01a1fc3b-201b-77af-9a01-03a3c977041a"],
    ["DELETE", "/api/connections/01a1fc3b-201b-77af-9a01-03a3c977041a"],
    ["POST", "/api/connections/01a1fc3b-201b-77af-9a01-03a3c977041a/check"],
    ["POST", "/api/connections/01a1fc3b-201b-77af-9a01-03a3c977041a/refresh"],
    ["POST", "/api/oauth/threads/connect"],
    ["GET", "/api/oauth/threads/connect"],
    ["GET", "/api/post"],
    ["POST", "/api/post"],
    ["POST", "/api/post/check"],
    ["GET", "/api/post/01a1fc3b-201b-77af-9a01-03a3c977041a"],
    ["DELETE", "/api/post/01a1fc3b-201b-77af-9a01-03a3c977041a"],
    ["POST", "/api/post/01a1fc3b-201b-77af-9a01-03a3c977041a/retry"],
    ["GET", "/api/notifications"],
    ["POST", "/api/notifications/01a1fc3b-201b-77af-9a01-03a3c977041a/read"],
    ["GET", "/api/cron/run-jobs"],
  ])("%s %s is 401 for a stranger", async (method, path) => {
    const answer = await visitor(site.app.url).send(method, path, method === "POST" ? {} : undefined);
    expect(answer.status).toBe(401);
    expect(answer.headers.get("cache-control")).toContain("no-store");
  });

  test.each(["/dashboard", "/compose", "/posts", "/settings/integrations"])(
    "%s sends a stranger to sign in, and back",
    async (path) => {
      const answer = await visitor(site.app.url).fetch(path);
      expect(answer.status).toBe(307);
      expect(answer.headers.get("location")).toContain(`/sign-in?returnTo=${encodeURIComponent(path)}`);
    },
  );

  test("what is somebody else's is not there", async () => {
    const [ada, eve] = await Promise.all([signUp(site.app.url), signUp(site.app.url)]);
    const answer = await eve.send("GET", "/api/post/01a1fc3b-201b-77af-9a01-03a3c977041a");
    expect(answer.status).toBe(404);
    expect((await ada.send("GET", "/api/post/not-an-id")).status).toBe(400);
  });

  test("a change from another site's page is refused", async () => {
    const ada = await signUp(site.app.url);
    for (const headers of [
      { origin: "https://evil.example" },
      { origin: "null" },
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
    ]) {
      expect((await ada.send("POST", "/api/post/check", {}, headers)).status).toBe(403);
    }
    expect(
      (
        await ada.fetch("/api/post/check", {
          method: "POST",
          headers: { "content-type": "text/plain" },
          body: "{}",
        })
      ).status,
    ).toBe(415);
  });
});

test("health tells yes or no, and no secret", async () => {
  const answer = await (await visitor(site.app.url).fetch("/api/health")).json();
  expect(answer).toEqual({
    ok: true,
    database: true,
    queue: true,
    key: true,
    paused: [],
    version: expect.any(String),
    sandbox: true,
  });
});

test("who types localhost is taken home to 127.0.0.1, path and query kept", async () => {
  const { port } = new URL(site.app.url);
  const location = await new Promise<string | undefined>((resolve, reject) => {
    const request = get(
      { host: "127.0.0.1", port, path: "/sign-in?returnTo=%2Fposts", headers: { host: `localhost:${port}` } },
      (response) => {
        response.resume();
        resolve(response.headers.refresh?.toString());
      },
    );
    request.on("error", reject);
  });
  expect(location).toBe(`0; url=${site.app.url}/sign-in?returnTo=%2Fposts`);
});
