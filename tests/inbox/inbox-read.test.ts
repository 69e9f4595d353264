import { v7 as uuid } from "uuid";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { SignedIn } from "@/lib/session";
import { waitUntil } from "@/scripts/wait";
import { type Intake, openIntake } from "../support/inbox";
import { type Account, digits, element, entry, tick } from "../support/inbox-wire";

/** What a person sees of their inbox: pages, filters, search, numbers, the raw log, and what changes while they look. */

let intake: Intake;
let account: Account;
let other: Account;
let ada: SignedIn;
let bea: SignedIn;
let read: typeof import("@/lib/inbox/read");
let data: typeof import("@/lib/inbox/conversations-data");
let schema: typeof import("@/lib/inbox/schema");

beforeAll(async () => {
  intake = await openIntake();
  read = await import("@/lib/inbox/read");
  data = await import("@/lib/inbox/conversations-data");
  schema = await import("@/lib/inbox/schema");
  [account, other] = [await intake.account(), await intake.account()];
  [ada, bea] = [person(account), person(other)];
});
afterAll(() => intake.close());

const person = ({ userId }: Account): SignedIn => ({
  type: "user",
  id: userId,
  name: "Ada Bell",
  email: `${userId}@people.test`,
  tier: "free",
  credits: 10,
  sessionId: uuid(),
});
const inbox = (user: SignedIn, query: Record<string, string> = {}) =>
  read.readInbox(user, schema.InboxQuery.parse(query));

/** They write these, each in a message of its own. */
async function write(to: Account, peerId: string, ...texts: string[]): Promise<void> {
  await intake.deliver(
    entry(
      to.accountId,
      ...texts.map((text) =>
        element(to.accountId, peerId, tick(), { message: { mid: `r.${tick()}`, text } }),
      ),
    ),
  );
}

test("pages hold every conversation once, the newest first, and nobody else's", async () => {
  const peers = Array.from({ length: 70 }, () => digits());
  await intake.deliver(
    ...peers.map((peer) =>
      entry(
        account.accountId,
        element(account.accountId, peer, tick(), {
          message: { mid: `h.${peer}`, text: `Hello from ${peer}` },
        }),
      ),
    ),
  );
  await write(other, digits(), "To Bea");
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const page = await inbox(ada, cursor ? { cursor } : {});
    expect(page.unread).toBe(70);
    seen.push(...page.conversations.map(({ snippet }) => snippet ?? ""));
    cursor = page.nextCursor;
  } while (cursor);
  expect(seen).toEqual(peers.toReversed().map((peer) => `Hello from ${peer}`));
  expect((await inbox(bea)).conversations.map(({ snippet }) => snippet)).toEqual(["To Bea"]);
  expect((await inbox(ada, { cursor: "nonsense" })).conversations).toHaveLength(30);
  expect((await inbox(ada, { connection: account.connectionId, kind: "comment" })).conversations).toEqual([]);
});

test("words find what was said and who said it, by their beginnings", async () => {
  const peer = digits();
  await write(account, peer, "Do you have the Grüne Glocke?", "In size XL, please");
  await intake.sql.query(
    "update conversations set peer_name = 'Jane Harper', peer_handle = 'jane.harper' where remote_key = $1",
    [peer],
  );
  const found = async (q: string) => (await inbox(ada, { q })).conversations.length;
  expect(await found("grüne glo")).toBe(1);
  expect(await found("harp")).toBe(1);
  expect(await found("glocke harper")).toBe(0);
  expect(await found("':*|!&()")).toBeGreaterThan(1);
  expect((await inbox(bea, { q: "glocke" })).conversations).toEqual([]);
});

test("a long conversation comes in pages; reading, archiving and holding the assistant stay", async () => {
  const peer = digits();
  await write(account, peer, ...Array.from({ length: 95 }, (_, at) => `Message ${at}`));
  const { conversations } = await inbox(ada);
  const id = conversations[0]?.id ?? "";
  expect(conversations[0]).toMatchObject({
    unread: 95,
    archived: false,
    window: { state: expect.any(String) },
  });
  const texts: (string | null)[] = [];
  let cursor: string | null = null;
  do {
    const page = await read.readConversation(ada, id, cursor);
    texts.unshift(...page.messages.map(({ text }) => text));
    cursor = page.nextCursor;
  } while (cursor);
  expect(texts).toEqual(Array.from({ length: 95 }, (_, at) => `Message ${at}`));
  await expect(read.readConversation(bea, id, null)).rejects.toMatchObject({ code: "not_found" });
  await expect(read.changeConversation(bea, id, { archived: true })).rejects.toMatchObject({
    code: "not_found",
  });

  const changed = await read.changeConversation(ada, id, {
    read: true,
    archived: true,
    mode: "auto",
    pausedForMinutes: 10,
  });
  expect(changed.conversation).toMatchObject({ unread: 0, archived: true, mode: "auto", ownMode: "auto" });
  expect(changed.conversation.pausedUntil).not.toBeNull();
  expect((await inbox(ada, { filter: "archived" })).conversations.map((one) => one.id)).toEqual([id]);
  await write(account, peer, "I am back");
  expect((await inbox(ada)).conversations[0]).toMatchObject({ id, unread: 1, archived: false });
  expect((await inbox(ada, { filter: "unread" })).conversations[0]?.id).toBe(id);
  expect((await inbox(ada, { filter: "waiting" })).conversations[0]?.id).toBe(id);
});

test("the numbers count what came in, who answered, and how long the first answer took", async () => {
  const counted = await intake.account();
  const peer = digits();
  const now = Date.now() - 3_600_000;
  const say = (afterMs: number, text: string, echo = false) =>
    element(counted.accountId, peer, now + afterMs, {
      message: { mid: `n.${peer}.${afterMs}`, text, ...(echo && { is_echo: true }) },
    });
  await intake.deliver(
    entry(
      counted.accountId,
      say(0, "One"),
      say(10_000, "Still one"),
      say(60_000, "Answer", true),
      say(70_000, "Two"),
      say(90_000, "Answer", true),
    ),
  );
  expect(await data.countNumbers(counted.userId, 30)).toEqual({
    days: 30,
    received: 3,
    answeredBy: { person: 0, phone: 2, assistant: 0 },
    handedOver: 0,
    medianFirstResponseMs: 40_000,
  });
});

test("the raw log is its owner's, from when they connected; an event can be worked off again", async () => {
  const events = await import("@/lib/inbox/receive/events-data");
  const { replay } = await import("@/lib/inbox/receive/replay");
  const mine = await events.listEvents(ada.id, null);
  expect(mine.events).toHaveLength(30);
  const next = await events.listEvents(ada.id, mine.nextCursor);
  expect(next.events.length).toBeGreaterThan(0);
  expect(new Set([...mine.events, ...next.events].map(({ id }) => id)).size).toBe(
    mine.events.length + next.events.length,
  );
  const [event] = mine.events;
  expect(event).toMatchObject({ accountName: "Bell Pictures", attempts: 1, outcome: { message: 1 } });
  await expect(replay(bea, event?.id ?? "")).rejects.toMatchObject({ code: "not_found" });
  await intake.sql.query("update connections set created_at = now() where id = $1", [other.connectionId]);
  expect((await events.listEvents(bea.id, null)).events).toEqual([]);
  const before = await intake.count("messages");
  await replay(ada, event?.id ?? "");
  await intake.receive();
  expect(await intake.count("messages")).toBe(before);
  expect((await events.listEvents(ada.id, null)).events.find(({ id }) => id === event?.id)).toMatchObject({
    outcome: { known: 1 },
  });
});

test("what changes is told to those who listen, and to nobody else", async () => {
  const { liveChanges } = await import("@/lib/inbox/live");
  const stop = new AbortController();
  const heard = { ada: "", bea: "" };
  const listening = (["ada", "bea"] as const).map(async (name) => {
    const { body } = liveChanges(name === "ada" ? ada.id : bea.id, stop.signal);
    const decoder = new TextDecoder();
    for await (const piece of body ?? []) heard[name] += decoder.decode(piece);
  });
  await waitUntil(
    () => (heard.ada.includes("event: ready") && heard.bea.includes("event: ready") ? true : null),
    {
      withinMs: 30_000,
      otherwise: "Nobody was greeted.",
    },
  );
  const peer = digits();
  await write(account, peer, "News");
  const id = (await inbox(ada)).conversations[0]?.id ?? "none";
  await waitUntil(() => (heard.ada.includes(id) ? true : null), {
    withinMs: 20_000,
    otherwise: `Ada heard nothing: ${heard.ada}`,
  });
  expect(heard.bea).not.toContain(id);
  stop.abort();
  await Promise.all(listening);
});

test("the raw log keeps what came in for thirty days", async () => {
  const { deleteOldEvents } = await import("@/lib/inbox/receive/events-data");
  const age = (days: number, id: string) =>
    intake.sql.query(
      "update webhook_events set received_at = now() - make_interval(days => $1) where id = $2",
      [days, id],
    );
  const { rows } = await intake.sql.query<{ id: string }>("select id from webhook_events limit 2");
  const [old, kept] = rows.map(({ id }) => id);
  await age(31, old ?? "");
  await age(29, kept ?? "");
  const before = await intake.count("webhook_events");
  await deleteOldEvents();
  expect(await intake.count("webhook_events")).toBe(before - 1);
  expect(await intake.count(`webhook_events where id = '${old}'`)).toBe(0);
});

test("a page of the inbox is two questions to the database and a conversation three, however much there is", async () => {
  const { database } = await import("@/lib/db");
  const asked: string[] = [];
  const pool = (database().db as unknown as { $client: { query: (...args: unknown[]) => unknown } }).$client;
  const original = pool.query.bind(pool);
  pool.query = (...args: unknown[]) => {
    asked.push(String((args[0] as { text?: string }).text ?? args[0]));
    return original(...args);
  };
  try {
    await inbox(ada);
    expect(asked).toHaveLength(2);
    asked.length = 0;
    const { conversations } = await inbox(ada, { q: "hello" });
    expect(asked).toHaveLength(2);
    asked.length = 0;
    await read.readConversation(ada, conversations[0]?.id ?? "", null);
    expect(asked).toHaveLength(3);
  } finally {
    pool.query = original;
  }
});
