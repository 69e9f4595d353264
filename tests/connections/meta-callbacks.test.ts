import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { readSignedRequest } from "@/lib/leaving/signed-request";
import { aPublishedPost, connect, connectionsOf, houseForFile, idOf, jsonOf } from "../support/house";

/** Meta calls about a person: the app was removed, or their data is to be deleted. */
const house = houseForFile();

const bells = "61555000111222331";
const ada = { facebook: "10229384756102937", instagram: "25025320123456781", threads: "17841405793187219" };
const secrets = {
  meta: "CNRY_secret_facebook",
  instagram: "CNRY_secret_instagram",
  threads: "CNRY_secret_threads",
};

const now = () => Math.floor(Date.now() / 1_000);
const encode = (text: string) => Buffer.from(text).toString("base64url");

/** A signed request, made here from the documents alone. */
function signed(secret: string, payload: object | string, issuedAt = now()): string {
  const text =
    typeof payload === "string"
      ? payload
      : JSON.stringify({ algorithm: "HMAC-SHA256", issued_at: issuedAt, ...payload });
  const half = encode(text);
  return `${createHmac("sha256", secret).update(half).digest("base64url")}.${half}`;
}

const knock = (path: string, body: string, headers: Record<string, string> = {}) =>
  fetch(`${house().url}/api/webhooks/${path}`, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
    body,
  });

const send = (path: string, signedRequest: string) =>
  knock(path, new URLSearchParams({ signed_request: signedRequest }).toString());

/** Everything that a callback could touch, to be compared. */
async function stored() {
  const { sql } = house();
  const tables = ["grants", "connections", "audit", "notifications", "data_deletions"];
  return Promise.all(
    tables.map(async (table) => (await sql.query(`select to_jsonb(t) from ${table} t order by 1`)).rows),
  );
}

const noticesOf = async (person = house().ada) =>
  (
    await jsonOf<{ notifications: { title: string; body: string }[] }>(
      await person.fetch("/api/notifications"),
    )
  ).notifications;

describe("a signed request", () => {
  const secret = "the app's own secret";
  // By hand from the documents, so that this test shares no code with what it tests.
  const half =
    "eyJhbGdvcml0aG0iOiJITUFDLVNIQTI1NiIsImV4cGlyZXMiOjEyOTE4NDA0MDAsImlzc3VlZF9hdCI6MTI5MTgzNjgwMCwidXNlcl9pZCI6IjIxODQ3MSJ9";
  const signature = createHmac("sha256", secret).update(half).digest();

  test.each([
    ["without padding", `${signature.toString("base64url")}.${half}`],
    ["with padding", `${signature.toString("base64url")}=.${half}`],
  ])("is read %s", (_name, text) => {
    expect(readSignedRequest(text, [secret])).toEqual({
      userId: "218471",
      issuedAt: new Date(1_291_836_800_000),
    });
  });

  test("a bare number keeps all its digits", () => {
    const text = signed(secret, '{"algorithm":"HMAC-SHA256","user_id":17841405793187219}');
    expect(readSignedRequest(text, [secret])).toEqual({ userId: "17841405793187219", issuedAt: null });
  });

  test("any of the secrets will do, and no other", () => {
    const text = signed(secret, { user_id: "1" });
    expect(readSignedRequest(text, ["another", secret])).toMatchObject({ userId: "1" });
    expect(readSignedRequest(text, ["another", `${secret} `, ""])).toBe("forged");
    expect(readSignedRequest(text, [])).toBe("forged");
  });

  test("every flipped bit is noticed", () => {
    const text = `${signature.toString("base64url")}.${half}`;
    for (let at = 0; at < text.length; at++) {
      const flipped = text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ 1) + text.slice(at + 1);
      const read = readSignedRequest(flipped, [secret]);
      // The last character of each half holds spare bits, which say nothing.
      if (read !== "forged" && read !== "malformed") {
        expect([signature.toString("base64url").length - 1]).toContain(at);
        expect(read).toMatchObject({ userId: "218471" });
      }
    }
  });

  test("the signature covers the text as it came, not what it means", () => {
    const padded = `${half}==`;
    expect(readSignedRequest(`${signature.toString("base64url")}.${padded}`, [secret])).toBe("forged");
  });

  test.each([
    ["another algorithm", '{"algorithm":"HMAC-SHA1","user_id":"1"}'],
    ["no algorithm", '{"user_id":"1"}'],
    ["nobody", '{"algorithm":"HMAC-SHA256"}'],
    ["somebody with a strange name", '{"algorithm":"HMAC-SHA256","user_id":"1\\u0000 or 1=1"}'],
    ["a list of people", '{"algorithm":"HMAC-SHA256","user_id":["1"]}'],
    ["no JSON", "hello"],
    ["nothing", ""],
    ["a prototype", '{"__proto__":{"algorithm":"HMAC-SHA256","user_id":"1"}}'],
  ])("well signed, but with %s: malformed", (_name, payload) => {
    expect(readSignedRequest(signed(secret, payload), [secret])).toBe("malformed");
  });
});

const paths = (["meta", "instagram", "threads"] as const).flatMap((app) =>
  ["deauthorize", "data-deletion"].map((what) => ({ app, path: `${app}/${what}` })),
);

test("garbage and forgeries change nothing, and are never our fault", async () => {
  await connect(house(), house().ada, "facebook", { assets: [bells] });
  await connect(house(), house().ada, "threads", { person: "adabell" });
  await connect(house(), house().ada, "instagram", { person: "adabell" });
  const before = await stored();
  const good = { user_id: ada.facebook };
  for (const { app, path } of paths) {
    const person = { user_id: ada[app === "meta" ? "facebook" : app] };
    const forgeries = [
      signed("", person),
      signed("wrong", person),
      // The other apps' secrets: a Threads or Instagram secret never speaks for Facebook.
      signed(app === "threads" ? secrets.instagram : secrets.threads, person),
      ...(app === "meta" ? [signed(secrets.instagram, person)] : []),
      `${encode("")}x.${encode(JSON.stringify({ algorithm: "HMAC-SHA256", ...person }))}`,
    ];
    for (const text of forgeries)
      expect({ path, status: (await send(path, text)).status }).toEqual({ path, status: 401 });
    const garbage: [string, Record<string, string>?][] = [
      [""],
      ["signed_request="],
      ["signed_request=x"],
      ["signed_request=.&"],
      ["signed_request=a.b.c"],
      ["signed_request=%00.%00"],
      ["signed_request=%F0%9F%94%94.%F0%9F%94%94"],
      [`signed_request=${"a".repeat(30_000)}.${"b".repeat(30_000)}`],
      [`signed_request=${signed(secrets.meta, good)}&signed_request=${signed(secrets.meta, good)}`],
      [`{"signed_request":"${signed(secrets.meta, good)}"}`, { "content-type": "application/json" }],
      [`signed_request=${"a".repeat(70_000)}`],
    ];
    for (const [body, headers] of garbage) {
      const { status } = await knock(path, body, headers);
      expect([400, 401, 413, 415], `${path}: ${body.slice(0, 40)}`).toContain(status);
    }
    expect((await fetch(`${house().url}/api/webhooks/${path}`)).status).toBe(405);
  }
  expect(await stored()).toEqual(before);
});

describe("the app was removed", () => {
  test("at Facebook: Pages and Instagram through it end, their keys are gone, the person hears it once", async () => {
    const { sandbox, sql } = house();
    const [page] = await connect(house(), house().ada, "facebook", { assets: [bells] });
    await connect(house(), house().ada, "instagram", { way: "facebook", assets: [bells] });
    await connect(house(), house().otto, "facebook", { person: "chimecafe" });
    const sealed = (
      await sql.query("select credentials from grants union all select credentials from connections")
    ).rows.map(({ credentials }) => credentials);

    const told = await sandbox.remove({ platform: "facebook", person: ada.facebook, kind: "deauthorize" });
    expect(told.status).toBe(200);

    const mine = await connectionsOf(house().ada);
    expect(mine.map(({ platform, status }) => [platform, status])).toEqual([
      ["facebook", "reconnect"],
      ["instagram", "reconnect"],
    ]);
    expect(mine[0]?.lastError?.message).toContain("removed in the settings of Facebook");
    expect((await connectionsOf(house().otto)).map(({ status }) => status)).toEqual(["active"]);
    const left = await sql.query<{ credentials: string | null }>(
      "select credentials from grants where user_id <> (select id from users where email = $1) union all select credentials from connections where user_id <> (select id from users where email = $1)",
      [house().otto.email],
    );
    for (const { credentials } of left.rows) expect(sealed).not.toContain(credentials);

    expect((await noticesOf()).map(({ title }) => title).sort()).toEqual([
      "Facebook: Ada Bell Bells (@adabellbells) needs to be reconnected",
      "Instagram: Ada Bell Bells (@adabell) needs to be reconnected",
    ]);
    for (const { body } of await noticesOf()) expect(body).toContain("removed in the settings of Facebook");
    expect(await noticesOf(house().otto)).toEqual([]);
    const trail = await sql.query(
      "select actor_type, actor_name, action from audit where action = 'grant.deauthorize'",
    );
    expect(trail.rows).toEqual([
      { actor_type: "platform", actor_name: "Facebook", action: "grant.deauthorize" },
      { actor_type: "platform", actor_name: "Facebook", action: "grant.deauthorize" },
    ]);

    // Told again, by hand and with the id as a number: all stays as it is.
    const before = await stored();
    await sandbox.remove({
      platform: "facebook",
      person: ada.facebook,
      kind: "deauthorize",
      userIdAs: "number",
    });
    await send("meta/deauthorize", signed(secrets.meta, { user_id: ada.facebook }));
    expect(await stored()).toEqual(before);

    // Nobody asks the platform with keys that are gone, neither to test nor to leave.
    await sandbox.forgetLog();
    await house().ada.send("POST", `/api/connections/${page}/check`);
    expect(await jsonOf(await house().ada.send("DELETE", `/api/connections/${page}`))).toEqual({
      revoked: true,
      remains: [],
    });
    expect(await sandbox.requests({ platform: "facebook" })).toEqual([]);
  });

  test.each(["instagram", "threads"] as const)(
    "at %s, by the id that its log-in gave us",
    async (platform) => {
      const { sandbox } = house();
      await connect(house(), house().ada, platform, { person: "adabell" });
      await connect(house(), house().otto, platform, { person: "chimecafe" });
      await sandbox.remove({ platform, person: "adabell", kind: "deauthorize", userIdAs: "number" });
      expect((await connectionsOf(house().ada)).map(({ status }) => status)).toEqual(["reconnect"]);
      expect((await connectionsOf(house().otto)).map(({ status }) => status)).toEqual(["active"]);
      expect(await noticesOf()).toHaveLength(1);
    },
  );

  test("Instagram's own app says nothing about Instagram through Facebook", async () => {
    await connect(house(), house().ada, "instagram", { way: "facebook", assets: [bells] });
    expect(
      (await send("instagram/deauthorize", signed(secrets.instagram, { user_id: ada.instagram }))).status,
    ).toBe(200);
    expect((await connectionsOf(house().ada)).map(({ status }) => status)).toEqual(["active"]);
  });

  test.each(["instagram", "threads"] as const)(
    "%s may be signed with Meta's secret too",
    async (platform) => {
      await connect(house(), house().ada, platform, { person: "adabell" });
      await send(`${platform}/deauthorize`, signed(secrets.meta, { user_id: ada[platform] }));
      expect((await connectionsOf(house().ada)).map(({ status }) => status)).toEqual(["reconnect"]);
    },
  );

  test("connected again, it works; what was said of the consent before changes nothing any more", async () => {
    const { sandbox } = house();
    const [id] = await connect(house(), house().ada, "threads", { person: "adabell" });
    await sandbox.remove({ platform: "threads", person: "adabell", kind: "deauthorize" });
    expect(await connect(house(), house().ada, "threads", { person: "adabell" })).toEqual([id]);
    await send("threads/deauthorize", signed(secrets.threads, { user_id: ada.threads }, now() - 3_600));
    await send("threads/data-deletion", signed(secrets.threads, { user_id: ada.threads }, now() - 3_600));
    expect(await connectionsOf(house().ada)).toMatchObject([{ id, status: "active", lastError: null }]);
    expect(await noticesOf()).toEqual([]);
    // Removed once more: a new incident, and a new notice.
    await sandbox.remove({ platform: "threads", person: "adabell", kind: "deauthorize" });
    expect(await noticesOf()).toHaveLength(1);
  });

  test("of someone we do not know: answered, and nothing written", async () => {
    const before = await stored();
    expect((await send("meta/deauthorize", signed(secrets.meta, { user_id: "4711" }))).status).toBe(200);
    expect(await stored()).toEqual(before);
  });
});

describe("data is to be deleted", () => {
  test("what came from the platform goes, what the person wrote stays, and the code tells it", async () => {
    const { sandbox, sql, url } = house();
    await connect(house(), house().ada, "facebook", { assets: [bells] });
    await connect(house(), house().ada, "threads", { person: "adabell" });
    const [page] = await connectionsOf(house().ada);
    if (!page) throw new Error("There is no Page.");
    const userId = await idOf(house(), house().ada);
    const postId = await aPublishedPost(house(), { userId, connection: page, text: "My own words" });

    await sql.query(
      "insert into webhook_events (id, platform, account_id, digest, entry) values (gen_random_uuid(), 'facebook', $1, 'x', 'something')",
      [page.remoteId],
    );

    const told = await sandbox.remove({ platform: "facebook", person: ada.facebook, kind: "data-deletion" });
    const answer = JSON.parse(told.body) as { url: string; confirmation_code: string };
    expect({ status: told.status, answer }).toEqual({
      status: 200,
      answer: {
        url: `${url}/deletion?id=${answer.confirmation_code}`,
        confirmation_code: expect.stringMatching(/^[0-9A-Z]{20}$/),
      },
    });
    expect((await connectionsOf(house().ada)).map(({ platform }) => platform)).toEqual(["threads"]);
    const post = await jsonOf<{
      content: { text: string };
      deliveries: Record<string, unknown>[];
      events: object;
    }>(await house().ada.fetch(`/api/post/${postId}`));
    expect(post).toMatchObject({
      content: { text: "My own words" },
      deliveries: [
        {
          state: "published",
          connectionId: null,
          accountName: "an account at Facebook",
          remoteId: null,
          url: null,
        },
      ],
    });
    // Neither the Page nor its ids are to be found in any table of ours, except where the person named them.
    const { rows: tables } = await sql.query<{ name: string }>(
      "select tablename as name from pg_tables where schemaname = 'public'",
    );
    for (const { name } of tables) {
      const { rows } = await sql.query(`select t::text as row from ${name} t`);
      for (const { row } of rows) {
        expect(row, name).not.toContain(page.remoteId);
        expect(row, name).not.toContain("adabellbells");
        expect(row, name).not.toContain("remote-");
        expect(row, name).not.toContain(page.name);
      }
    }
    const [record, ...more] = (await sql.query("select * from data_deletions")).rows;
    expect(more).toEqual([]);
    expect(record).toMatchObject({
      code: answer.confirmation_code,
      platform: "facebook",
      state: "completed",
    });
    expect(JSON.stringify(record)).not.toContain(ada.facebook);
    expect((await noticesOf()).map(({ title }) => title)).toEqual([
      "Facebook passed on a wish to delete data",
    ]);

    const { deletionStatus } = await import("@/lib/leaving/deletion-status");
    expect(await deletionStatus(answer.confirmation_code)).toMatchObject({
      platform: "Facebook",
      completedAt: expect.any(String),
    });
    for (const code of ["", "x", "' or 1=1 --", answer.confirmation_code.toLowerCase(), "A".repeat(20)])
      expect(await deletionStatus(code)).toBeNull();
  });

  test("the same request again, and twice at once, is the same deletion", async () => {
    await connect(house(), house().ada, "threads", { person: "adabell" });
    const text = signed(secrets.threads, { user_id: ada.threads });
    const answers = await Promise.all(
      [1, 2, 3].map(async () =>
        jsonOf<{ confirmation_code: string }>(await send("threads/data-deletion", text)),
      ),
    );
    expect(new Set(answers.map(({ confirmation_code }) => confirmation_code)).size).toBe(1);
    const { rows } = await house().sql.query("select 1 from data_deletions");
    expect(rows).toHaveLength(1);
    expect(await connectionsOf(house().ada)).toEqual([]);
    expect(await noticesOf()).toHaveLength(1);
  });

  test("of someone we do not know: there is nothing to delete, and it is on record", async () => {
    const answer = await jsonOf(
      await send("instagram/data-deletion", signed(secrets.instagram, { user_id: "4711" })),
    );
    expect(answer).toMatchObject({ confirmation_code: expect.any(String) });
    const { rows } = await house().sql.query("select state from data_deletions");
    expect(rows).toEqual([{ state: "completed" }]);
  });
});
