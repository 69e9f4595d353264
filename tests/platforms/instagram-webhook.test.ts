import { createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { InboxEvent } from "@/lib/platforms/inbox-contract";
import { parseWebhook, readEntry, readWebhook, verifySignature } from "@/lib/platforms/instagram/webhook";
import { parseJson } from "@/lib/platforms/kit";

const ME = "17841400000000001";
const JANE = "1784900000000042";
const AT = 1_760_000_000_001;
const receivedAt = new Date("2026-11-28T07:00:00Z");

describe("the signature", () => {
  const SECRET = "instagram_app_secret";
  const sign = (body: string | Buffer, secret = SECRET) =>
    `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
  const holds = (body: string | Buffer, header: string | null, secrets = [SECRET]) =>
    verifySignature(Buffer.from(body), header, secrets);

  test.each([
    ["plain ASCII", `{"object":"instagram","entry":[]}`],
    ["escaped non-ASCII", `{"text":"\\u00e4\\ud83d\\ude00"}`],
    ["raw UTF-8", `{"text":"ä😀"}`],
    [
      "escaped slashes and angle brackets",
      `{"url":"https:\\/\\/cdn.test\\/a","text":"\\u003Cb>\\u003c\\u0040"}`,
    ],
    ["nothing at all", ""],
  ])("is over the bytes as they came: %s", (_what, body) => {
    expect(holds(body, sign(body))).toBe(true);
  });

  test("is not over the same JSON written differently", () => {
    const body = `{"a":"\\u00e4","b":"\\/"}`;
    const header = sign(body);
    for (const other of [`{"a": "\\u00e4","b":"\\/"}`, `{"b":"\\/","a":"\\u00e4"}`, `{"a":"ä","b":"/"}`]) {
      expect(JSON.parse(other)).toEqual(JSON.parse(body));
      expect(holds(other, header)).toBe(false);
    }
  });

  test("notices any flipped bit of any byte", () => {
    const body = Buffer.alloc(2048, "carillon ");
    const header = sign(body);
    for (let at = 0; at < body.length; at++) {
      const other = Buffer.from(body);
      other[at] = (other[at] ?? 0) ^ (1 << (at % 8));
      expect(holds(other, header)).toBe(false);
    }
  });

  test("holds with either secret, old or new, and never with one that is not configured", () => {
    const body = "{}";
    expect(holds(body, sign(body, "new"), ["old", "new"])).toBe(true);
    expect(holds(body, sign(body, "old"), ["old", "new"])).toBe(true);
    expect(holds(body, sign(body, "other"), ["old", "new"])).toBe(false);
    expect(holds(body, sign(body, ""), ["", SECRET])).toBe(false);
    expect(holds(body, sign(body), [])).toBe(false);
  });

  const good = sign("{}").slice(7);
  test.each([
    ["missing", null],
    ["empty", ""],
    ["the old SHA-1", `sha1=${createHmac("sha1", SECRET).update("{}").digest("hex")}`],
    ["without its prefix", good],
    ["in upper case", `sha256=${good.toUpperCase()}`],
    ["with an upper-case prefix", `SHA256=${good}`],
    ["of an odd length", `sha256=${good.slice(1)}`],
    ["of no hex", `sha256=${"z".repeat(64)}`],
    ["one too long", `sha256=${good}0`],
    ["with white space", `sha256= ${good}`],
    ["with a line after it", `sha256=${good}\n`],
    ["of characters of several bytes", `sha256=${"ä".repeat(64)}`],
    ["twice, as headers are joined", `sha256=${good}, sha256=${good}`],
    ["huge", `sha256=${good.repeat(160)}`],
  ])("is refused when its header is %s", (_what, header) => {
    expect(holds("{}", `sha256=${good}`)).toBe(true);
    expect(holds("{}", header)).toBe(false);
  });

  test("never throws, whatever the header", () => {
    fc.assert(
      fc.property(
        fc.uint8Array(),
        fc.option(fc.string({ unit: "binary-ascii" })),
        fc.array(fc.string()),
        (raw, header, secrets) => {
          expect(verifySignature(raw, header, secrets)).toBe(false);
        },
      ),
    );
  });
});

describe("the JSON of a delivery", () => {
  test("ids beyond 2^53 keep their digits", () => {
    const body = parseWebhook(`{"object":"instagram","entry":[{"id":17841405793187219,"time":1760000000}]}`);
    expect(readWebhook(body)[0]?.accountId).toBe("17841405793187219");
  });

  test("what is nested too deeply is gone, and all around it stays", () => {
    const bomb = `${"[".repeat(100_000)}"\\"]"${"]".repeat(100_000)}`;
    const body = parseWebhook(
      `{"object":"instagram","entry":[{"id":"1","messaging":${bomb}},{"id":"2","x":[{"y":${bomb}}],"messaging":[]}]}`,
    );
    const entries = readWebhook(body);
    expect(entries.map(({ accountId }) => accountId)).toEqual(["1", "2"]);
    expect(JSON.stringify(entries).length).toBeLessThan(1_000);
    expect(entries.flatMap(({ entry }) => readEntry(entry)).map(({ kind }) => kind)).toEqual(["ignored"]);
  });

  test("nothing else is changed by looking for depth", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), (value) => {
        const text = JSON.stringify(value);
        const storable = JSON.stringify(value, (_key, one: unknown) =>
          typeof one === "string" ? one.replaceAll("\0", "").toWellFormed() : one,
        );
        fc.pre(!/\\u0000|\\ud[89a-f]/.test(storable));
        expect(parseWebhook(storable)).toEqual(parseJson(storable));
        expect(() => parseWebhook(text)).not.toThrow();
      }),
    );
  });

  test("what no database takes is left out, and what only looks like it is not", () => {
    expect(parseWebhook(`["a\\u0000b","\\ud83d","\\ude00\\ud83d\\ude00","\\\\u0000","\\\\\\u0000"]`)).toEqual(
      ["ab", "\ufffd", "\ufffd😀", "\\u0000", "\\"],
    );
    expect(parseWebhook(`{"k\\u0000":1}`)).toEqual({ k: 1 });
  });

  test.each(["", "{", "[[[", `"`, `"\\`, "]", "}".repeat(200), "[".repeat(200), "undefined"])(
    "%j is none",
    (text) => {
      expect(parseWebhook(text)).toBeUndefined();
      expect(readWebhook(parseWebhook(text))).toEqual([
        { accountId: "", entry: null, ignored: "unreadable" },
      ]);
    },
  );
});

const entryOf = (more: object) => ({ id: ME, time: AT + 122, ...more });
const told = (more: object) => ({
  sender: { id: JANE },
  recipient: { id: ME },
  timestamp: AT,
  ...more,
});
const echo = (more: object) => told({ sender: { id: ME }, recipient: { id: JANE }, ...more });
const read = (entry: unknown) => readEntry(entry, { receivedAt });
/** The one event of one element of messaging. */
const eventOf = (element: unknown): InboxEvent | undefined => {
  const events = read(entryOf({ messaging: [element] }));
  expect(events).toHaveLength(1);
  return events[0];
};
const ground = { accountId: ME, at: new Date(AT), standby: false };
const message = {
  ...ground,
  kind: "message",
  peerId: JANE,
  messageId: "m1",
  by: "them",
  self: false,
  text: null,
  attachments: [],
  replyTo: null,
  quickReply: null,
  referral: null,
  unsupported: false,
};
const attachment = { url: null, title: null, remoteId: null };
const referral = { source: null, type: null, ref: null, adId: null, adTitle: null, productId: null };

describe("splitting a delivery", () => {
  test("each account's part comes out, with or without a list around the delivery", () => {
    const delivery = { object: "instagram", entry: [entryOf({ messaging: [] }), { id: "2", changes: [] }] };
    const entries = delivery.entry.map((entry) => ({ accountId: entry.id, entry, ignored: null }));
    expect(readWebhook(delivery)).toEqual(entries);
    expect(readWebhook([delivery, delivery])).toEqual([...entries, ...entries]);
  });

  test("the dashboard's Test button is nobody's account", () => {
    const [one] = readWebhook({
      object: "instagram",
      entry: [
        {
          id: "0",
          time: 1_760_000_000,
          changes: [
            {
              field: "messages",
              value: {
                sender: { id: "12334" },
                recipient: { id: "23245" },
                timestamp: "1527459824",
                message: { mid: "random_mid", text: "random_text" },
              },
            },
          ],
        },
      ],
    });
    expect(one).toMatchObject({ accountId: "0", ignored: "test" });
    expect(read(one?.entry)).toMatchObject([{ kind: "ignored", reason: "test" }]);
  });

  test("what is not about Instagram, or of no known shape, belongs to nobody and loses no neighbour", () => {
    expect(readWebhook({ object: "page", entry: [{ id: ME, messaging: [] }] })).toMatchObject([
      { accountId: "", ignored: "unknown_object" },
    ]);
    expect(
      readWebhook([
        null,
        { object: "instagram" },
        { object: "instagram", entry: [null, 7, { time: 1 }, { id: {} }, { id: ME }] },
      ]).map(({ accountId, ignored }) => [accountId, ignored]),
    ).toEqual([
      ["", "unreadable"],
      ["", "unreadable"],
      ["", "unreadable"],
      ["", "unreadable"],
      ["", "unreadable"],
      ["", "unreadable"],
      [ME, null],
    ]);
  });
});

describe("messages", () => {
  test.each<[string, object, object]>([
    ["a text", { text: "Hello" }, { text: "Hello" }],
    [
      "files, several at once",
      {
        attachments: [
          { type: "image", payload: { url: "https://cdn.test/1" } },
          { type: "video", payload: { url: "https://cdn.test/2" } },
          { type: "audio", payload: { url: "https://cdn.test/3" } },
          { type: "file", payload: { url: "https://cdn.test/4" } },
          { type: "sticker", payload: { url: "https://cdn.test/5", sticker_id: 5 } },
        ],
      },
      {
        attachments: ["image", "video", "audio", "file", "sticker"].map((type, index) => ({
          ...attachment,
          type,
          url: `https://cdn.test/${index + 1}`,
        })),
      },
    ],
    [
      "a shared post",
      {
        attachments: [
          {
            type: "ig_post",
            payload: { ig_post_media_id: "18139", title: "caption", url: "https://cdn.test/p" },
          },
        ],
      },
      { attachments: [{ type: "post", url: "https://cdn.test/p", title: "caption", remoteId: "18139" }] },
    ],
    [
      "a shared post in the old words",
      { attachments: [{ type: "share", payload: { url: "https://cdn.test/p" } }] },
      { attachments: [{ ...attachment, type: "share", url: "https://cdn.test/p" }] },
    ],
    [
      "shared reels, under either name",
      { attachments: [{ type: "ig_reel", payload: { reel_video_id: "7", title: "t" } }, { type: "reel" }] },
      {
        attachments: [
          { ...attachment, type: "reel", title: "t", remoteId: "7" },
          { ...attachment, type: "reel" },
        ],
      },
    ],
    [
      "stories, shared and mentioning us",
      {
        attachments: [
          { type: "story" },
          { type: "ig_story" },
          { type: "story_mention", payload: { url: "https://cdn.test/s" } },
        ],
      },
      {
        attachments: [
          { ...attachment, type: "story" },
          { ...attachment, type: "story" },
          { ...attachment, type: "story_mention", url: "https://cdn.test/s" },
        ],
      },
    ],
    [
      "something to be seen once, which has no payload",
      { attachments: [{ type: "ephemeral" }] },
      { attachments: [{ ...attachment, type: "view_once" }] },
    ],
    ["something not handed out", { is_unsupported: true }, { unsupported: true }],
    [
      "something not handed out, with a word for it",
      { is_unsupported: true, attachments: [{ type: "unsupported_type" }] },
      { unsupported: true, attachments: [{ ...attachment, type: "unsupported" }] },
    ],
    ["a message with nothing in it", {}, { unsupported: true }],
    [
      "a file of a kind nobody knows, and addresses that are none",
      {
        attachments: [
          { type: "hologram", payload: { url: "https://cdn.test/h" } },
          { type: "constructor" },
          { type: "image", payload: { url: "javascript:alert(1)" } },
          { type: "image", payload: { url: 7, title: 7 } },
          null,
        ],
      },
      {
        attachments: [
          { ...attachment, type: "unsupported", url: "https://cdn.test/h" },
          { ...attachment, type: "unsupported" },
          { ...attachment, type: "image" },
          { ...attachment, type: "image" },
          { ...attachment, type: "unsupported" },
        ],
      },
    ],
    [
      "a reply to a story",
      {
        text: "nice",
        reply_to: {
          story: { url: "https://cdn.test/s", id: "1789", link_sticker_url: "https://x.test" },
          is_self_reply: true,
        },
      },
      { text: "nice", replyTo: { storyId: "1789", storyUrl: "https://cdn.test/s" } },
    ],
    [
      "a reply to a message",
      { text: "yes", reply_to: { mid: "m0" } },
      { text: "yes", replyTo: { messageId: "m0" } },
    ],
    [
      "a quick reply",
      { text: "Red", quick_reply: { payload: "COLOR_RED" } },
      { text: "Red", quickReply: "COLOR_RED" },
    ],
    [
      "a new thread from an advertisement",
      {
        text: "hi",
        referral: {
          ref: "x",
          ad_id: "238",
          source: "ADS",
          type: "OPEN_THREAD",
          ads_context_data: { ad_title: "Bells", photo_url: "https://cdn.test/a" },
        },
      },
      {
        text: "hi",
        referral: {
          ...referral,
          ref: "x",
          adId: "238",
          source: "ADS",
          type: "OPEN_THREAD",
          adTitle: "Bells",
        },
      },
    ],
    [
      "a question from the shop",
      { text: "hi", referral: { product: { id: "55" } } },
      { text: "hi", referral: { ...referral, productId: "55" } },
    ],
  ])("%s", (_what, content, expected) => {
    expect(eventOf(told({ message: { mid: "m1", ...content } }))).toEqual({ ...message, ...expected });
  });

  test("an echo is from us, to the one we wrote to", () => {
    expect(eventOf(echo({ message: { mid: "m1", text: "Hi!", is_echo: true } }))).toEqual({
      ...message,
      text: "Hi!",
      by: "us",
    });
  });

  test("what the account sends is from us even where nobody calls it an echo", () => {
    expect(eventOf(echo({ message: { mid: "m1", text: "Hi!" } }))).toMatchObject({ by: "us", peerId: JANE });
  });

  test("an echo is from us even where its parties are named the other way round", () => {
    expect(eventOf(told({ message: { mid: "m1", text: "Hi!", is_echo: true } }))).toMatchObject({
      by: "us",
      peerId: JANE,
    });
  });

  test("an account that writes to itself is told apart", () => {
    const itself = told({ sender: { id: ME }, recipient: { id: ME } });
    expect(
      eventOf({ ...itself, message: { mid: "m1", text: "test", is_echo: true, is_self: true } }),
    ).toMatchObject({ by: "us", self: true, peerId: ME });
  });

  test("what is unsent is named by either side's message", () => {
    const unsent = { ...ground, kind: "unsent", peerId: JANE, messageId: "m1" };
    expect(eventOf(told({ message: { mid: "m1", is_deleted: true } }))).toEqual(unsent);
    expect(eventOf(echo({ message: { mid: "m1", is_deleted: true, is_echo: true } }))).toEqual(unsent);
  });
});

describe("what else happens in a conversation", () => {
  const event = { ...ground, peerId: JANE, messageId: "m1" };
  test.each<[string, object, object]>([
    [
      "a tapped question or button",
      { postback: { mid: "m1", title: "Prices", payload: "PRICES", referral: { ref: "x" } } },
      { ...event, kind: "postback", title: "Prices", payload: "PRICES", referral: { ...referral, ref: "x" } },
    ],
    [
      "a reaction",
      { reaction: { mid: "m1", action: "react", reaction: "love", emoji: "❤️" } },
      { ...event, kind: "reaction", by: "them", reaction: "love", emoji: "❤️" },
    ],
    [
      "a reaction taken back",
      { reaction: { mid: "m1", action: "unreact" } },
      { ...event, kind: "reaction", by: "them", reaction: null, emoji: null },
    ],
    ["having seen", { read: { mid: "m1" } }, { ...event, kind: "seen" }],
    [
      "an edit, its count a string",
      { message_edit: { mid: "m1", text: "new text", num_edit: "2" } },
      { ...event, kind: "edited", text: "new text", edits: 2 },
    ],
    [
      "an edit, its count a number",
      { message_edit: { mid: "m1", text: "new text", num_edit: 3 } },
      { ...event, kind: "edited", text: "new text", edits: 3 },
    ],
    [
      "an edit that nobody counted",
      { message_edit: { mid: "m1", text: "new text", num_edit: "many" } },
      { ...event, kind: "edited", text: "new text", edits: 1 },
    ],
    [
      "a link into the conversation",
      { referral: { ref: "campaign1", source: "IGME-SOURCE-LINK", type: "OPEN_THREAD" } },
      {
        ...ground,
        kind: "referral",
        peerId: JANE,
        referral: { ...referral, ref: "campaign1", source: "IGME-SOURCE-LINK", type: "OPEN_THREAD" },
      },
    ],
    [
      "a conversation handed to another app",
      { pass_thread_control: { new_owner_app_id: 12345, metadata: "m" } },
      { ...ground, kind: "handover", peerId: JANE, ours: null },
    ],
    [
      "a conversation taken",
      { take_thread_control: { previous_owner_app_id: "12345" } },
      { ...ground, kind: "handover", peerId: JANE, ours: null },
    ],
  ])("%s", (_what, content, expected) => {
    expect(eventOf(told(content))).toEqual(expected);
  });

  test("whether a conversation is ours now, where we know our name and the event tells the new owner's", () => {
    const handed = (owner: unknown) =>
      readEntry(entryOf({ messaging: [told({ pass_thread_control: { new_owner_app_id: owner } })] }), {
        appIds: ["12345"],
      })[0];
    expect(handed("12345")).toMatchObject({ kind: "handover", ours: true });
    expect(handed(12345)).toMatchObject({ kind: "handover", ours: true });
    expect(handed("999")).toMatchObject({ kind: "handover", ours: false });
    expect(handed(undefined)).toMatchObject({ kind: "handover", ours: null });
  });

  test.each<[string, object, string]>([
    ["seen by ourselves", echo({ read: { mid: "m1" } }), "own_seen"],
    [
      "tapped by ourselves",
      echo({ postback: { mid: "m1", title: "t", payload: "p", is_self: true } }),
      "own_postback",
    ],
    ["an opt-in", told({ optin: { ref: "x" } }), "optin"],
    ["another app asking", told({ request_thread_control: {} }), "request_thread_control"],
    ["roles of apps", { recipient: { id: ME }, app_roles: {} }, "app_roles"],
    ["a word of policy", told({ policy_enforcement: { action: "warning" } }), "policy_enforcement"],
    ["what nobody has heard of", told({ telepathy: {} }), "unknown_field"],
    ["nothing", told({}), "unknown_field"],
  ])("%s is for no inbox", (_what, element, reason) => {
    expect(eventOf(element)).toMatchObject({ kind: "ignored", reason });
  });

  test("while another app holds the conversation, events say so", () => {
    const element = told({ message: { mid: "m1", text: "Hello" } });
    const standby = { ...message, text: "Hello", standby: true };
    expect(read(entryOf({ standby: [element] }))).toEqual([standby]);
    expect(read(entryOf({ changes: [{ field: "standby", value: element }] }))).toEqual([standby]);
  });

  test("messages that come as changes are the same messages", () => {
    const element = told({ timestamp: "1760000000", message: { mid: "m1", text: "Hello" } });
    expect(read(entryOf({ changes: [{ field: "messages", value: element }] }))).toEqual([
      { ...message, at: new Date(1_760_000_000_000), text: "Hello" },
    ]);
  });
});

describe("comments and mentions", () => {
  const value = {
    id: "1786",
    from: { id: JANE, username: "jane" },
    text: "How much?",
    parent_id: "1785",
    media: { id: "1790", media_product_type: "FEED" },
  };
  const seconds = 1_760_000_000;
  const comment = {
    accountId: ME,
    at: new Date(seconds * 1000),
    standby: false,
    kind: "comment",
    commentId: "1786",
    parentId: "1785",
    mediaId: "1790",
    peerId: JANE,
    handle: "jane",
    text: "How much?",
    live: false,
  };
  const change = (field: string, value: unknown) =>
    read({ id: ME, time: seconds, changes: [{ field, value }] });

  test("a comment, in a list of changes or flat", () => {
    expect(change("comments", value)).toEqual([comment]);
    expect(read({ id: ME, time: seconds, field: "comments", value })).toEqual([comment]);
  });

  test("a comment under its other name, with little to tell", () => {
    const bare = { comment_id: "1786", from: { id: JANE } };
    const nothing = { parentId: null, mediaId: null, handle: null, text: "" };
    expect(change("comments", bare)).toEqual([{ ...comment, ...nothing }]);
  });

  test("a comment on a live broadcast", () => {
    expect(change("live_comments", value)).toEqual([{ ...comment, live: true }]);
  });

  test.each([
    ["our account's", { id: ME, username: "us" }],
    ["our account's by its other id", { id: "998", self_ig_scoped_id: "998" }],
  ])("a comment that is %s own is not answered", (_whose, from) => {
    expect(change("comments", { ...value, from })).toMatchObject([
      { kind: "ignored", reason: "own_comment" },
    ]);
  });

  test("a mention in a comment, and in a caption", () => {
    const mention = { accountId: ME, at: comment.at, standby: false, kind: "mention", mediaId: "1" };
    expect(change("mentions", { media_id: "1", comment_id: "2" })).toEqual([{ ...mention, commentId: "2" }]);
    expect(change("mentions", { media_id: "1" })).toEqual([{ ...mention, commentId: null }]);
  });

  test.each([
    ["story_insights", "story_insights"],
    ["weather", "unknown_field"],
  ])("%s is counted, and nothing more", (field, reason) => {
    expect(change(field, {})).toMatchObject([{ kind: "ignored", reason }]);
  });
});

describe("time", () => {
  const at = (timestamp: unknown, time: unknown) =>
    read({ id: ME, time, messaging: [told({ timestamp, message: { mid: "m", text: "t" } })] })[0]?.at;
  test.each<[string, unknown, unknown, Date]>([
    ["milliseconds", AT, 0, new Date(AT)],
    ["seconds", 1_760_000_000, 0, new Date(1_760_000_000_000)],
    ["milliseconds as digits", String(AT), 0, new Date(AT)],
    ["seconds as digits", "1760000000", 0, new Date(1_760_000_000_000)],
    ["none: the entry's", undefined, AT, new Date(AT)],
    ["nonsense: the entry's", "yesterday", 1_760_000_000, new Date(1_760_000_000_000)],
    ["none anywhere: when it came", null, null, receivedAt],
    ["before time: when it came", -5, 0, receivedAt],
    ["beyond time: when it came", 1e300, Number.NaN, receivedAt],
    ["the future: as it is told", AT * 2, 0, new Date(AT * 2)],
  ])("%s", (_what, timestamp, time, expected) => {
    expect(at(timestamp, time)).toEqual(expected);
  });
});

describe("one bad element", () => {
  const good = told({ message: { mid: "m1", text: "Hello" } });
  test.each<[string, unknown]>([
    ["null", null],
    ["a number", 7],
    ["a list", []],
    ["a message without an id", told({ message: { text: "x" } })],
    ["a message with an empty id", told({ message: { mid: "", text: "x" } })],
    ["a message with an id no index takes", told({ message: { mid: "m".repeat(513), text: "x" } })],
    ["a message that is none", told({ message: "x" })],
    ["a message from nobody", { recipient: { id: ME }, message: { mid: "m9" } }],
    ["an echo to nobody", { sender: { id: ME }, message: { mid: "m9", is_echo: true } }],
    ["a reaction of an unknown kind", told({ reaction: { mid: "m9", action: "juggle" } })],
    ["a reaction to nothing", told({ reaction: { action: "react" } })],
    ["a postback without an id", told({ postback: { title: "t" } })],
    ["having seen nothing", told({ read: {} })],
    ["an edit without a text", told({ message_edit: { mid: "m9", num_edit: 0 } })],
    ["a handover of nobody", { pass_thread_control: {} }],
    ["a referral that is none", told({ referral: "x" })],
  ])("loses no other: %s", (_what, bad) => {
    const events = read(entryOf({ messaging: [good, bad, good] }));
    expect(events.map(({ kind }) => kind)).toEqual(["message", "ignored", "message"]);
    expect(events[1]).toMatchObject({ reason: "unreadable", accountId: ME });
  });

  test.each<[string, unknown]>([
    ["a comment without an id", { from: { id: JANE } }],
    ["a comment from nobody", { id: "1", text: "x" }],
    ["a comment from someone without an id", { id: "1", from: { username: "x" } }],
    ["no comment", null],
  ])("loses no other change: %s", (_what, value) => {
    const changes = [
      { field: "comments", value },
      null,
      { value: {} },
      { field: "mentions", value: {} },
      { field: "comments", value: { id: "1", from: { id: JANE } } },
    ];
    expect(
      read({ id: ME, changes }).map((event) => (event.kind === "ignored" ? event.reason : event.kind)),
    ).toEqual(["unreadable", "unreadable", "unreadable", "unreadable", "comment"]);
  });

  test("parts that should be lists, and entries with nothing we know", () => {
    expect(read(entryOf({ messaging: { 0: good }, standby: [good] })).map(({ kind }) => kind)).toEqual([
      "ignored",
      "message",
    ]);
    expect(read(entryOf({}))).toMatchObject([{ kind: "ignored", reason: "unknown_field" }]);
    expect(read(null)).toEqual([
      { accountId: "", at: receivedAt, standby: false, kind: "ignored", reason: "unreadable" },
    ]);
  });

  test("a name that means something to JavaScript means nothing here", () => {
    const body = parseWebhook(
      `{"object":"instagram","__proto__":{"polluted":1},"entry":[{"__proto__":{"polluted":1},"id":"${ME}","messaging":[` +
        `{"__proto__":{"message":{"mid":"m9"}},"constructor":{"prototype":{"polluted":1}},"sender":{"id":"${JANE}"},"recipient":{"id":"${ME}"},"timestamp":1,"message":{"mid":"m1","__proto__":{"text":"x"}}}]}]}`,
    );
    const events = readWebhook(body).flatMap(({ entry }) => read(entry));
    expect(events).toMatchObject([{ kind: "message", messageId: "m1", text: null }]);
    expect("polluted" in {}).toBe(false);
  });
});

describe("any shape at all", () => {
  /** Values where Meta has others, in the places Meta has them. */
  const anything = fc.oneof(
    fc.anything({ withNullPrototype: true, withObjectString: true, maxDepth: 3 }),
    fc.constantFrom(ME, JANE, "m1", "0", AT, true),
  );
  const some = (keys: string[], value: fc.Arbitrary<unknown>) =>
    fc.dictionary(fc.constantFrom(...keys), value, { maxKeys: keys.length });
  const party = fc.oneof(anything, fc.constantFrom({ id: ME }, { id: JANE }));
  const inner = some(
    [
      "mid",
      "text",
      "is_echo",
      "is_deleted",
      "attachments",
      "reply_to",
      "referral",
      "action",
      "reaction",
      "payload",
      "num_edit",
      "id",
      "from",
      "media",
    ],
    fc.oneof(anything, party, fc.array(some(["type", "payload"], anything), { maxLength: 3 })),
  );
  const element = fc
    .tuple(
      some(["sender", "recipient"], party),
      some(["timestamp"], anything),
      some(
        [
          "message",
          "postback",
          "reaction",
          "read",
          "message_edit",
          "referral",
          "pass_thread_control",
          "app_roles",
          "__proto__",
        ],
        fc.oneof(anything, inner),
      ),
    )
    .map((parts) => Object.assign({}, ...parts) as unknown);
  const field = fc.constantFrom<unknown>(
    "comments",
    "mentions",
    "messages",
    "standby",
    "live_comments",
    "x",
    7,
  );
  const change = fc.oneof(anything, fc.record({ field, value: fc.oneof(inner, element) }));
  const list = (of: fc.Arbitrary<unknown>) => fc.oneof(fc.array(of, { maxLength: 4 }), anything);
  const entry = fc.oneof(
    anything,
    fc.record(
      {
        id: fc.constantFrom<unknown>(ME, 7, "0", null),
        time: anything,
        messaging: list(element),
        standby: list(element),
        changes: list(change),
        field,
        value: inner,
      },
      { requiredKeys: [] },
    ),
  );

  test("is read without throwing, as events that can be stored", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          anything,
          fc.record({ object: fc.constantFrom("instagram", "page", 7), entry: list(entry) }),
        ),
        (body) => {
          for (const { accountId, entry: part } of readWebhook(body)) {
            expect(typeof accountId).toBe("string");
            for (const event of readEntry(part)) {
              expect(Number.isNaN(event.at.getTime())).toBe(false);
              for (const [name, value] of Object.entries(event)) {
                if (name.endsWith("Id") && value !== null) expect(typeof value).toBe("string");
              }
            }
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  test("a good message among any others always comes through", () => {
    const good = told({ message: { mid: "good", text: "Hello" } });
    fc.assert(
      fc.property(
        fc.array(element, { maxLength: 5 }),
        fc.array(element, { maxLength: 5 }),
        (before, after) => {
          const events = read(entryOf({ messaging: [...before, good, ...after] }));
          expect(events).toHaveLength(before.length + 1 + after.length);
          expect(events[before.length]).toMatchObject({ kind: "message", messageId: "good", peerId: JANE });
        },
      ),
      { numRuns: 60 },
    );
  });
});
