import { v7 as uuid } from "uuid";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type {
  ConversationAnswer,
  ConversationsAnswer,
  InboxAccountDto,
  InboxAccountsAnswer,
} from "@/lib/inbox/schema";
import { waitUntil } from "@/scripts/wait";
import { connect, type House, jsonOf, openHouse } from "../support/house";
import { type Account, delivery, element, entry, newAccount, signed, tick } from "../support/inbox-wire";
import { type Line, openLine } from "../support/line";
import { signUp } from "../support/people";
import { openTap, type Tap } from "../support/tap";
import { type Door, doors } from "../support/webhook-door";

/**
 * Nothing that Instagram was told we have is ever lost: whatever dies or is away, and whatever was said before anybody
 * listened. INBOX_KILLS and INBOX_OUTAGE_MS make the long forms.
 */
const KILLS = Number(process.env["INBOX_KILLS"] ?? 3);
const OUTAGE_MS = Number(process.env["INBOX_OUTAGE_MS"] ?? 0);
const LATENCY_MS = OUTAGE_MS > 0 ? 2_000 : 300;
const HOOK_MS = 300_000;

let house: House;
let line: Line;
let tap: Tap;
let pool: ReturnType<typeof doors>;
let drain: typeof import("@/lib/jobs/run").drain;
let receiveDue: typeof import("@/lib/inbox/receive/receive").receiveDue;

beforeAll(async () => {
  const open = await openHouse({}, { worksBehind: true });
  line = await openLine(open.databaseUrl);
  tap = await openTap(line.url);
  pool = doors(tap.url, open.sandbox.url, KILLS);
  ({ drain } = await import("@/lib/jobs/run"));
  ({ receiveDue } = await import("@/lib/inbox/receive/receive"));
  const ada = await signUp(open.url, { name: "Ada Bell" });
  const otto = await signUp(open.url, { name: "Otto Klang" });
  house = { ...open, ada, otto };
}, HOOK_MS);
afterAll(async () => {
  await pool.close();
  await tap.close();
  await line.close();
  await house.stop();
}, HOOK_MS);
beforeEach(async () => {
  await house.sandbox.clearFaults();
  await house.sandbox.settings({ platform: "instagram", own: { webhooks: "on" } });
});

const rows = async <T extends object>(text: string, values: unknown[] = []): Promise<T[]> =>
  (await house.sql.query<T>(text, values)).rows;
const work = () => drain(60_000);
/** Until everything the sandbox told has been worked off, its jobs included. */
const settle = async () => {
  await house.sandbox.delivered(60_000);
  await work();
};
/** Until the past has been fetched: the platform may ask for patience, and the queue has it. */
const fetched = () =>
  waitUntil(
    async () => {
      await work();
      const open = await rows(
        "select 1 from pgboss.job where name = 'inbox.backfill' and state not in ('completed', 'failed')",
      );
      return open.length === 0 ? true : null;
    },
    { withinMs: 60_000, everyMs: 200, otherwise: "The past was not fetched." },
  );
const jane = "jane.harper";

describe.each([
  {
    way: "instagram",
    who: "chimecafe",
    scope: "instagram_business_manage_messages",
    host: "graph.instagram.com",
  },
  { way: "facebook", who: "adabell", scope: "instagram_manage_messages", host: "graph.facebook.com" },
])("through $way", ({ way, who, scope, host }) => {
  let connection: string;
  const listened = async (): Promise<InboxAccountDto | undefined> =>
    (await jsonOf<InboxAccountsAnswer>(await house.ada.fetch("/api/inbox/accounts"))).accounts.find(
      ({ connectionId }) => connectionId === connection,
    );
  const byHand = (what: "subscribe" | "backfill", person = house.ada) =>
    person.send("POST", `/api/inbox/accounts/${connection}/${what}`);
  const asked = async (since: number) =>
    (await house.sandbox.requests({ platform: "instagram", operation: "subscribe", since, raw: true })).map(
      ({ url, status }) => [new URL(url).host, status],
    );
  const subscribed = async () =>
    (await house.sandbox.subscriptions()).filter(({ login }) => login === way).length;
  const refuseOnce = () =>
    house.sandbox.fault({
      platform: "instagram",
      operation: "subscribe",
      kind: "status",
      status: 503,
      times: 1,
    });
  const reconnect = async () => {
    expect(await connect(house, house.ada, "instagram", { way, person: who, connection })).toEqual([
      connection,
    ]);
    await work();
  };
  /** Everything known of the account's messages, and every wish to answer one. */
  const state = async () => ({
    messages: await rows<{ text: string; author: string }>(
      "select text, author, remote_id, sent_at from messages where connection_id = $1 order by sent_at, id",
      [connection],
    ),
    conversations: await rows<{ unread: number; read_at: Date }>(
      "select id, unread, read_at, snippet, last_message_at from conversations where connection_id = $1 order by id",
      [connection],
    ),
    answers: await rows(
      `select 1 from pgboss.job j join conversations c on c.id::text = j.data->>'conversationId'
        where j.name = 'inbox.answer' and c.connection_id = $1`,
      [connection],
    ),
  });

  test("without the permission nobody is asked, and the account says why", async () => {
    for (const text of ["Before you came", "Anybody here?"]) {
      await house.sandbox.message({ account: who, from: jane, text });
    }
    await house.sandbox.message({ account: who, from: "business", peer: jane, text: "From my phone" });
    await house.sandbox.message({ account: who, from: "tomasz_w", text: "Before you came, too" });
    await house.sandbox.settings({ platform: way, dropScopes: [scope] });
    const { sequence } = await house.sandbox.forgetLog();
    [connection = ""] = await connect(house, house.ada, "instagram", { way, person: who });
    await work();
    await house.sandbox.settings({ platform: way, dropScopes: [] });
    const refused = {
      subscription: "not_allowed",
      subscriptionError: expect.stringContaining("Messages were not allowed"),
    };
    expect(await listened()).toMatchObject(refused);
    expect(await jsonOf(await byHand("subscribe"))).toMatchObject(refused);
    expect(await asked(sequence)).toEqual([]);
    expect(await subscribed()).toBe(0);
    expect((await state()).messages).toEqual([]);
  });

  test("connected again with it, it listens; what was said before is there, read, and never answered", async () => {
    // Whoever answers by itself shall not answer that.
    const patched = await house.ada.send("PATCH", `/api/inbox/accounts/${connection}`, { mode: "auto" });
    expect(patched.status).toBe(200);
    await reconnect();
    expect(await listened()).toMatchObject({ subscription: "on", subscriptionError: null });
    expect(await subscribed()).toBe(1);
    await fetched();
    const first = await state();
    // The past is told in whole seconds.
    expect(first.messages.map(({ author, text }) => `${author}: ${text}`).sort()).toEqual([
      "phone: From my phone",
      "them: Anybody here?",
      "them: Before you came",
      "them: Before you came, too",
    ]);
    expect(first.conversations.map(({ unread }) => unread)).toEqual([0, 0]);
    expect(first.answers).toEqual([]);
    expect((await byHand("backfill")).status).toBe(202);
    await fetched();
    expect(await state()).toEqual(first);
    expect((await byHand("backfill", house.otto)).status).toBe(404);
  });

  test("what was missed is fetched as news, once, and only what is told as it happens is answered", async () => {
    await house.sandbox.settings({ platform: "instagram", own: { webhooks: "hold" } });
    // The past is told in whole seconds: news begins with the next one.
    const readUntil = Math.max(...(await state()).conversations.map(({ read_at }) => read_at.getTime()));
    await waitUntil(() => (Math.floor(Date.now() / 1_000) * 1_000 > readUntil ? true : null), {
      withinMs: 30_000,
      otherwise: "The second does not end.",
    });
    await house.sandbox.message({ account: who, from: jane, text: "You missed this" });
    expect((await byHand("backfill")).status).toBe(202);
    await fetched();
    const missed = await state();
    expect(missed.messages.filter(({ text }) => text === "You missed this")).toHaveLength(1);
    expect(missed.conversations.map(({ unread }) => unread).sort()).toEqual([0, 1]);
    await house.sandbox.releaseWebhooks();
    await settle();
    expect(await state()).toEqual(missed);
    await house.sandbox.message({ account: who, from: jane, text: "And now?" });
    await settle();
    expect((await state()).answers).toHaveLength(1);
  });

  test("a platform that fails is named as the reason, and is asked again a day later", async () => {
    await refuseOnce();
    const { sequence } = await house.sandbox.forgetLog();
    await reconnect();
    expect(await listened()).toMatchObject({
      subscription: "failed",
      subscriptionError: expect.stringContaining("Instagram"),
    });
    // The queue's own tries have come to nothing.
    await house.sql.query("delete from pgboss.job where name = 'inbox.subscribe'");
    await work();
    expect(await asked(sequence)).toEqual([[host, 503]]);
    await house.sql.query(
      "update inbox_accounts set updated_at = now() - interval '25 hours' where connection_id = $1",
      [connection],
    );
    await work();
    expect(await listened()).toMatchObject({ subscription: "on", subscriptionError: null });
    expect(await asked(sequence)).toEqual([
      [host, 503],
      [host, 200],
    ]);
  });

  test("by its owner's hand, and nobody else's", async () => {
    await refuseOnce();
    expect(await jsonOf(await byHand("subscribe"))).toMatchObject({ subscription: "failed" });
    expect((await byHand("subscribe", house.otto)).status).toBe(404);
    expect(await listened()).toMatchObject({ subscription: "failed" });
    expect(await jsonOf(await byHand("subscribe"))).toMatchObject({
      connectionId: connection,
      subscription: "on",
      subscriptionError: null,
    });
    expect(
      await rows("select 1 from audit where action = 'inbox.subscribe' and subject = $1", [connection]),
    ).toHaveLength(3);
  });

  test.each(["before", "after", "lost"] as const)("an answer arrives once: echo %s", async (echo) => {
    await house.sandbox.settings({
      platform: "instagram",
      own: { echo: echo === "before" ? "before" : "after" },
    });
    if (echo === "lost") {
      await house.sandbox.fault({
        platform: "instagram",
        operation: "send",
        kind: "accept_then_reset",
        times: 1,
      });
    }
    const { conversations } = await jsonOf<ConversationsAnswer>(await house.ada.fetch("/api/inbox"));
    const room = conversations.find(
      ({ connectionId, peer }) => connectionId === connection && peer.handle === jane,
    );
    const { sequence } = await house.sandbox.forgetLog();
    const text = `Once, ${echo}, through ${way}`;
    const sent = await house.ada.send("POST", `/api/inbox/${room?.id}`, { wish: uuid(), text });
    expect(sent.status, await sent.text()).toBe(202);
    const ours = async () => {
      const { messages } = await jsonOf<ConversationAnswer>(await house.ada.fetch(`/api/inbox/${room?.id}`));
      return messages.filter((one) => one.text === text);
    };
    await waitUntil(async () => ((await ours()).every(({ state: now }) => now === "sent") ? true : null), {
      withinMs: 60_000,
      otherwise: "The answer was not sent, or its echo was not recognized.",
    });
    await settle();
    const { messages: seen } = await house.sandbox.thread(who, jane);
    const theirs = seen.filter((one) => one.text === text);
    expect(theirs).toHaveLength(1);
    const calls = await house.sandbox.requests({ operation: "send", since: sequence, raw: true });
    expect(calls.map(({ url }) => new URL(url).host)).toContain(host);
    expect((await ours()).map(({ author, state: now, remoteId }) => [author, now, remoteId])).toEqual([
      ["person", "sent", theirs[0]?.mid],
    ]);
  });
});

describe("a process that only takes in", () => {
  let account: Account;
  let first: Door;
  let nth = 0;
  const say = (text: string) => {
    nth += 1;
    const mid = `durable.${nth}`;
    const peer = `2784${nth % 3}`;
    return {
      mid,
      body: delivery(
        entry(account.accountId, element(account.accountId, peer, tick(), { message: { mid, text } })),
      ),
    };
  };
  type Said = ReturnType<typeof say>;
  const kept = async () =>
    (
      await rows<{ mid: string }>(
        "select entry::json->'messaging'->0->'message'->>'mid' as mid from webhook_events where account_id = $1",
        [account.accountId],
      )
    ).map(({ mid }) => mid);
  const shown = async () =>
    (
      await rows<{ remote_id: string }>("select remote_id from messages where connection_id = $1", [
        account.connectionId,
      ])
    ).map(({ remote_id }) => remote_id);

  beforeAll(async () => {
    account = await newAccount(house.sql);
    first = await pool.next();
  }, HOOK_MS);

  test("while its database is away it says so; brought again, everything is kept (E4)", {
    timeout: 180_000 + 3 * OUTAGE_MS,
  }, async () => {
    const own = { webhookUrl: first.url, webhookRetryMs: 50, echo: "after" };
    await house.sandbox.settings({ platform: "instagram", own });
    const told = ["While it works", "While it is away", "Still away", "And still"];
    const write = (text: string | undefined) =>
      house.sandbox.message({ account: "adabell", from: "lena.krueger", ...(text && { text }) });
    await write(told[0]);
    await house.sandbox.delivered(60_000);

    const { sequence } = await house.sandbox.forgetLog();
    const cutAt = Date.now();
    line.cut();
    for (const text of told.slice(1)) await write(text);
    const alone = say("Brought by hand");
    expect(await first.post(alone.body)).toBe(500);
    const refusals = await waitUntil(
      async () => {
        const { deliveries } = await house.sandbox.deliveries(sequence);
        return deliveries.length >= 3 && Date.now() - cutAt >= OUTAGE_MS ? deliveries : null;
      },
      { withinMs: 90_000 + OUTAGE_MS, otherwise: "The sandbox did not try again." },
    );
    // null: nobody answered in time, which is no yes either.
    expect(refusals.filter(({ status }) => status !== 500 && status !== null)).toEqual([]);
    expect(line.turnedAway()).toBeGreaterThan(0);
    expect(await kept()).toEqual([]);

    line.mend();
    await house.sandbox.delivered(90_000 + 2 * OUTAGE_MS);
    expect(await first.post(alone.body)).toBe(200);
    // Nobody starts it anew, and nobody helps it to work them off.
    const lena = () =>
      rows<{ text: string }>("select text from messages where text = any($1) order by sent_at, id", [told]);
    await waitUntil(
      async () => ((await lena()).length >= told.length && (await shown()).length > 0 ? true : null),
      { withinMs: 60_000, otherwise: "What was kept was not worked off." },
    );
    expect((await lena()).map(({ text }) => text)).toEqual(told);
    expect(await shown()).toEqual([alone.mid]);

    line.slow(LATENCY_MS);
    const late = Array.from({ length: 5 }, (_, at) => say(`Slowly, ${at}`));
    await Promise.all(
      late.map(async ({ mid, body }) => {
        expect(await first.post(body)).toBe(200);
        expect(await kept()).toContain(mid);
      }),
    );
    line.mend();
    expect(first.program.exit()).toBeNull();
    await house.sandbox.settings({ platform: "instagram", own: { webhookUrl: "" } });
  });

  test(`killed ${KILLS} times around its answer, it has lost nothing it said it has (E3)`, {
    timeout: 120_000 + KILLS * 30_000,
  }, async () => {
    const all: Said[] = [];
    const acknowledged = new Set<string>();
    for (let round = 1; round <= KILLS; round += 1) {
      const door = round === 1 ? first : await pool.next();
      all.push(...Array.from({ length: 8 }, (_, at) => say(`Round ${round}, ${at}`)));
      // What was not acknowledged is brought again: the same bytes.
      const brought = all.filter(({ mid }) => !acknowledged.has(mid));
      if (round <= 2) {
        // The database has not heard of it; or has kept it, and the process does not know.
        const moment = round === 1 ? "before" : "after";
        tap.stopAt({ moment, about: ({ sql }) => (/insert into webhook_events/.test(sql) ? "it" : null) });
        const answers = Promise.all(brought.map(({ body }) => door.post(body)));
        await waitUntil(() => (tap.reached().includes("it") ? true : null), {
          withinMs: 60_000,
          everyMs: 5,
          otherwise: `Nothing was written.\n${door.program.output()}`,
        });
        await door.kill();
        expect(new Set(await answers), moment).toEqual(new Set([null]));
        tap.stopAt(null);
      } else {
        let killed: Promise<void> | null = null;
        await Promise.all(
          brought.map(async ({ mid, body }) => {
            if ((await door.post(body)) !== 200) return;
            killed ??= door.kill();
            acknowledged.add(mid);
          }),
        );
        expect(killed, door.program.output()).not.toBeNull();
        await killed;
      }
      expect(await kept()).toEqual(expect.arrayContaining([...acknowledged]));
    }
    expect(acknowledged.size).toBeGreaterThan(0);

    // Another one works off what is there; and Meta brings everything once more.
    await receiveDue();
    expect(await shown()).toEqual(expect.arrayContaining([...acknowledged]));
    const headers = (body: string) => ({
      "content-type": "application/json",
      "x-hub-signature-256": signed(body),
    });
    for (const { body } of all) {
      const answer = await fetch(`${house.url}/api/webhooks/instagram`, {
        method: "POST",
        body,
        headers: headers(body),
      });
      expect(answer.status).toBe(200);
    }
    await receiveDue();
    const ofThese = (mids: string[]) => mids.filter((mid) => all.some((one) => one.mid === mid)).sort();
    const once = all.map(({ mid }) => mid).sort();
    expect(ofThese(await kept())).toEqual(once);
    expect(ofThese(await shown())).toEqual(once);
    expect(await rows("select 1 from webhook_events where due_at is not null")).toEqual([]);
  });
});
