import { describe, expect, test } from "vitest";
import type { ConnectionsAnswer } from "@/lib/connections/schema";
import type { PostDto, PostPage, Problem } from "@/lib/posts/schema";
import { startApp } from "../support/app";
import {
  answer,
  connectedBy,
  draftFor,
  expectRefused,
  nothing,
  oauthPlatforms,
  type Site,
  siteForFile,
} from "../support/connecting";
import type { FaultOrder } from "../support/sandbox";

/** Whose account it is: connecting, reconnecting, connecting with less, leaving. */
const site = siteForFile();

type Refusal = { error: { code: string; message: string; details?: { problems?: Problem[] } } };

/** Everything stored about connections, to be compared byte for byte. */
const stored = async ({ rows }: Site) => ({
  grants: await rows("grants"),
  connections: await rows("connections"),
});

describe.each(oauthPlatforms)("$id", ({ id, publishing, revokes }) => {
  test("an account that someone has connected is not another's to connect", async () => {
    const { ada, otto, connect, finish, account, connectionsOf } = site();
    await connect(ada, id, { person: account(id, 0) });
    const before = await stored(site());
    expectRefused(await finish(otto, id, {}, { person: account(id, 0) }), id, "owned_by_other");
    expect(await stored(site())).toEqual(before);
    expect(await connectionsOf(otto)).toEqual([]);
  });

  test("of two people who connect one account at the same moment, one gets it", async () => {
    const { ada, otto, finish, rows } = site();
    const answers = await Promise.all([finish(ada, id), finish(otto, id)]);
    const connected = answers.filter(({ headers }) =>
      headers.get("location")?.startsWith("/oauth/callback/success"),
    );
    expect(connected).toHaveLength(1);
    expect(await rows("grants")).toHaveLength(1);
    expect(await rows("connections")).toHaveLength(1);
  });

  test("renewing with another account is refused, and the old credentials go on working", async () => {
    const { ada, sandbox, connect, finish, account, publish } = site();
    const connection = await connect(ada, id, { person: account(id, 0) });
    const before = await stored(site());
    const wrong = await finish(ada, id, { connection }, { person: account(id, 1) });
    expectRefused(wrong, id, "other_account");
    expect(await stored(site())).toEqual(before);
    expect((await publish(ada, connection, "Still the same bell.")).state).toBe("published");
    expect((await sandbox.effects(id)).map(({ author }) => author)).toEqual([account(id, 0)]);
  });

  test("nobody renews a connection that is not theirs", async () => {
    const { ada, otto, connect, rows } = site();
    const connection = await connect(ada, id);
    const begun = (await rows("oauth_states")).length;
    const response = await otto.send("POST", `/api/oauth/${id}/connect`, { connection });
    expect(response.status).toBe(404);
    expect(await rows("oauth_states")).toHaveLength(begun);
  });

  test.each(["asked for by id", "simply connected again"])(
    "the same account, %s, keeps its id and gets new credentials",
    async (how) => {
      const { ada, sandbox, connect, finish, rows, publish } = site();
      const connection = await connect(ada, id);
      const [before] = await rows("grants");
      const again = await finish(ada, id, how === "asked for by id" ? { connection } : {});
      expect(connectedBy(again)).toEqual([connection]);
      const [after, ...more] = await rows("grants");
      expect(more).toEqual([]);
      expect(await rows("connections")).toHaveLength(1);
      expect(after).toMatchObject({ id: before?.["id"], version: Number(before?.["version"]) + 1 });
      expect(after?.["credentials"]).not.toBe(before?.["credentials"]);
      // A Page's own token where there is one, else the person's.
      const newest = (await sandbox.issued()).findLast(
        (one) => one.platform === id && one.kind === (id === "facebook" ? "page" : "access"),
      );
      await sandbox.forgetLog();
      expect((await publish(ada, connection, "Rung with a new rope.")).state).toBe("published");
      const calls = await sandbox.requests({ platform: id, raw: true });
      expect(calls.length).toBeGreaterThan(0);
      for (const call of calls) expect(JSON.stringify(call)).toContain(newest?.value);
    },
  );

  test("a connection that the platform has ended comes back under its own id", async () => {
    const { ada, sandbox, connect, finish, connectionsOf, publish } = site();
    const connection = await connect(ada, id);
    await sandbox.expire({ platform: id, kind: "grant" });
    expect((await publish(ada, connection, "Nobody hears this.")).error?.remedy).toBe("reconnect");
    expect((await connectionsOf(ada)).map(({ status }) => status)).toEqual(["reconnect"]);
    expect(connectedBy(await finish(ada, id, { connection }))).toEqual([connection]);
    expect((await connectionsOf(ada)).map(({ status }) => status)).toEqual(["active"]);
    expect((await publish(ada, connection, "Everybody hears this.")).state).toBe("published");
    expect((await sandbox.effects(id)).map(({ text }) => text)).toEqual(["Everybody hears this."]);
  });

  test("with fewer permissions than asked for it is limited, says so, and nothing is sent", async () => {
    const { ada, sandbox, connect, finish, connectionsOf, publish } = site();
    await sandbox.settings({ platform: id, dropScopes: [publishing] });
    const response = await finish(ada, id);
    const [connection = ""] = connectedBy(response);
    const page = await (await ada.fetch(response.headers.get("location") ?? "")).text();
    expect(page).toContain("With limits");
    expect(await connectionsOf(ada)).toMatchObject([
      { id: connection, status: "limited", missing: [publishing] },
    ]);

    await sandbox.forgetLog();
    const draft = await draftFor(ada, { platform: id, connectionId: connection, text: "Not to be heard." });
    const refused = await ada.send("POST", "/api/post", draft);
    expect(refused.status).toBe(422);
    const { error } = await answer<Refusal>(refused);
    expect(error.details?.problems).toMatchObject([
      { connectionId: connection, field: "connection", code: "limited", severity: "error" },
    ]);
    expect(error.details?.problems?.[0]?.message).toContain(publishing);
    expect(await sandbox.requests({ platform: id })).toEqual([]);
    expect(await sandbox.effects(id)).toEqual([]);
    expect((await answer<PostPage>(await ada.fetch("/api/post"))).posts).toEqual([]);

    await sandbox.settings({ platform: id, dropScopes: [] });
    expect(await connect(ada, id)).toBe(connection);
    expect(await connectionsOf(ada)).toMatchObject([{ id: connection, status: "active", missing: [] }]);
    expect((await publish(ada, connection, "Now to be heard.")).state).toBe("published");
  });

  test("two tabs may connect two accounts at once, and finish in any order", async () => {
    const { ada, begin, consent, account, connectionsOf } = site();
    const first = await begin(ada, id);
    const second = await begin(ada, id);
    const later = await ada.fetch((await consent(second, { person: account(id, 1) })).href);
    const earlier = await ada.fetch((await consent(first, { person: account(id, 0) })).href);
    const held = (await connectionsOf(ada)).map((one) => one.id);
    // Each brought what it reaches, a Page among it or not, and neither took from the other.
    expect(held.length).toBeGreaterThanOrEqual(2);
    expect([...connectedBy(later), ...connectedBy(earlier)].sort()).toEqual(held.sort());
  });

  test("two tabs that connect one account make one connection", async () => {
    const { ada, begin, consent, rows } = site();
    const trips = [await begin(ada, id), await begin(ada, id)];
    const backs = await Promise.all(trips.map((trip) => consent(trip)));
    await Promise.all(backs.map((back) => ada.fetch(back.href)));
    expect(await rows("grants")).toHaveLength(1);
    expect(await rows("connections")).toHaveLength(1);
  });

  test.each<[string, (platform: string) => FaultOrder, "platform_unavailable" | "code_refused"]>([
    [
      "cannot say who it is",
      (platform) => ({ platform, operation: "me", kind: "status", status: 500 }),
      "platform_unavailable",
    ],
    [
      "says half of who it is",
      (platform) => ({ platform, operation: "me", kind: "malformed_json" }),
      "platform_unavailable",
    ],
    [
      "hangs up when asked who it is",
      (platform) => ({ platform, operation: "me", kind: "reset" }),
      "platform_unavailable",
    ],
    [
      "refuses the token it just gave",
      (platform) => ({ platform, operation: "me", kind: "status", status: 401 }),
      "code_refused",
    ],
    [
      "is too busy to say who it is",
      (platform) => ({ platform, operation: "me", kind: "rate_limit" }),
      "platform_unavailable",
    ],
    [
      "cannot give a token",
      (platform) => ({ platform, operation: "token", kind: "status", status: 503 }),
      "platform_unavailable",
    ],
    [
      "gives half a token",
      (platform) => ({ platform, operation: "token", kind: "malformed_json" }),
      "platform_unavailable",
    ],
    [
      "gives a page for a token",
      (platform) => ({ platform, operation: "token", kind: "html_error", status: 200 }),
      "platform_unavailable",
    ],
    [
      "hangs up instead of a token",
      (platform) => ({ platform, operation: "token", kind: "accept_then_reset" }),
      "platform_unavailable",
    ],
  ])("a platform that %s leaves nothing behind", async (_what, fault, code) => {
    const { ada, sandbox, begin, consent, connect, traces } = site();
    await sandbox.fault(fault(id));
    const back = await consent(await begin(ada, id));
    expectRefused(await ada.fetch(back.href), id, code);
    expect(await traces()).toEqual({ ...nothing, tokenRequests: 1 });
    expectRefused(await ada.fetch(back.href), id, "invalid_state");
    await sandbox.clearFaults();
    await connect(ada, id);
  });

  test("leaving hands the tokens back once, shreds them, and keeps what was published", async () => {
    const { ada, sandbox, connect, connectionsOf, traces, publish } = site();
    const connection = await connect(ada, id);
    expect((await publish(ada, connection, "A last peal.")).state).toBe("published");
    const left = await ada.send("DELETE", `/api/connections/${connection}`);
    expect(left.status).toBe(200);
    expect(await left.json()).toEqual(
      revokes
        ? { revoked: true, remains: [] }
        : { revoked: false, remains: [expect.stringContaining("withdraw it there too"), expect.any(String)] },
    );
    expect((await ada.send("DELETE", `/api/connections/${connection}`)).status).toBe(404);
    if (revokes) {
      const calls = await sandbox.requests({ platform: id, operation: "revoke", raw: true });
      const given = calls.map(
        ({ body, headers }) =>
          new URLSearchParams(body ?? "").get("token") ?? headers["authorization"]?.replace(/^Bearer /, ""),
      );
      const held = (await sandbox.issued()).filter(
        (one) =>
          one.platform === id && (revokes === "each" ? /^(access|refresh)$/ : /^access$/).test(one.kind),
      );
      expect(given.sort()).toEqual(held.map(({ value }) => value).sort());
      expect(calls.every(({ status }) => status === 200 || status === 204)).toBe(true);
    }
    expect(await traces()).toEqual({ ...nothing, tokenRequests: 1 });
    expect(await connectionsOf(ada)).toEqual([]);
    const { posts } = await answer<PostPage>(await ada.fetch("/api/post"));
    expect(posts.flatMap(({ deliveries }: PostDto) => deliveries)).toMatchObject([
      { connectionId: null, platform: id, state: "published", url: expect.stringContaining("http") },
    ]);
    expect((await sandbox.effects(id)).map(({ deleted }) => deleted)).toEqual([false]);
  });

  test("nobody ends another's connection", async () => {
    const { ada, otto, connect, sandbox } = site();
    const connection = await connect(ada, id);
    const before = await stored(site());
    for (const [method, path] of [
      ["DELETE", ""],
      ["GET", ""],
      ["POST", "/refresh"],
      ["POST", "/check"],
    ] as const) {
      const response = await otto.send(method, `/api/connections/${connection}${path}`);
      expect({ method, path, status: response.status }).toEqual({ method, path, status: 404 });
    }
    expect(await stored(site())).toEqual(before);
    if (revokes) expect(await sandbox.requests({ platform: id, operation: "revoke" })).toEqual([]);
  });
});

test.each(oauthPlatforms.filter(({ revokes }) => revokes))(
  "$id, unable to take its tokens back, keeps nobody from leaving",
  async ({ id }) => {
    const { ada, sandbox, connect, traces } = site();
    const connection = await connect(ada, id);
    await sandbox.fault({ platform: id, operation: "revoke", kind: "status", status: 503 });
    const left = await ada.send("DELETE", `/api/connections/${connection}`);
    expect({ status: left.status, body: await left.json() }).toEqual({
      status: 200,
      body: {
        revoked: false,
        remains: [expect.stringContaining("has not confirmed"), expect.stringContaining("Carillon")],
      },
    });
    expect(await traces()).toEqual({ ...nothing, tokenRequests: 1 });
  },
);

test("accounts of all platforms may be connected at once", async () => {
  const { ada, begin, consent, connectionsOf } = site();
  const trips = await Promise.all(oauthPlatforms.map(({ id }) => begin(ada, id)));
  const backs = await Promise.all(trips.map((trip) => consent(trip)));
  const answers = await Promise.all(backs.map((back) => ada.fetch(back.href)));
  expect(answers.flatMap(connectedBy)).toHaveLength(oauthPlatforms.length);
  expect((await connectionsOf(ada)).map(({ platform }) => platform)).toEqual(
    oauthPlatforms.map(({ id }) => id).sort(),
  );
});

test("a platform that nobody has set up is refused, naming what is missing", async () => {
  const { ada, begin, consent, databaseUrl, rows, traces } = site();
  const trips = await Promise.all(oauthPlatforms.map(({ id }) => begin(ada, id)));
  const begun = (await rows("oauth_states")).length;
  const bare = await startApp({ databaseUrl });
  try {
    const { platforms } = await answer<ConnectionsAnswer>(await ada.fetch(`${bare.url}/api/connections`));
    for (const [index, { id }] of oauthPlatforms.entries()) {
      const names = platforms.find(({ spec }) => spec.id === id)?.unconfigured ?? [];
      expect(names).toEqual([
        expect.stringMatching(/^[A-Z_]+_(ID|KEY)$/),
        expect.stringMatching(/^[A-Z_]+_SECRET$/),
      ]);
      const response = await ada.fetch(`${bare.url}/api/oauth/${id}/connect`);
      expect(response.status).toBe(409);
      const { error } = await answer<Refusal>(response);
      expect(error.code).toBe("not_configured");
      for (const name of names) expect(error.message).toContain(name);
      // Set up when the trip began, no longer when it ends.
      const [trip] = trips.slice(index);
      if (!trip) throw new Error(`No trip to ${id} was begun.`);
      const back = await consent(trip);
      expectRefused(await ada.fetch(`${bare.url}${back.pathname}${back.search}`), id, "not_configured");
    }
  } finally {
    await bare.stop();
  }
  expect(await rows("oauth_states")).toHaveLength(begun);
  expect(await traces()).toEqual(nothing);
});

test("a platform that does not exist cannot be started", async () => {
  const { ada, rows } = site();
  for (const name of [
    "mastodon",
    "__proto__",
    "constructor",
    "..%2fthreads",
    "%3Cscript%3E",
    "x".repeat(41),
  ]) {
    const response = await ada.fetch(`/api/oauth/${name}/connect`);
    expect({ name, status: response.status }).toEqual({ name, status: name.length > 40 ? 400 : 404 });
    expect(await response.text()).not.toContain("<script>");
  }
  expect(await rows("oauth_states")).toEqual([]);
});
