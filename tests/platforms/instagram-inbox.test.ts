import { createHmac } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Access, PlatformError, type Provider } from "@/lib/platforms/contract";
import type {
  HistoryRequest,
  Inbox,
  InboxEvent,
  OutgoingMessage,
  SendMessage,
} from "@/lib/platforms/inbox-contract";
import { instagram, instagramThroughFacebook } from "@/lib/platforms/instagram/provider";
import { createKit } from "@/lib/platforms/kit";

type Reply = { status?: number; body?: unknown; raw?: string; drop?: boolean };
type Seen = { line: string; query: URLSearchParams; body: string; bearer: string | undefined };

let server: Server;
let script: Record<string, Reply[]>;
let seen: Seen[];

const APP = "1234";
const SECRET = "CNRY_app_secret";
const TOKEN = "CNRY_token";
const ME = "17841405793187218";
const PAGE = "1755847768034402";
const JANE = "1784900000000042";
const MID = "aWdfZAG1faXRlbToxOk1lc3NhZA";

beforeEach(async () => {
  script = {};
  seen = [];
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const url = new URL(request.url ?? "/", "http://sandbox");
    const line = `${request.method} ${url.pathname}`;
    seen.push({
      line,
      query: url.searchParams,
      body: Buffer.concat(chunks).toString(),
      bearer: request.headers.authorization,
    });
    const replies = script[line] ?? [];
    // The last answer of a line stays.
    const reply = (replies.length > 1 ? replies.shift() : replies[0]) ?? {
      status: 404,
      body: { unexpected: line },
    };
    if (reply.drop) return void request.socket.destroy();
    response.writeHead(reply.status ?? 200, { "content-type": "application/json" });
    response.end(reply.raw ?? JSON.stringify(reply.body));
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
});

afterEach(() => new Promise((closed) => server.close(closed).closeAllConnections()));

const kit = () => {
  const { port } = server.address() as AddressInfo;
  return createKit({ clientId: APP, clientSecret: SECRET, sandboxUrl: `http://127.0.0.1:${port}` });
};

const inboxIn = ({ inbox }: Provider): Inbox => {
  if (!inbox) throw new Error("Instagram has an inbox.");
  return inbox;
};

/** The two ways in: the same promises, at their own address. */
type Way = { name: string; inbox(): Inbox; access: Access; host: string; node: string };
const own: Way = {
  name: "with Instagram",
  inbox: () => inboxIn(instagram(kit())),
  access: { accessToken: TOKEN, remoteId: ME, metadata: { appScopedId: "998", username: "adabell" } },
  host: "/graph.instagram.com/v26.0",
  node: ME,
};
const linked: Way = {
  name: "through Facebook",
  inbox: () => inboxIn(instagramThroughFacebook(kit())),
  access: { accessToken: TOKEN, remoteId: ME, metadata: { pageId: PAGE, username: "adabell" } },
  host: "/graph.facebook.com/v26.0",
  node: PAGE,
};
const ways = [own, linked];

const failureOf = async (promise: Promise<unknown>): Promise<PlatformError> => {
  const error = await promise.then(
    () => new Error("It succeeded."),
    (reason: unknown) => reason,
  );
  if (!(error instanceof PlatformError)) throw error;
  return error;
};

const refusal = (code: number, error_subcode?: number, more: object = {}): Reply => ({
  status: 400,
  body: { error: { message: `said with ${TOKEN}`, type: "IGApiException", code, error_subcode, ...more } },
});
const lines = () => seen.map(({ line }) => line);
const proof = createHmac("sha256", SECRET).update(TOKEN).digest("hex");

describe.each(ways)("$name", ({ inbox, access, host, node }) => {
  const MESSAGES = `POST ${host}/${node}/messages`;
  const SUBSCRIBED = `${host}/${node}/subscribed_apps`;
  const CONVERSATIONS = `GET ${host}/${node}/conversations`;
  const sent: Reply = { body: { recipient_id: JANE, message_id: MID } };

  let fences: string[][];
  beforeEach(() => {
    fences = [];
    script[MESSAGES] = [sent];
  });

  const send = (message: OutgoingMessage, more: Partial<SendMessage> = {}) =>
    inbox().send({
      access,
      to: { peerId: JANE },
      message,
      byPersonOutsideWindow: false,
      // What had been asked when the fence was drawn.
      sending: async () => void fences.push(lines()),
      ...more,
    });
  const text = (words: string): OutgoingMessage => ({ kind: "text", text: words });
  const bodies = () => seen.map(({ body }) => JSON.parse(body) as unknown);

  describe("sending", () => {
    test("a text goes out once, behind the fence, with the token in a header", async () => {
      expect(await send(text("Hello ä😀"))).toEqual({ remoteId: MID, peerId: JANE });
      expect(lines()).toEqual([MESSAGES]);
      expect(fences).toEqual([[]]);
      expect(bodies()).toEqual([{ recipient: { id: JANE }, message: { text: "Hello ä😀" } }]);
      expect(seen[0]?.bearer).toBe(`Bearer ${TOKEN}`);
      const query = Object.fromEntries(seen[0]?.query ?? []);
      expect(query).toEqual(host.includes("facebook") ? { appsecret_proof: proof } : {});
    });

    test("an attempt that lost its claim sends nothing", async () => {
      const lost = new Error("lost");
      await expect(send(text("Hello"), { sending: () => Promise.reject(lost) })).rejects.toBe(lost);
      expect(seen).toEqual([]);
    });

    test.each<[string, OutgoingMessage, object]>([
      [
        "quick replies",
        { kind: "text", text: "Pick", quickReplies: ["Red", "Blue"] },
        {
          text: "Pick",
          quick_replies: [
            { content_type: "text", title: "Red", payload: "Red" },
            { content_type: "text", title: "Blue", payload: "Blue" },
          ],
        },
      ],
      ["no quick replies", { kind: "text", text: "Pick", quickReplies: [] }, { text: "Pick" }],
      [
        "one picture",
        { kind: "images", urls: ["https://m.test/1"] },
        { attachment: { type: "image", payload: { url: "https://m.test/1" } } },
      ],
      [
        "several pictures",
        { kind: "images", urls: ["https://m.test/1", "https://m.test/2"] },
        {
          attachments: [
            { type: "image", payload: { url: "https://m.test/1" } },
            { type: "image", payload: { url: "https://m.test/2" } },
          ],
        },
      ],
      ...(["video", "audio", "file"] as const).map((type): [string, OutgoingMessage, object] => [
        type,
        { kind: "media", type, url: "https://m.test/f" },
        { attachment: { type, payload: { url: "https://m.test/f" } } },
      ]),
    ])("%s", async (_what, message, expected) => {
      await send(message);
      expect(bodies()).toEqual([{ recipient: { id: JANE }, message: expected }]);
    });

    test("an answer to one message, and one by a person after a day", async () => {
      await send(text("Yes"), { replyTo: "m1", byPersonOutsideWindow: true });
      expect(bodies()).toEqual([
        {
          recipient: { id: JANE },
          message: { text: "Yes" },
          reply_to: { mid: "m1" },
          messaging_type: "MESSAGE_TAG",
          tag: "HUMAN_AGENT",
        },
      ]);
    });

    test("a private answer to a comment", async () => {
      expect(await send(text("Hi"), { to: { commentId: "1786" } })).toEqual({ remoteId: MID, peerId: JANE });
      expect(bodies()).toEqual([{ recipient: { comment_id: "1786" }, message: { text: "Hi" } }]);
    });

    test("a text may be as long as its bytes allow, and no longer", async () => {
      await send(text("ä".repeat(500)));
      await send(text("😀".repeat(250)));
      expect(seen).toHaveLength(2);
    });

    test.each<[string, OutgoingMessage, string]>([
      ["too many bytes, in few characters", text(`${"ä".repeat(500)}a`), "too_long"],
      ["nothing", text(" \n"), "not_sendable"],
      [
        "too many quick replies",
        { kind: "text", text: "Pick", quickReplies: Array.from({ length: 14 }, (_, n) => `${n}`) },
        "not_sendable",
      ],
      [
        "too long a quick reply",
        { kind: "text", text: "Pick", quickReplies: ["a".repeat(21)] },
        "not_sendable",
      ],
      ["an empty quick reply", { kind: "text", text: "Pick", quickReplies: [""] }, "not_sendable"],
      ["no picture", { kind: "images", urls: [] }, "not_sendable"],
      ["too many pictures", { kind: "images", urls: Array(11).fill("https://m.test/1") }, "not_sendable"],
    ])("%s is refused before the fence", async (_what, message, code) => {
      expect(await failureOf(send(message))).toMatchObject({ kind: "rejected", code, effect: "definite" });
      expect([seen, fences]).toEqual([[], []]);
    });

    test("a comment is answered in private by text alone", async () => {
      const error = await failureOf(
        send({ kind: "images", urls: ["https://m.test/1"] }, { to: { commentId: "1786" } }),
      );
      expect(error).toMatchObject({ kind: "rejected", code: "not_sendable" });
      expect(seen).toEqual([]);
    });

    test.each<[string, Reply]>([
      ["lost", { drop: true }],
      ["an outage", { status: 503, raw: "<html>" }],
      ["a failure Instagram calls its own", refusal(2)],
      ["a failure Instagram calls passing", refusal(100, undefined, { is_transient: true })],
      ["a failure known to pass", refusal(100, 1545133)],
      ["without an id", { body: { recipient_id: JANE } }],
      ["no JSON", { raw: "<html>" }],
    ])("when the answer is %s, the message may be out, and nobody sends it again", async (_what, reply) => {
      script[MESSAGES] = [reply];
      expect(await failureOf(send(text("Hello")))).toMatchObject({
        kind: "unavailable",
        effect: "ambiguous",
      });
      expect(seen).toHaveLength(1);
    });

    test("an answer that names nobody is an answer", async () => {
      script[MESSAGES] = [{ raw: `{"message_id":17841405793187219}` }];
      expect(await send(text("Hello"))).toEqual({ remoteId: "17841405793187219", peerId: null });
    });
  });

  const refusals: [number, number | undefined, string, string][] = [
    [10, 2534022, "rejected", "outside_window"],
    [10, 2018278, "rejected", "outside_window"],
    [10, 1893063, "rejected", "sending_restricted"],
    [100, 2534014, "rejected", "person_unavailable"],
    [100, 2018001, "rejected", "person_unavailable"],
    [551, undefined, "rejected", "person_unavailable"],
    [100, 2018276, "rejected", "human_agent_missing"],
    [100, 2534025, "rejected", "already_replied"],
    [2534025, undefined, "rejected", "already_replied"],
    [100, 2534001, "rejected", "conversation_gone"],
    [2534001, undefined, "rejected", "conversation_gone"],
    [100, 2534068, "rejected", "one_image_only"],
    [2534068, undefined, "rejected", "one_image_only"],
    [10, undefined, "reconnect", "10"],
    [200, undefined, "reconnect", "200"],
    [190, 463, "reconnect", "190/463"],
    [4, undefined, "slow_down", "4"],
    [613, undefined, "slow_down", "613"],
    [80006, undefined, "slow_down", "80006"],
    [100, undefined, "rejected", "100"],
  ];
  test.each(refusals)("a refusal %i/%s is named by what helps: %s", async (code, subcode, kind, expected) => {
    script[MESSAGES] = [refusal(code, subcode)];
    const error = await failureOf(send(text("Hello")));
    expect(error).toMatchObject({ kind, code: expected, effect: "definite", tokenRefused: code === 190 });
    expect(error.message).not.toContain(TOKEN);
    expect(error.message).toMatch(/^[A-Z0-9].{20,}[.]?$/);
    expect(seen).toHaveLength(1);
  });

  describe("what is no message", () => {
    const act = (action: Parameters<Inbox["act"]>[1]) => inbox().act(access, action);

    test("seen, typing, and a reaction taken back", async () => {
      script[MESSAGES] = [{ body: { recipient_id: JANE } }];
      await act({ kind: "seen", peerId: JANE });
      await act({ kind: "typing", peerId: JANE, on: true });
      await act({ kind: "typing", peerId: JANE, on: false });
      await act({ kind: "reaction", peerId: JANE, messageId: "m1", reaction: null });
      const recipient = { id: JANE };
      expect(bodies()).toEqual([
        { recipient, sender_action: "mark_seen" },
        { recipient, sender_action: "typing_on" },
        { recipient, sender_action: "typing_off" },
        { recipient, sender_action: "unreact", payload: { message_id: "m1" } },
      ]);
    });

    test("a heart goes by the name this way in knows", async () => {
      script[MESSAGES] = [{ body: { recipient_id: JANE } }];
      await act({ kind: "reaction", peerId: JANE, messageId: "m1", reaction: "love" });
      await act({ kind: "reaction", peerId: JANE, messageId: "m1", reaction: "❤️" });
      const heart = {
        recipient: { id: JANE },
        sender_action: "react",
        payload: { message_id: "m1", reaction: host.includes("facebook") ? "love" : "❤️" },
      };
      expect(bodies()).toEqual([heart, heart]);
    });

    test("losing one harms nobody", async () => {
      script[MESSAGES] = [{ drop: true }];
      expect(await failureOf(act({ kind: "seen", peerId: JANE }))).toMatchObject({ effect: "definite" });
    });
  });

  describe("subscribing", () => {
    beforeEach(() => {
      script[`POST ${SUBSCRIBED}`] = [{ body: { success: true } }];
      script[CONVERSATIONS] = [{ body: { data: [] } }];
    });
    const asked = () => seen.map(({ query }) => query.get("subscribed_fields")?.split(",") ?? null);

    test("asks for what an inbox shows, and looks at the conversations once", async () => {
      await inbox().subscribe(access);
      expect(lines()).toEqual([`POST ${SUBSCRIBED}`, CONVERSATIONS]);
      expect(asked()[0]).toEqual([
        "messages",
        "messaging_postbacks",
        "messaging_seen",
        "message_reactions",
        "messaging_referral",
        "messaging_handover",
        "standby",
        ...(host.includes("facebook") ? [] : ["message_echoes", "message_edit"]),
        "comments",
        "live_comments",
        ...(host.includes("facebook") ? ["mentions"] : []),
      ]);
      expect(seen[1]?.query.get("platform")).toBe("instagram");
    });

    test("stands where the look at the conversations fails", async () => {
      script[CONVERSATIONS] = [refusal(10)];
      await inbox().subscribe(access);
      script[CONVERSATIONS] = [{ drop: true }];
      await inbox().subscribe(access);
    });

    test("does with one field where the list has one that is not known", async () => {
      script[`POST ${SUBSCRIBED}`] = [refusal(100), { body: { success: true } }];
      await inbox().subscribe(access);
      expect(asked().slice(1)).toEqual([["messages"], null]);
    });

    test("fails where it is refused", async () => {
      script[`POST ${SUBSCRIBED}`] = [refusal(100)];
      expect((await failureOf(inbox().subscribe(access))).kind).toBe("rejected");
      script[`POST ${SUBSCRIBED}`] = [refusal(190)];
      expect(await failureOf(inbox().subscribe(access))).toMatchObject({
        kind: "reconnect",
        tokenRefused: true,
      });
      script[`POST ${SUBSCRIBED}`] = [{ body: { success: false } }];
      await failureOf(inbox().subscribe(access));
    });

    test("asks only for what was allowed", async () => {
      const metadata = { ...access.metadata, messaging: false };
      await inbox().subscribe({ ...access, metadata });
      expect(asked()[0]?.slice(0, 2)).toEqual(["comments", "live_comments"]);
      expect(lines()).toEqual([`POST ${SUBSCRIBED}`]);
      await inbox().subscribe({ ...access, metadata: { ...access.metadata, commenting: false } });
      expect(asked()[1]).not.toContain("comments");
      const none = { ...metadata, commenting: false };
      expect(await failureOf(inbox().subscribe({ ...access, metadata: none }))).toMatchObject({
        kind: "reconnect",
        tokenRefused: false,
      });
    });

    test("is undone", async () => {
      script[`DELETE ${SUBSCRIBED}`] = [{ body: { success: true } }];
      await inbox().unsubscribe(access);
      expect(lines()).toEqual([`DELETE ${SUBSCRIBED}`]);
    });

    test("is told, where the platform tells", async () => {
      const fields = ["messages", { name: "comments" }];
      script[`GET ${SUBSCRIBED}`] = [{ body: { data: [{ id: APP, subscribed_fields: fields }] } }];
      expect(await inbox().subscription(access)).toEqual(["messages", "comments"]);
      script[`GET ${SUBSCRIBED}`] = [{ body: { data: [] } }];
      expect(await inbox().subscription(access)).toEqual([]);
      script[`GET ${SUBSCRIBED}`] = [{ body: { data: [{ id: APP }] } }];
      expect(await inbox().subscription(access)).toBeNull();
      script[`GET ${SUBSCRIBED}`] = [refusal(190)];
      expect((await failureOf(inbox().subscription(access))).tokenRefused).toBe(true);
    });
  });

  describe("who writes", () => {
    const PERSON = `GET ${host}/${JANE}`;
    const profile = () => inbox().profile(access, JANE);

    test("is told with what is known", async () => {
      script[PERSON] = [
        {
          body: {
            id: JANE,
            name: "Jane",
            username: "jane",
            profile_pic: "https://cdn.test/p",
            follower_count: 10,
            is_user_follow_business: false,
            is_business_follow_user: true,
            is_verified_user: true,
          },
        },
        { body: { id: JANE, name: null, username: "jane", profile_pic: "javascript:alert(1)" } },
      ];
      expect(await profile()).toEqual({
        id: JANE,
        name: "Jane",
        handle: "jane",
        avatarUrl: "https://cdn.test/p",
        followers: 10,
        follows: false,
        verified: true,
      });
      expect(await profile()).toEqual({
        id: JANE,
        name: null,
        handle: "jane",
        avatarUrl: null,
        followers: null,
        follows: null,
        verified: null,
      });
    });

    test.each([
      ["without their consent", refusal(230)],
      ["when they have blocked the account", refusal(551)],
      ["when they are gone", refusal(100, 2018001)],
    ])("is not told %s", async (_when, reply) => {
      script[PERSON] = [reply];
      expect(await profile()).toBeNull();
    });

    test.each([
      ["reconnect", refusal(190)],
      ["reconnect", refusal(10)],
      ["slow_down", refusal(613)],
      ["unavailable", { drop: true }],
      ["rejected", refusal(100, 33)],
    ] as [string, Reply][])("any other refusal is one: %s", async (kind, reply) => {
      script[PERSON] = [reply];
      expect((await failureOf(profile())).kind).toBe(kind);
    });
  });

  describe("answering a comment for all to see", () => {
    const REPLIES = `POST ${host}/1786/replies`;
    const reply = (words: string) =>
      inbox().replyToComment({
        access,
        commentId: "1786",
        text: words,
        sending: async () => void fences.push(lines()),
      });

    test("goes out once, behind the fence", async () => {
      script[REPLIES] = [{ body: { id: "1787" } }];
      expect(await reply("12 €")).toEqual({ remoteId: "1787", peerId: null });
      expect(fences).toEqual([[]]);
      expect(Object.fromEntries(new URLSearchParams(seen[0]?.body))).toEqual({ message: "12 €" });
      expect(seen).toHaveLength(1);
    });

    test("may be out when the answer is lost, and is refused for good when it is refused", async () => {
      script[REPLIES] = [{ drop: true }];
      expect((await failureOf(reply("x"))).effect).toBe("ambiguous");
      script[REPLIES] = [refusal(100, 33)];
      expect(await failureOf(reply("x"))).toMatchObject({ kind: "rejected", effect: "definite" });
    });

    test("what is empty or too long is refused before", async () => {
      expect((await failureOf(reply(""))).code).toBe("not_sendable");
      expect((await failureOf(reply("x".repeat(301)))).code).toBe("too_long");
      expect([seen.length, fences.length]).toEqual([0, 0]);
    });
  });

  describe("what was said before", () => {
    const at = (minute: number) => `2026-09-01T10:${String(minute).padStart(2, "0")}:00+0000`;
    const jane = { id: JANE, username: "jane" };
    const us = { id: ME, username: "adabell" };
    const said = (id: string, minute: number, more: object = {}) => ({
      id,
      created_time: at(minute),
      from: jane,
      to: { data: [us] },
      message: `words of ${id}`,
      ...more,
    });
    const conversations = (ids: string[], after?: string): Reply => ({
      body: {
        data: ids.map((id) => ({ id, updated_time: at(30) })),
        ...(after && { paging: { cursors: { after }, next: "https://graph.test/next" } }),
      },
    });
    const holds = (id: string, messages: unknown[]) => {
      script[`GET ${host}/${id}`] = [{ body: { id, messages: { data: messages } } }];
    };
    const since = new Date("2026-09-01T00:00:00Z");

    /** All steps, none of more than two calls. */
    async function read(more: Partial<HistoryRequest> = {}) {
      const events: InboxEvent[] = [];
      let cursor: string | null = null;
      for (let step = 0; step < 50; step++) {
        const before = seen.length;
        const found = await inbox().history(access, { since, ...more, cursor });
        expect(seen.length - before).toBeLessThanOrEqual(2);
        events.push(...found.events);
        cursor = found.cursor;
        if (cursor === null) return events;
      }
      throw new Error("It does not end.");
    }

    test("comes as events, oldest first, conversation by conversation", async () => {
      script[CONVERSATIONS] = [conversations(["c1", "c2"])];
      holds("c1", [
        said("m2", 2, { from: us, to: { data: [jane] }, message: "Hello!" }),
        said("m1", 1, { reply_to: { mid: "m0" } }),
      ]);
      holds("c2", [said("m3", 3)]);
      const message = {
        accountId: ME,
        standby: false,
        kind: "message",
        peerId: JANE,
        self: false,
        attachments: [],
        replyTo: null,
        quickReply: null,
        referral: null,
        unsupported: false,
      };
      expect(await read()).toEqual([
        {
          ...message,
          at: new Date("2026-09-01T10:01:00Z"),
          messageId: "m1",
          by: "them",
          text: "words of m1",
          replyTo: { messageId: "m0" },
        },
        { ...message, at: new Date("2026-09-01T10:02:00Z"), messageId: "m2", by: "us", text: "Hello!" },
        {
          ...message,
          at: new Date("2026-09-01T10:03:00Z"),
          messageId: "m3",
          by: "them",
          text: "words of m3",
        },
      ]);
      expect(lines()).toEqual([CONVERSATIONS, `GET ${host}/c1`, `GET ${host}/c2`]);
      expect(seen[0]?.query.get("platform")).toBe("instagram");
      expect(seen[0]?.query.has("user_id")).toBe(false);
    });

    test("of one person", async () => {
      script[CONVERSATIONS] = [conversations([])];
      expect(await read({ peerId: JANE })).toEqual([]);
      expect(seen[0]?.query.get("user_id")).toBe(JANE);
    });

    test("list by list, and no further than asked for", async () => {
      script[CONVERSATIONS] = [conversations(["c1"], "A"), conversations(["c2"], "B"), conversations([])];
      for (const id of ["c1", "c2"]) holds(id, [said(`of-${id}`, 1)]);
      expect(await read()).toHaveLength(2);
      expect(seen.flatMap(({ query }) => query.get("after") ?? [])).toEqual(["A", "B"]);
      seen = [];
      script[CONVERSATIONS] = [conversations(["c1"], "A")];
      expect(await read({ since: new Date("2026-09-01T10:31:00Z") })).toEqual([]);
      expect(lines()).toEqual([CONVERSATIONS]);
    });

    test("nothing older than asked for", async () => {
      script[CONVERSATIONS] = [conversations(["c1"])];
      holds("c1", [said("new", 20), said("old", 5)]);
      const events = await read({ since: new Date("2026-09-01T10:10:00Z") });
      expect(events).toMatchObject([{ messageId: "new" }]);
    });

    test("with its files, shares, stories and reactions", async () => {
      script[CONVERSATIONS] = [conversations(["c1"])];
      holds("c1", [
        said("m1", 1, {
          message: "",
          attachments: {
            data: [
              { id: "1", image_data: { url: "https://cdn.test/1" } },
              { id: "2", video_data: { url: "https://cdn.test/2" } },
              { id: "3", mime_type: "audio/mp4", file_url: "https://cdn.test/3" },
              { id: "4", name: "menu.pdf", mime_type: "application/pdf", file_url: "https://cdn.test/4" },
              { type: "image", payload: { url: "https://cdn.test/5" } },
              null,
            ],
          },
          shares: { data: [{ id: "6", link: "https://www.instagram.com/p/6/", name: "caption" }] },
          reactions: {
            data: [
              { reaction: "love", emoji: "❤️", users: [us] },
              { reaction: "laugh", emoji: "😂", users: [jane] },
            ],
          },
        }),
        said("m2", 2, { story: { mention: { id: "7", link: "https://cdn.test/7" } }, message: null }),
        said("m3", 3, { story: { reply_to: { id: "8", link: "https://cdn.test/8" } } }),
        said("m4", 4, { is_unsupported: true, message: "" }),
      ]);
      const events = await read();
      expect(events.map((event) => event.kind)).toEqual([
        "message",
        "reaction",
        "reaction",
        "message",
        "message",
        "message",
      ]);
      expect(events[0]).toMatchObject({ text: null, unsupported: false });
      const [first] = events;
      if (first?.kind !== "message") throw new Error("no message");
      expect(first.attachments.map(({ type, url, remoteId }) => [type, url, remoteId])).toEqual([
        ["image", "https://cdn.test/1", "1"],
        ["video", "https://cdn.test/2", "2"],
        ["audio", "https://cdn.test/3", "3"],
        ["file", "https://cdn.test/4", "4"],
        ["image", "https://cdn.test/5", null],
        ["share", "https://www.instagram.com/p/6/", "6"],
      ]);
      expect(events.slice(1)).toMatchObject([
        { by: "us", reaction: "love", emoji: "❤️", messageId: "m1", peerId: JANE },
        { by: "them", reaction: "laugh" },
        { attachments: [{ type: "story_mention", url: "https://cdn.test/7", remoteId: "7" }] },
        { replyTo: { storyId: "8", storyUrl: "https://cdn.test/8" } },
        { unsupported: true, text: null },
      ]);
    });

    test("ours is ours by any of our ids, and by our name", async () => {
      script[CONVERSATIONS] = [conversations(["c1"])];
      const mine = [{ id: ME }, { id: "555", username: "adabell" }, { id: node }];
      holds("c1", [
        ...mine.map((from, minute) => said(`m${minute}`, minute, { from, to: { data: [jane] } })),
      ]);
      const events = await read();
      expect(events).toHaveLength(3);
      for (const event of events) expect(event).toMatchObject({ by: "us", peerId: JANE });
    });

    test("message by message where they are not told at once; older ones are skipped", async () => {
      script[CONVERSATIONS] = [conversations(["c1", "c2"])];
      for (const id of ["c1", "c2"]) {
        script[`GET ${host}/${id}`] = [
          ...(id === "c1" ? [refusal(100)] : []),
          { body: { messages: { data: [1, 2, 3].map((n) => ({ id: `${id}-${n}` })) } } },
        ];
        script[`GET ${host}/${id}-1`] = [{ body: said(`${id}-1`, 20) }];
        script[`GET ${host}/${id}-2`] = [{ body: said(`${id}-2`, 10) }];
        script[`GET ${host}/${id}-3`] = [refusal(100, 33)];
      }
      const events = await read();
      expect(events.map((event) => "messageId" in event && event.messageId)).toEqual([
        "c1-2",
        "c1-1",
        "c2-2",
        "c2-1",
      ]);
      expect(seen.find(({ line }) => line.endsWith("/c2"))?.query.get("fields")).toBe("messages");
      expect(seen.find(({ line }) => line.endsWith("/c1-1"))?.query.get("fields")).toContain("created_time");
    });

    test("only the 20 newest are asked for, and none behind one that is too old", async () => {
      script[CONVERSATIONS] = [conversations(["c1"])];
      const ids = Array.from({ length: 30 }, (_, n) => `m${n}`);
      script[`GET ${host}/c1`] = [{ body: { messages: { data: ids.map((id) => ({ id })) } } }];
      for (const id of ids) script[`GET ${host}/${id}`] = [{ body: said(id, 30) }];
      expect(await read()).toHaveLength(20);
      seen = [];
      script[`GET ${host}/m3`] = [{ body: said("m3", 1) }];
      expect(await read({ since: new Date("2026-09-01T10:10:00Z") })).toHaveLength(3);
      expect(seen.filter(({ line }) => /\/m\d+$/.test(line))).toHaveLength(4);
    });

    test("what is deleted or unreadable loses nothing else; what fails is told", async () => {
      script[CONVERSATIONS] = [conversations(["gone", "c1"])];
      script[`GET ${host}/gone`] = [refusal(100, 33)];
      holds("c1", [null, { id: "m9", created_time: "soon" }, { created_time: at(1) }, said("m1", 1)]);
      expect(await read()).toMatchObject([{ messageId: "m1" }]);
      script[`GET ${host}/gone`] = [refusal(613)];
      expect((await failureOf(inbox().history(access, { since, cursor: null }))).kind).toBe("slow_down");
      script[CONVERSATIONS] = [refusal(10)];
      expect(await failureOf(inbox().history(access, { since, cursor: null }))).toMatchObject({
        kind: "reconnect",
        tokenRefused: false,
      });
    });
  });
});

test("reactions: any emoji with Instagram, the heart alone through Facebook", async () => {
  const party = { kind: "reaction", peerId: JANE, messageId: "m1", reaction: "🎉" } as const;
  script[`POST ${own.host}/${ME}/messages`] = [{ body: { recipient_id: JANE } }];
  await own.inbox().act(own.access, party);
  expect(JSON.parse(seen[0]?.body ?? "")).toMatchObject({ payload: { reaction: "🎉" } });
  expect(await failureOf(linked.inbox().act(linked.access, party))).toMatchObject({ kind: "rejected" });
  expect(seen).toHaveLength(1);
});

test("through Facebook, other apps' subscriptions are not ours", async () => {
  script[`GET ${linked.host}/${PAGE}/subscribed_apps`] = [
    { body: { data: [{ id: "999", subscribed_fields: ["messages"] }] } },
  ];
  expect(await linked.inbox().subscription(linked.access)).toEqual([]);
});

test("with Instagram, where nobody documented it, a subscription may not be told", async () => {
  script[`GET ${own.host}/${ME}/subscribed_apps`] = [refusal(100)];
  expect(await own.inbox().subscription(own.access)).toBeNull();
});

test("without a Page, nothing is sent through Facebook", async () => {
  const request = {
    access: { ...linked.access, metadata: {} },
    to: { peerId: JANE },
    message: { kind: "text", text: "Hello" },
    byPersonOutsideWindow: false,
    sending: () => Promise.reject(new Error("the fence was drawn")),
  } as const;
  expect(await failureOf(linked.inbox().send(request))).toMatchObject({ kind: "reconnect", code: "no_page" });
});

test("what an inbox needs of a person is asked for at either log-in", () => {
  for (const provider of [instagram(kit()), instagramThroughFacebook(kit())]) {
    if (provider.connector.kind !== "oauth") throw new Error("Instagram connects by OAuth.");
    const url = provider.connector.authorizeUrl({
      state: "s",
      redirectUri: "https://a.test",
      codeChallenge: "",
    });
    const asked = url.searchParams.get("scope")?.split(",") ?? [];
    const { messages, comments } = inboxIn(provider).scopes;
    expect(asked).toEqual(expect.arrayContaining([...messages, ...comments]));
    expect(new Set(asked).size).toBe(asked.length);
    for (const scope of messages) expect(provider.spec.publishScopes).not.toContain(scope);
  }
});

test("of all platforms and ways into them, Instagram's have an inbox", async () => {
  process.env["PLATFORM_SANDBOX_URL"] ??= "http://127.0.0.1:1";
  process.env["DATABASE_URL"] ??= "postgres://nobody@127.0.0.1:1/none";
  const { inboxOf, platformIds, waysOf } = await import("@/lib/platforms/registry");
  const having = platformIds.flatMap((platform) =>
    [null, ...waysOf(platform).map(({ id }) => id)]
      .filter((way) => inboxOf(platform, way) !== null)
      .map((way) => `${platform} ${way}`),
  );
  expect(having).toEqual(["instagram null", "instagram instagram", "instagram facebook"]);
  expect(inboxOf("instagram", "nowhere")).toBeNull();
});

test("limits are data", () => {
  for (const { inbox } of ways) expect(JSON.parse(JSON.stringify(inbox().limits))).toEqual(inbox().limits);
});
