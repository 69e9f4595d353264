import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Intake, openIntake } from "../support/inbox";
import { type Account, delivery, digits, element, entry, tick } from "../support/inbox-wire";

/** What is told of messages becomes conversations: however often it is told, and in whatever order. */

let intake: Intake;
/** E9's long form is 1000. */
const SHUFFLES = Number(process.env["INBOX_SHUFFLES"] ?? 10);

beforeAll(async () => {
  intake = await openIntake();
});
afterAll(() => intake.close());

const peer = () => digits().replace(/^1784/, "2784");

type Shown = Record<string, unknown>;

/** An account's whole inbox, without what differs from run to run. */
async function stateOf({ connectionId }: Account): Promise<{ conversations: Shown[]; messages: Shown[] }> {
  const conversations = await intake.rows<Shown>(
    `select kind, remote_key, peer_id, peer_handle, media_id, last_inbound_at, last_message_at, snippet, snippet_by, unread,
            read_at, archived_at, paused_until, standby
       from conversations where connection_id = $1 and last_message_at > to_timestamp(0) order by kind, remote_key`,
    [connectionId],
  );
  const messages = await intake.rows<Shown>(
    `select remote_id, author, state, text, attachments, reply_to, quick_replies, details, reactions, edits, edited_at,
            unsent_at, seen_at, sent_at
       from messages where connection_id = $1 order by remote_id`,
    [connectionId],
  );
  return { conversations, messages };
}

/** A conversation in which everything happens that can. */
function story(account: Account, who: string): object[] {
  const say = (at: number, content: Record<string, unknown>) => element(account.accountId, who, at, content);
  const mid = (name: string) => `${name}.${who}`;
  return [
    say(tick(), { message: { mid: mid("m1"), text: "Hello, är ni öppna? 🔔" } }),
    say(tick(), { message: { mid: mid("m2"), text: "Are you open" } }),
    say(tick(), { message_edit: { mid: mid("m2"), text: "Are you open today", num_edit: "1" } }),
    say(tick(), { message_edit: { mid: mid("m2"), text: "Are you open today?", num_edit: "2" } }),
    say(tick(), { message: { mid: mid("e1"), text: "Until six.", is_echo: true } }),
    say(tick(), { reaction: { mid: mid("e1"), action: "react", reaction: "like", emoji: "👍" } }),
    say(tick(), { reaction: { mid: mid("e1"), action: "react", reaction: "love", emoji: "❤️" } }),
    say(tick(), { read: { mid: mid("e1") } }),
    say(tick(), { message: { mid: mid("m3"), text: "My address is …" } }),
    say(tick(), { message: { mid: mid("m3"), is_deleted: true } }),
    say(tick(), { message: { mid: mid("m4"), text: "Ends soon", reply_to: { mid: mid("m1") } } }),
    say(tick(), { postback: { mid: mid("p1"), title: "Prices", payload: "PRICES" } }),
    say(tick(), { reaction: { mid: mid("e1"), action: "unreact" } }),
    say(tick(), { message: { mid: mid("e2"), text: "From 20 €.", is_echo: true } }),
    say(tick(), { message: { mid: mid("m5"), text: "Red", quick_reply: { payload: "COLOR_RED" } } }),
  ];
}

describe("told once, in order", () => {
  test("a conversation is there as it was had", async () => {
    const account = await intake.account();
    const who = peer();
    await intake.deliver(entry(account.accountId, ...story(account, who)));
    const { conversations, messages } = await stateOf(account);
    expect(conversations).toEqual([
      expect.objectContaining({
        kind: "direct",
        remote_key: who,
        peer_id: who,
        snippet: "Red",
        snippet_by: "them",
        unread: 1,
        standby: false,
      }),
    ]);
    const of = (name: string) => messages.find(({ remote_id }) => remote_id === `${name}.${who}`);
    expect(messages).toHaveLength(8);
    expect(of("m1")).toMatchObject({ author: "them", text: "Hello, är ni öppna? 🔔", state: "received" });
    expect(of("m2")).toMatchObject({ text: "Are you open today?", edits: 2 });
    expect(of("e1")).toMatchObject({
      author: "phone",
      state: "sent",
      reactions: { them: { reaction: null } },
    });
    expect(of("e1")?.["seen_at"]).toBeInstanceOf(Date);
    expect(of("e2")?.["seen_at"]).toBeNull();
    expect(of("m3")).toMatchObject({ text: null, attachments: [] });
    expect(of("m3")?.["unsent_at"]).toBeInstanceOf(Date);
    expect(of("m4")).toMatchObject({ reply_to: { messageId: `m1.${who}` } });
    expect(of("m5")).toMatchObject({ text: "Red", quick_replies: ["COLOR_RED"] });
    const [event] = await intake.rows<{ outcome: object }>(
      "select outcome from webhook_events where account_id = $1",
      [account.accountId],
    );
    expect(event?.outcome).toEqual({ message: 7, edited: 2, reaction: 3, seen: 1, unsent: 1, postback: 1 });
  });

  test("what was typed at the phone keeps the assistant still, and counts as read", async () => {
    const account = await intake.account();
    const who = peer();
    const at = Date.now() - 60_000;
    await intake.deliver(
      entry(
        account.accountId,
        element(account.accountId, who, at, { message: { mid: `a.${who}`, text: "Hi" } }),
        element(account.accountId, who, at + 1_000, {
          message: { mid: `b.${who}`, text: "Hello", is_echo: true },
        }),
      ),
    );
    const { conversations } = await stateOf(account);
    expect(conversations).toEqual([
      expect.objectContaining({
        unread: 0,
        snippet_by: "phone",
        paused_until: new Date(at + 1_000 + 120 * 60_000),
      }),
    ]);
  });

  test("comments and mentions are conversations of their own", async () => {
    const account = await intake.account();
    const commenter = peer();
    const comment = (id: string, text: string, parent?: string) => ({
      field: "comments",
      value: {
        id,
        from: { id: commenter, username: "jane" },
        text,
        ...(parent && { parent_id: parent }),
        media: { id: "179001", media_product_type: "FEED" },
      },
    });
    const [first, second] = [digits(), digits()];
    await intake.deliver({
      id: account.accountId,
      time: Math.floor(tick() / 1_000),
      changes: [
        comment(second, "And in blue?", first),
        comment(first, "How much?"),
        { field: "mentions", value: { media_id: "179002", comment_id: "179003" } },
      ],
    });
    const { conversations, messages } = await stateOf(account);
    expect(conversations).toEqual([
      expect.objectContaining({
        kind: "comment",
        remote_key: first,
        peer_handle: "jane",
        media_id: "179001",
        unread: 2,
      }),
      expect.objectContaining({ kind: "mention", remote_key: "179003", media_id: "179002" }),
    ]);
    expect(messages.map(({ text }) => text)).toEqual(
      expect.arrayContaining(["How much?", "And in blue?", null]),
    );
  });

  test("a conversation that another app holds is recorded as such, until it comes back", async () => {
    const account = await intake.account();
    const who = peer();
    const say = (content: Record<string, unknown>) => element(account.accountId, who, tick(), content);
    await intake.deliver({
      id: account.accountId,
      time: tick(),
      standby: [say({ message: { mid: `s.${who}`, text: "To the other app" } })],
    });
    expect((await stateOf(account)).conversations).toEqual([
      expect.objectContaining({ standby: true, unread: 1 }),
    ]);
    await intake.deliver(entry(account.accountId, say({ message: { mid: `t.${who}`, text: "To us" } })));
    expect((await stateOf(account)).conversations).toEqual([
      expect.objectContaining({ standby: false, unread: 2 }),
    ]);
  });

  test("a clock that is ahead does not put a message into the future", async () => {
    const account = await intake.account();
    const who = peer();
    const ahead = Date.now() + 3_600_000;
    await intake.deliver(
      entry(
        account.accountId,
        element(account.accountId, who, ahead, { message: { mid: `f.${who}`, text: "!" } }),
      ),
    );
    const { messages } = await stateOf(account);
    const sentAt = messages[0]?.["sent_at"];
    expect(sentAt instanceof Date && sentAt.getTime() < ahead).toBe(true);
  });
});

describe("told doubled and shuffled (E8, E9)", () => {
  test("the same deliveries five times, at once and later, are one conversation", async () => {
    const account = await intake.account();
    const events = Array.from({ length: 20 }, () => peer()).flatMap((who) => story(account, who));
    const bodies = events.map((one) => delivery(entry(account.accountId, one)));
    const answers = await Promise.all(
      [1, 2, 3, 4, 5].flatMap(() => bodies.map(async (body) => (await intake.post(body)).status)),
    );
    expect(new Set(answers)).toEqual(new Set([200]));
    await Promise.all([intake.receive(), intake.receive()]);
    const once = await stateOf(account);
    expect(once.messages).toHaveLength(20 * 8);
    // Again a day later, in envelopes of another hour.
    await intake.deliver(...events.map((one) => entry(account.accountId, one)));
    expect(await stateOf(account)).toEqual(once);
  });

  test(`${SHUFFLES} shuffles end as the story in order does`, {
    timeout: 60_000 + SHUFFLES * 500,
  }, async () => {
    const account = await intake.account();
    const who = peer();
    const events = story(account, who);
    await intake.deliver(entry(account.accountId, ...events));
    const inOrder = await stateOf(account);
    for (let round = 0; round < SHUFFLES; round += 1) {
      await intake.sql.query("delete from conversations where connection_id = $1", [account.connectionId]);
      await intake.sql.query("delete from webhook_events");
      const shuffled = shuffle(events, round);
      // In as many deliveries as it happens to be, some of them twice.
      const cut = 1 + (round % (events.length - 1));
      await intake.deliver(entry(account.accountId, ...shuffled.slice(0, cut)));
      await intake.deliver(entry(account.accountId, ...shuffled.slice(cut), ...shuffled.slice(0, 2)));
      expect(await stateOf(account), `shuffle ${round}`).toEqual(inOrder);
    }
  });
});

describe("whose it is (E15)", () => {
  test("nobody's account is counted and makes nothing", async () => {
    const stranger = digits();
    const before = await intake.count("messages");
    await intake.deliver(
      entry(stranger, element(stranger, peer(), tick(), { message: { mid: `n.${stranger}`, text: "Hi" } })),
    );
    expect(await intake.count("messages")).toBe(before);
    const [event] = await intake.rows<{ outcome: object; error: string | null }>(
      "select outcome, error from webhook_events where account_id = $1",
      [stranger],
    );
    expect(event).toEqual({ outcome: { unknown_account: 1 }, error: null });
  });

  test("an account that changed hands tells its new owner nothing of before", async () => {
    const account = await intake.account();
    const who = peer();
    const say = (mid: string) => element(account.accountId, who, tick(), { message: { mid, text: mid } });
    await intake.deliver(entry(account.accountId, say(`before.${who}`)));
    // Told while it was the first owner's, worked off when it is the second's.
    const late = delivery(entry(account.accountId, say(`late.${who}`)));
    expect((await intake.post(late)).status).toBe(200);
    await intake.sql.query("delete from grants where subject = $1", [account.accountId]);
    const next = await intake.account(account.accountId);
    await intake.sql.query("update connections set created_at = now() where id = $1", [next.connectionId]);
    await intake.receive();
    await intake.deliver(entry(account.accountId, say(`after.${who}`)));
    expect((await stateOf(next)).messages.map(({ text }) => text)).toEqual([`after.${who}`]);
    expect((await stateOf(account)).messages).toEqual([]);
  });
});

/** The same shuffle for the same seed. */
function shuffle<T>(list: T[], seed: number): T[] {
  let state = seed * 2_654_435_761 + 12_345;
  const next = () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
  return list
    .map((one) => ({ one, at: next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ one }) => one);
}
