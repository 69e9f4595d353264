import { readdirSync } from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import { activitySentence } from "@/components/activity/words";
import type { ActivityDto, ActivityPage } from "@/lib/activity/schema";
import { aPublishedPost, connect, connectionsOf, houseForFile, idOf, jsonOf } from "../support/house";
import { picture, uploadFile } from "../support/media";
import { type PersonAtApp, signIn, signUp, visitor } from "../support/people";

/** What is a person's own: the trail of what happened, all of it as a file, and the way out. */
const house = houseForFile();

const page = "61555000111222331";

/** Everything one person may have here. */
async function settleIn(person: PersonAtApp) {
  await connect(house(), person, "twitter", { person: "adabell" });
  await connect(house(), person, "threads", { person: "adabell" });
  await connect(house(), person, "facebook", { assets: [page] });
  const connections = await connectionsOf(person);
  const userId = await idOf(house(), person);
  const [first] = connections;
  if (!first) throw new Error("Nothing is connected.");
  const postId = await aPublishedPost(house(), {
    userId,
    connection: first,
    text: "Mine alone, says the bell",
  });
  const file = await uploadFile(person, await picture("jpeg"), "my-bell.jpg");
  await house().sql.query(
    "insert into notifications (id, user_id, incident, title, body) values (gen_random_uuid(), $1, 'one', 'A notice of mine', 'Look')",
    [userId],
  );
  return { connections, userId, postId, file };
}

const activityOf = async (person: PersonAtApp, query = ""): Promise<ActivityDto[]> =>
  (await jsonOf<ActivityPage>(await person.fetch(`/api/activity${query}`))).activity;

const storedFiles = (): string[] =>
  readdirSync(process.env["MEDIA_DIR"] ?? "", { recursive: true, encoding: "utf8" }).filter((name) =>
    /\/[^/]+$/.test(name),
  );

describe("the export", () => {
  test("is everything of one's own, whole and readable, and no secret", async () => {
    const { ada, otto, sandbox } = house();
    const mine = await settleIn(ada);
    await house().sql.query(
      `with said_to as (
         insert into conversations (id, user_id, connection_id, kind, remote_key, peer_name, last_message_at)
         values (gen_random_uuid(), $1, $2, 'direct', '1', 'Otto', now()) returning *)
       insert into messages (id, conversation_id, user_id, connection_id, author, state, text, sent_at)
       select gen_random_uuid(), id, user_id, connection_id, 'them', 'received', 'Hello, bell', now() from said_to`,
      [mine.userId, mine.connections[0]?.id],
    );
    await connect(house(), otto, "reddit", { person: "chimecafe" });
    const response = await ada.fetch("/api/export");
    expect(response.headers.get("content-disposition")).toMatch(
      /^attachment; filename="carillon-[\d-]+\.json"$/,
    );
    expect(response.headers.get("cache-control")).toBe("no-store");
    const text = await response.text();
    const all = JSON.parse(text);
    expect(all).toMatchObject({
      person: { name: "Ada Bell", email: ada.email, signsInWith: [{ way: "credential" }] },
      connections: expect.arrayContaining([
        expect.objectContaining({ platform: "twitter", handle: "adabell" }),
      ]),
      posts: [
        {
          id: mine.postId,
          content: { text: "Mine alone, says the bell" },
          deliveries: [{ state: "published", story: [{ event: "published", state: "published" }] }],
        },
      ],
      media: [{ id: mine.file.id, filename: "my-bell.jpg" }],
      notifications: [{ title: "A notice of mine" }],
      settings: { notices: { ended: { app: true } } },
      conversations: [{ peerName: "Otto", messages: [{ author: "them", text: "Hello, bell" }] }],
    });
    expect(all.connections).toHaveLength(3);
    expect(all.activity.map(({ action }: ActivityDto) => action)).toContain("connection.connect");

    const secrets = (await sandbox.issued()).map(({ value }) => value).filter((value) => value.length > 8);
    const { rows: sealed } = await house().sql.query("select credentials from grants");
    for (const secret of [...secrets, ...sealed.map(({ credentials }) => credentials), "v1.", "argon2"])
      expect(text).not.toContain(secret);
    // Nor anything of anyone else's.
    expect(text).not.toContain(otto.email);
    expect(all.connections.map(({ platform }: { platform: string }) => platform)).not.toContain("reddit");
  });

  test("of a long history holds every post and every line, page after page", async () => {
    const { ada, sql } = house();
    const userId = await idOf(house(), ada);
    await sql.query(
      `insert into posts (id, user_id, content)
       select ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, $1, jsonb_build_object('text', 'Peal ' || n, 'replies', '[]'::jsonb, 'media', '[]'::jsonb)
       from generate_series(1, 45) n`,
      [userId],
    );
    await sql.query(
      `insert into audit (id, user_id, actor_type, actor_name, action, subject)
       select ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, $1, 'user', 'Ada Bell', 'media.add', 'x' from generate_series(1, 70) n`,
      [userId],
    );
    const all = await jsonOf<{ posts: { id: string }[]; activity: ActivityDto[] }>(
      await ada.fetch("/api/export"),
    );
    expect(new Set(all.posts.map(({ id }) => id)).size).toBe(45);
    expect(new Set(all.activity.map(({ id }) => id)).size).toBe(70);
  });
});

describe("the trail", () => {
  test("tells what was connected and left, newest first, of one kind, of one account", async () => {
    const { ada, sandbox } = house();
    const [x = ""] = await connect(house(), ada, "twitter", { person: "adabell" });
    const [threads = ""] = await connect(house(), ada, "threads", { person: "adabell" });
    await ada.send("POST", `/api/connections/${x}/refresh`);
    await sandbox.remove({ platform: "threads", person: "adabell", kind: "deauthorize" });
    await ada.send("DELETE", `/api/connections/${threads}`);
    expect((await activityOf(ada)).map(({ action }) => action)).toEqual([
      "connection.disconnect",
      "grant.deauthorize",
      "grant.refresh",
      "connection.connect",
      "connection.connect",
    ]);
    expect((await activityOf(ada, "?kind=renewals")).map(({ action }) => action)).toEqual(["grant.refresh"]);
    expect((await activityOf(ada, "?kind=platform")).map(({ actor }) => actor)).toEqual([
      { type: "platform", name: "Threads" },
    ]);
    const ofX = await activityOf(ada, `?connection=${x}`);
    expect(ofX.map(({ action, platform, account }) => [action, platform, account])).toEqual([
      ["grant.refresh", "twitter", "Ada Bell (@adabell)"],
      ["connection.connect", "twitter", "Ada Bell (@adabell)"],
    ]);
    // Of an account that has gone, the name it had.
    expect((await activityOf(ada, `?connection=${threads}`))[0]).toMatchObject({ account: "adabell" });
    expect((await ada.fetch("/api/activity?kind=nonsense")).status).toBe(400);
    expect((await ada.fetch("/api/activity?cursor=1")).status).toBe(400);
  });

  test("comes in pages that neither miss nor repeat a line", async () => {
    const { ada, sql } = house();
    const userId = await idOf(house(), ada);
    await sql.query(
      `insert into audit (id, user_id, actor_type, actor_name, action, subject)
       select ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, $1, 'job', 'refresh', 'something.new_' || n, 'not an id' from generate_series(1, 65) n`,
      [userId],
    );
    const seen: ActivityDto[] = [];
    let cursor: string | null = null;
    do {
      const read: ActivityPage = await jsonOf(
        await ada.fetch(`/api/activity${cursor ? `?cursor=${cursor}` : ""}`),
      );
      seen.push(...read.activity);
      cursor = read.nextCursor;
    } while (cursor);
    expect(seen.map(({ action }) => action)).toEqual(
      Array.from({ length: 65 }, (_, at) => `something.new_${65 - at}`),
    );
    expect(activitySentence(seen[0] as ActivityDto, null)).toBe("Something new 65");
  });

  test("has words for everything that is written into it", () => {
    const line: ActivityDto = {
      id: "",
      at: "",
      actor: { type: "user", name: "" },
      action: "",
      details: {},
      platform: "threads",
      account: "Ada Bell (@adabell)",
      postId: null,
    };
    const said = (action: string, details: ActivityDto["details"] = {}) =>
      activitySentence({ ...line, action, details }, "Threads");
    expect(said("connection.connect")).toBe("Connected Ada Bell (@adabell) on Threads");
    expect(said("connection.disconnect", { revoked: true })).toContain("Threads withdrew the permission");
    expect(said("delivery.settle", { state: "published" })).toBe(
      "A post went out to Ada Bell (@adabell) on Threads",
    );
    expect(said("delivery.settle", { state: "another" })).toContain("came to its end");
    expect(said("post.create", { targets: 2, scheduled: true })).toBe("Scheduled a post for 2 accounts");
    expect(said("__proto__")).toBe("  proto  ");
    expect(said("toString")).toBe("ToString");
  });
});

describe("what is one's own", () => {
  test("another's trail, export and account are out of reach; a stranger's hand finds nothing", async () => {
    const { ada, otto, url } = house();
    const { connections } = await settleIn(ada);
    for (const { id } of connections) expect(await activityOf(otto, `?connection=${id}`)).toEqual([]);
    const [line] = await activityOf(ada);
    expect(await activityOf(otto, `?cursor=${line?.id}`)).toEqual([]);
    const theirs = await (await otto.fetch(`/api/export?user=${await idOf(house(), ada)}`)).text();
    expect(theirs).not.toContain(ada.email);
    expect(theirs).not.toContain("adabell");

    const stranger = visitor(url);
    for (const path of ["/api/activity", "/api/export", `/api/activity?connection=${connections[0]?.id}`])
      expect({ path, status: (await stranger.fetch(path)).status }).toEqual({ path, status: 401 });
    expect((await stranger.send("POST", "/api/auth/delete-user", { password: ada.password })).status).toBe(
      401,
    );
    // With the right password of somebody else, the wrong cookie.
    expect((await otto.send("POST", "/api/auth/delete-user", { password: ada.password })).status).toBe(400);
    expect(await connectionsOf(ada)).toHaveLength(3);
  });

  test("no foreign page ends an account", async () => {
    const { ada } = house();
    const forged = await ada.send(
      "POST",
      "/api/auth/delete-user",
      { password: ada.password },
      { origin: "https://evil.example", "sec-fetch-site": "cross-site" },
    );
    expect(forged.status).toBe(403);
    expect((await ada.fetch("/api/connections")).status).toBe(200);
  });
});

describe("leaving for good", () => {
  let eva: PersonAtApp;
  beforeEach(async () => {
    eva = await signUp(house().url, { name: "Eva Gong" });
  });
  const leave = (person: PersonAtApp, body: object = { password: person.password }) =>
    person.send("POST", "/api/auth/delete-user", body);

  test("takes the password, however fresh the session", async () => {
    expect(await (await leave(eva, {})).json()).toMatchObject({ code: "PASSWORD_REQUIRED" });
    expect(await (await leave(eva, { password: "not it at all" })).json()).toMatchObject({
      code: "INVALID_PASSWORD",
    });
    expect((await eva.fetch("/api/connections")).status).toBe(200);
  });

  test("guesses at the password come to an end", async () => {
    const statuses: number[] = [];
    for (let guess = 0; guess < 11; guess++)
      statuses.push((await leave(eva, { password: `wrong guess ${guess}` })).status);
    expect(statuses.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 400));
    expect(statuses[10]).toBe(429);
    expect((await leave(eva)).status).toBe(429);
  });

  test("hands back every consent once, and leaves no row, no file and no session behind", async () => {
    const { sandbox, sql, otto, url } = house();
    const before = storedFiles();
    const { userId } = await settleIn(eva);
    await connect(house(), eva, "instagram", { way: "facebook", assets: [page] });
    await connect(house(), otto, "threads", { person: "chimecafe" });
    const elsewhere = await signIn(url, eva);
    expect(storedFiles().length).toBeGreaterThan(before.length);
    await sandbox.forgetLog();

    expect((await leave(eva)).status).toBe(200);

    // Facebook's consent served Pages and Instagram: withdrawn once. X has two tokens.
    const revoked = await sandbox.requests({ operation: "revoke" });
    expect(revoked.map(({ platform, status }) => [platform, status]).sort()).toEqual([
      ["facebook", 200],
      ["twitter", 200],
      ["twitter", 200],
    ]);
    const { rows: tables } = await sql.query<{ name: string }>(
      "select tablename as name from pg_tables where schemaname = 'public'",
    );
    for (const { name } of tables) {
      const { rows } = await sql.query(`select t::text as row from ${name} t`);
      for (const { row } of rows) {
        expect(row, name).not.toContain(userId);
        expect(row, name).not.toContain(eva.email);
      }
    }
    expect(storedFiles()).toEqual(before);
    for (const browser of [eva, elsewhere])
      expect((await browser.fetch("/api/connections")).status).toBe(401);
    expect((await visitor(url).send("POST", "/api/auth/sign-in/email", eva)).status).toBe(401);
    expect(await connectionsOf(otto)).toHaveLength(1);
    // The address is free again, for a new beginning with nothing in it.
    const again = await signUp(url, { email: eva.email });
    expect([await connectionsOf(again), await activityOf(again)]).toEqual([[], []]);
  });

  test("platforms that do not answer keep nobody", async () => {
    const { sandbox, sql } = house();
    const { userId } = await settleIn(eva);
    for (const platform of ["facebook", "twitter"])
      await sandbox.fault({ platform, operation: "revoke", kind: "reset", times: 10 });
    expect((await leave(eva)).status).toBe(200);
    const { rows } = await sql.query("select 1 from grants where user_id = $1", [userId]);
    expect(rows).toEqual([]);
    expect((await eva.fetch("/api/connections")).status).toBe(401);
  });
});
