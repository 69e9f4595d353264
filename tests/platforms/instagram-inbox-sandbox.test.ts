import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Access, PlatformError, type Provider } from "@/lib/platforms/contract";
import type { History, Inbox, InboxEvent } from "@/lib/platforms/inbox-contract";
import { instagram, instagramThroughFacebook } from "@/lib/platforms/instagram/provider";
import { parseWebhook, readEntry, readWebhook, verifySignature } from "@/lib/platforms/instagram/webhook";
import { createKit } from "@/lib/platforms/kit";
import { waitUntil } from "@/scripts/wait";
import { ada, listener } from "../support/instagram";
import { type FileServer, picture, serveFiles } from "../support/media";
import { type RunningSandbox, startSandbox } from "../support/sandbox";

/** The inbox against the simulated Instagram: what is said there arrives here as an event, and what is said here arrives there. */
const jane = "jane.harper";
const account = "adabell";

let sandbox: RunningSandbox;
let app: Awaited<ReturnType<typeof listener>>;
let files: FileServer;
let janesId: string;

beforeAll(async () => {
  app = await listener();
  [sandbox, files] = await Promise.all([startSandbox({ appOrigin: app.url }), serveFiles()]);
  const people = await sandbox.customers(account);
  janesId = people.find(({ username }) => username === jane)?.id ?? "";
});
afterAll(() => Promise.all([sandbox.stop(), app.stop(), files.stop()]));
beforeEach(async () => {
  await sandbox.reset();
  app.forget();
});

const failureOf = async (promise: Promise<unknown>): Promise<PlatformError> => {
  const error = await promise.then(
    () => new Error("It succeeded."),
    (reason: unknown) => reason,
  );
  if (!(error instanceof PlatformError)) throw error;
  return error;
};

describe.each<["instagram" | "facebook", (kit: ReturnType<typeof createKit>) => Provider]>([
  ["instagram", instagram],
  ["facebook", instagramThroughFacebook],
])("logged in with %s", (login, create) => {
  const secret = `CNRY_secret_${login}`;

  /** Consents, leaving out what is named, and lends Ada's account. */
  async function enter(without: string[] = []): Promise<{ inbox: Inbox; access: Access }> {
    const provider = create(
      createKit({ clientId: `sandbox-${login}`, clientSecret: secret, sandboxUrl: sandbox.url }),
    );
    const { connector, inbox } = provider;
    if (connector.kind !== "oauth" || !inbox)
      throw new Error("Instagram connects by OAuth and has an inbox.");
    const redirectUri = `${app.url}/api/oauth/instagram/callback`;
    const url = connector.authorizeUrl({ state: "s".repeat(43), redirectUri, codeChallenge: "" });
    const asked = url.searchParams.get("scope")?.split(",") ?? [];
    const back = await sandbox.consent({
      authorizeUrl: url.href,
      person: account,
      scopes: asked.filter((scope) => !without.includes(scope)),
    });
    const code = back.searchParams.get("code") ?? "";
    const credentials = await connector.exchange({ code, redirectUri, codeVerifier: "" });
    const { identities } = await provider.identify(credentials);
    const identity = identities.find(({ remoteId }) => remoteId === ada);
    if (!identity) throw new Error("Ada's account was not found.");
    const { accessToken } = identity.credentials ?? credentials;
    return { inbox, access: { accessToken, remoteId: ada, metadata: identity.metadata } };
  }

  /** Every event that has come, read as the app reads it. */
  const events = (): InboxEvent[] =>
    app.hooks.flatMap(({ text, headers }) => {
      const signature = headers["x-hub-signature-256"];
      expect(verifySignature(Buffer.from(text), String(signature), ["another", secret])).toBe(true);
      return readWebhook(parseWebhook(text)).flatMap(({ entry, ignored }) =>
        ignored === null ? readEntry(entry) : [],
      );
    });
  const sending = async () => {};
  const aMessage = (access: Access, text: string) => ({
    access,
    to: { peerId: janesId },
    message: { kind: "text" as const, text },
    byPersonOutsideWindow: false,
    sending,
  });

  test("a question arrives, and its answer is known again by its echo", async () => {
    const { inbox, access } = await enter();
    expect(access.metadata).toMatchObject({ messaging: true, commenting: true });
    await inbox.subscribe(access);
    expect(await inbox.subscription(access)).not.toEqual([]);
    const { mid } = await sandbox.message({ account, from: jane, text: "Grüße / 🔔" });
    await sandbox.delivered();
    expect(events()).toMatchObject([
      { kind: "message", accountId: ada, peerId: janesId, messageId: mid, by: "them", text: "Grüße / 🔔" },
    ]);
    const sent = await inbox.send({ ...aMessage(access, "Hello 😀"), replyTo: mid });
    expect(sent.peerId).toBe(janesId);
    await inbox.act(access, { kind: "seen", peerId: janesId });
    await inbox.act(access, { kind: "typing", peerId: janesId, on: true });
    await inbox.act(access, { kind: "reaction", peerId: janesId, messageId: mid, reaction: "love" });
    await sandbox.delivered();
    const echo = events().find((event) => event.kind === "message" && event.by === "us");
    expect(echo).toMatchObject({ messageId: sent.remoteId, peerId: janesId, text: "Hello 😀" });
    const { messages } = await sandbox.thread(account, jane);
    expect(messages.map(({ text }) => text)).toEqual(["Grüße / 🔔", "Hello 😀"]);
    expect(messages[0]?.reactions.business).not.toBeNull();
    await inbox.act(access, { kind: "reaction", peerId: janesId, messageId: mid, reaction: null });
    expect((await sandbox.thread(account, jane)).messages[0]?.reactions.business).toBeNull();
    expect(await inbox.profile(access, janesId)).toMatchObject({ id: janesId, handle: jane });
    await inbox.unsubscribe(access);
    expect(await inbox.subscription(access)).toEqual([]);
  });

  test("pictures go out, one or several; outside the window nothing does", async () => {
    const { inbox, access } = await enter();
    const { url } = files.file(await picture("jpeg", { width: 320, height: 320 }), {
      mimeType: "image/jpeg",
    });
    const images = (urls: string[]) =>
      inbox.send({ ...aMessage(access, ""), message: { kind: "images", urls } });
    expect(await failureOf(images([url]))).toMatchObject({ kind: "rejected", effect: "definite" });
    await sandbox.message({ account, from: jane, text: "Show me" });
    await images([url]);
    await images([url, url]);
    await sandbox.settings({ platform: "instagram", own: { multiImage: false } });
    expect(await failureOf(images([url, url]))).toMatchObject({ code: "one_image_only" });
    await sandbox.advanceClock(25 * 60 * 60_000);
    expect(await failureOf(inbox.send(aMessage(access, "Too late")))).toMatchObject({
      code: "outside_window",
    });
    const { messages } = await sandbox.thread(account, jane);
    expect(messages.filter(({ by }) => by === "api")).toHaveLength(2);
  });

  test("what was said before we listened is read at two calls a second", async () => {
    const { inbox, access } = await enter();
    const since = new Date(0);
    const { mid } = await sandbox.message({ account, from: jane, text: "Before" });
    const { remoteId } = await inbox.send(aMessage(access, "Answered"));
    const found: InboxEvent[] = [];
    let cursor: string | null = null;
    do {
      const from: string | null = cursor;
      // A step that comes too soon after the last is refused, and taken again.
      const step: History = await waitUntil(
        () =>
          inbox.history(access, { since, cursor: from, peerId: janesId }).catch((error: unknown) => {
            if (error instanceof PlatformError && error.kind === "slow_down") return null;
            throw error;
          }),
        { withinMs: 30_000, otherwise: "The history was not told." },
      );
      found.push(...step.events);
      cursor = step.cursor;
    } while (cursor !== null);
    const said = found.flatMap((event) => (event.kind === "message" ? [event] : []));
    expect(said.map(({ messageId, by, text, peerId }) => [messageId, by, text, peerId])).toEqual([
      [mid, "them", "Before", janesId],
      [remoteId, "us", "Answered", janesId],
    ]);
  });

  test("a comment arrives, and is answered once in private and below it; our own is no comment to answer", async () => {
    const { inbox, access } = await enter();
    await inbox.subscribe(access);
    const { id, mediaId } = await sandbox.comment({ account, from: jane, text: "How much?" });
    await sandbox.delivered();
    expect(events()).toMatchObject([
      {
        kind: "comment",
        commentId: id,
        mediaId,
        peerId: janesId,
        handle: jane,
        text: "How much?",
        live: false,
      },
    ]);
    const reply = await inbox.replyToComment({ access, commentId: id, text: "See your messages", sending });
    expect(reply.remoteId).not.toBe("");
    const answer = { ...aMessage(access, "12 €"), to: { commentId: id } };
    expect((await inbox.send(answer)).peerId).toBe(janesId);
    expect(await failureOf(inbox.send(answer))).toMatchObject({ code: "already_replied" });
    await sandbox.delivered();
    const later = events().slice(1);
    expect(later.filter(({ kind }) => kind === "comment")).toEqual([]);
    expect(later).toContainEqual(expect.objectContaining({ kind: "ignored", reason: "own_comment" }));
  });

  test("who left messages out can still publish, and is told so", async () => {
    const { messages } = (await enter()).inbox.scopes;
    const { inbox, access } = await enter(messages);
    expect(access.metadata).toMatchObject({ messaging: false });
    expect(await failureOf(inbox.send(aMessage(access, "Hello")))).toMatchObject({
      kind: "reconnect",
      tokenRefused: false,
    });
  });

  test("an answer that is lost after the message went out is ambiguous, and the echo names it", async () => {
    const { inbox, access } = await enter();
    await inbox.subscribe(access);
    await sandbox.message({ account, from: jane, text: "Hello?" });
    await sandbox.fault({ platform: "instagram", operation: "send", kind: "accept_then_reset", times: 1 });
    expect(await failureOf(inbox.send(aMessage(access, "Here")))).toMatchObject({ effect: "ambiguous" });
    await sandbox.delivered();
    expect(events()).toContainEqual(expect.objectContaining({ kind: "message", by: "us", text: "Here" }));
  });
});
