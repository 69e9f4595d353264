/**
 * The phone: a page where one plays a customer on the simulated Instagram. /_sandbox/phone/{business}/{customer} is their
 * chat. Everything is a form that works without scripts; with them the answers come in by themselves.
 */
import { type Context, Hono } from "hono";
import { html } from "hono/html";
import { customerDoes, type Deed, kinds } from "@/lib/platforms/instagram/sandbox/messaging/customer";
import { peersOf } from "@/lib/platforms/instagram/sandbox/messaging/people";
import { subscriptionsIn } from "@/lib/platforms/instagram/sandbox/messaging/webhooks";
import { Refused } from "./control-input";
import {
  accountNamed,
  comment,
  conversation,
  peerNamed,
  phoneCall,
  type ShownMessage,
  tried,
} from "./control-messaging";
import { storeBytes } from "./files";
import type { Json, Publication } from "./kit";
import type { Sandbox } from "./memory";
import { type InstagramAccount, instagramAccounts } from "./meta";
import { phoneScript, phoneStyle } from "./phone-style";

type Markup = ReturnType<typeof html>;
type Talk = ReturnType<typeof conversation>;

const mostBytes = 26_214_400;
const reactions = ["❤️", "👍", "😂", "😮", "😢", "😡"];
/** What can be done besides writing, by kind, in the words of the page. */
const others: [kind: Deed["kind"], words: string][] = [
  ["story_reply", "Answer their story"],
  ["story_mention", "Mention them in a story"],
  ["audio", "Send a voice message"],
  ["video", "Send a video"],
  ["post_share", "Share a post"],
  ["reel_share", "Share a reel"],
  ["view_once", "Send a view-once picture"],
  ["unsupported", "Send something apps cannot read"],
  ["postback", "Tap an ice breaker"],
  ["referral", "Come by an ig.me link"],
  ["block", "Block the business"],
  ["unblock", "Unblock the business"],
];

const headers = {
  "content-security-policy":
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; media-src 'self'; base-uri 'none'; " +
    "form-action 'self'; frame-ancestors 'none'",
  "cache-control": "no-store",
  "referrer-policy": "same-origin",
  "x-content-type-options": "nosniff",
};

export function phoneRoutes(sandbox: Sandbox): Hono {
  const app = new Hono();
  const page = async (c: Context, markup: Markup | Promise<Markup>) => c.html(await markup, 200, headers);

  app.get("/phone.css", (c) => c.body(phoneStyle, 200, { ...headers, "content-type": "text/css" }));
  app.get("/phone.js", (c) => c.body(phoneScript, 200, { ...headers, "content-type": "text/javascript" }));
  app.get("/phone", (c) => c.redirect(`/_sandbox/phone/${instagramAccounts[0]?.username}`));
  app.get("/phone/:account", (c) => page(c, chooser(sandbox, accountNamed(c.req.param("account")))));
  app.get("/phone/:account/:peer", (c) => {
    const account = accountNamed(c.req.param("account"));
    return page(c, chat(sandbox, account, peerNamed(account, c.req.param("peer"))));
  });

  app.post("/phone/:account/:peer", async (c) => {
    const account = accountNamed(c.req.param("account"));
    const peer = peerNamed(account, c.req.param("peer"));
    if (Number(c.req.header("content-length") ?? 0) > mostBytes) throw new Refused(413, "That is too long.");
    await act(sandbox, account, peer, await c.req.parseBody());
    sandbox.changed();
    return c.redirect(c.req.path, 303);
  });

  return app;
}

async function act(
  sandbox: Sandbox,
  account: InstagramAccount,
  peer: string,
  form: Record<string, unknown>,
): Promise<void> {
  const field = (name: string) =>
    typeof form[name] === "string" && form[name] !== "" ? form[name] : undefined;
  const picture = form["picture"];
  const bytes =
    picture instanceof File && picture.size > 0 ? new Uint8Array(await picture.arrayBuffer()) : null;
  const call = phoneCall(sandbox);
  const deed = (given: Deed) => tried(() => customerDoes(call, account.id, peer, given));
  const what = field("do") ?? "text";
  const text = field("text");
  // Whoever does something here has looked.
  deed({ kind: "seen" });
  if (what === "comment") {
    const parent = field("parent");
    if (text === undefined) return;
    tried(() => comment(call, account, { from: peer, text, parent, caption: false }));
  } else if (what === "text") {
    if (bytes !== null) deed({ kind: "image", files: [storeBytes(sandbox.fileDirectory, bytes)] });
    if (text !== undefined) deed({ kind: "text", text });
  } else {
    const kind = kinds.find((one) => one === what);
    if (kind === undefined) throw new Refused(400, "The phone cannot do that.");
    const [mid, title, payload] = [field("mid"), field("title"), field("payload")];
    deed({ kind, mid, title, payload, reaction: field("reaction"), text });
  }
}

function chooser(sandbox: Sandbox, account: InstagramAccount): Markup | Promise<Markup> {
  return layout(
    `Phone: @${account.username}`,
    html`<h1>Play a customer</h1>
    <p>Choose a business, and who writes to it. What you send goes to Carillon as Instagram would bring it.</p>
    <div class="phones">${chats(sandbox, account, null)}</div>`,
  );
}

function chat(sandbox: Sandbox, account: InstagramAccount, peer: string): Markup | Promise<Markup> {
  const talk = conversation(sandbox, account.id, peer);
  const { messages } = talk;
  const unseen = messages.findLast(({ fromBusiness }) => fromBusiness)?.mid !== talk.thread?.seenByCustomer;
  const isUnseen = unseen && messages.some(({ fromBusiness }) => fromBusiness);
  const last = messages.at(-1);
  return layout(
    `${peer} writes to ${account.name}`,
    html`<h1 class="sr">${peer} writes to ${account.name}</h1>
    <div class="phones open">
      ${chats(sandbox, account, peer)}
      <section class="phone" aria-label="Phone of ${peer}">
        <header>
          <a href="/_sandbox/phone/${account.username}" aria-label="All chats">‹</a>
          <span class="face small" aria-hidden="true">${account.name.charAt(0)}</span>
          <p><strong>${account.name}</strong><br><small>@${account.username} · you are @${peer}</small></p>
        </header>
        <ol class="log" id="log" role="log" aria-label="Messages" tabindex="0" data-unseen="${isUnseen ? "yes" : "no"}">
          ${messages.length === 0 ? html`<li class="note">No messages yet. Write the first one: on Instagram only the customer can begin.</li>` : ""}
          ${messages.map((one) => line(one, talk))}
          ${talk.thread?.typing ? html`<li class="theirs"><p class="bubble typing" aria-label="${account.name} is writing"><span></span><span></span><span></span></p></li>` : ""}
        </ol>
        <div class="choices" id="choices">${breakersOf(sandbox, account, messages).map(
          ({ question, payload }) => html`<form method="post"><input type="hidden" name="do" value="postback">
          <input type="hidden" name="payload" value="${payload}"><button name="title" value="${question}">${question}</button></form>`,
        )}${(last?.fromBusiness ? last.quickReplies : []).map(
          ({ title, payload }) => html`<form method="post"><input type="hidden" name="do" value="quick_reply">
          <input type="hidden" name="payload" value="${payload}"><button name="title" value="${title}">${title}</button></form>`,
        )}</div>
        <form class="composer" method="post" enctype="multipart/form-data">
          <label class="picture" title="Send a picture"><span aria-hidden="true">📷</span><span class="sr">Send a picture</span>
            <input type="file" name="picture" accept="image/png,image/jpeg,image/gif"></label>
          <label class="sr" for="words">Message</label>
          <input type="text" id="words" name="text" placeholder="Message…" autocomplete="off" maxlength="1000" autofocus>
          <button>Send</button>
        </form>
      </section>
      <div class="beside">
        <div id="status">${status(sandbox, account)}</div>
        <details class="more"><summary>Do something else</summary>
          <form method="post"><label class="sr" for="what">What</label>
            <select id="what" name="do">${others.map(([kind, words]) => html`<option value="${kind}">${words}</option>`)}</select>
            <button>Do it</button></form>
        </details>
        <section aria-labelledby="post"><h2 id="post">Their newest post</h2>
          <div id="beside">${newestPost(sandbox, account)}</div>
          <form method="post"><input type="hidden" name="do" value="comment">
            <label class="sr" for="comment">Comment</label>
            <input type="text" id="comment" name="text" placeholder="Comment as @${peer}…" autocomplete="off" required>
            <button>Comment</button></form>
        </section>
      </div>
    </div>`,
  );
}

/** What the business offers to ask before anything was said. */
function breakersOf(sandbox: Sandbox, account: InstagramAccount, messages: ShownMessage[]) {
  const set = sandbox.worlds["instagram"]?.shelves["ice_breakers"]?.[account.id];
  const [first] = messages.length === 0 && Array.isArray(set) ? set : [];
  const actions = fieldOf(first ?? null, "call_to_actions");
  return (Array.isArray(actions) ? actions : []).map((one) => ({
    question: String(fieldOf(one, "question")),
    payload: String(fieldOf(one, "payload")),
  }));
}

function chats(
  sandbox: Sandbox,
  account: InstagramAccount,
  current: string | null,
): Markup | Promise<Markup> {
  return html`<nav class="chats" aria-label="Chats" id="chats">
    <ul class="tabs">${instagramAccounts.map(
      ({ username, name }) =>
        html`<li><a href="/_sandbox/phone/${username}" ${username === account.username ? html`aria-current="page"` : ""}>${name}</a></li>`,
    )}</ul>
    <ul>${peersOf(account.id).map(({ username, name }) => {
      const { thread, messages } = conversation(sandbox, account.id, username);
      const last = messages.at(-1);
      const isUnseen = last?.fromBusiness === true && last.mid !== thread?.seenByCustomer;
      return html`<li><a class="chat-row" href="/_sandbox/phone/${account.username}/${username}" ${username === current ? html`aria-current="page"` : ""}>
        <span class="face" aria-hidden="true">${(name ?? username).charAt(0).toUpperCase()}</span>
        <span><strong>${name ?? username}</strong><small>${last === undefined ? `@${username}` : preview(last)}</small></span>
        ${isUnseen ? html`<span class="dot"><span class="sr">new</span></span>` : html`<span></span>`}</a></li>`;
    })}</ul>
  </nav>`;
}

function line(message: ShownMessage, { thread, messages }: Talk): Markup | Promise<Markup> {
  const { mid, fromBusiness, at, deletedAt, edits } = message;
  const quoted = messages.find((one) => one.mid === message.replyTo);
  const felt = [message.reactions.customer, message.reactions.business].filter((one) => one !== null);
  const isSeen = !fromBusiness && thread?.seenByBusiness === mid;
  const clock = new Date(at).toISOString().slice(11, 16);
  return html`<li class="${fromBusiness ? "theirs" : "mine"}">
    ${quoted === undefined ? "" : html`<p class="quote">${preview(quoted)}</p>`}
    ${message.private === null ? "" : html`<p class="quote">Answer to your comment</p>`}
    ${deletedAt === null ? html`<div class="bubble">${content(message)}</div>` : html`<p class="bubble gone">Message unsent</p>`}
    ${felt.length === 0 ? "" : html`<span class="felt">${felt.map((one) => (one === "love" ? "❤️" : one)).join(" ")}</span>`}
    <div class="under"><time datetime="${new Date(at).toISOString()}">${clock}</time>
      ${edits > 0 ? "edited" : ""} ${isSeen ? html`<span>✓✓ Seen</span>` : ""}
      ${deletedAt === null ? menu(message) : ""}</div>
  </li>`;
}

function menu({ mid, fromBusiness, reactions: felt }: ShownMessage): Markup | Promise<Markup> {
  const field = (kind: string) =>
    html`<input type="hidden" name="do" value="${kind}"><input type="hidden" name="mid" value="${mid}">`;
  if (!fromBusiness) {
    return html`<details><summary aria-label="More">⋯</summary><form method="post">${field("unsend")}<button>Unsend</button></form></details>`;
  }
  return html`<details><summary aria-label="React">☺</summary>
    <form method="post">${field("reaction")}${reactions.map((one) => html`<button name="reaction" value="${one}" aria-label="React with ${one}">${one}</button>`)}</form>
    ${felt.customer === null ? "" : html`<form method="post">${field("unreact")}<button>Take back</button></form>`}</details>`;
}

function content({ text, attachments, kind }: ShownMessage): Markup | Promise<Markup> {
  const words = text === null ? "" : html`${text}`;
  if (kind === "unsupported") return html`Something apps cannot read`;
  return html`${words}${attachments.map(attached)}`;
}

function attached({ type, payload, file }: ShownMessage["attachments"][number]): Markup | Promise<Markup> {
  if (type === "like_heart") return html`❤️`;
  if (type === "template") return template(payload ?? {});
  if (file === null) return html`<em>${type === "ephemeral" ? "A view-once picture" : type}</em>`;
  const address = `/_sandbox/files/${file.id}`;
  const about = type.startsWith("story")
    ? html`<small>Story</small>`
    : type.startsWith("ig_")
      ? html`<small>Shared</small>`
      : "";
  if (file.mime.startsWith("image/")) return html`${about}<img src="${address}" alt="Picture">`;
  if (file.mime.startsWith("video/"))
    return html`${about}<video src="${address}" controls preload="metadata"></video>`;
  return html`${about}<a href="${address}">${type}</a>`;
}

/** Its texts, and its buttons as what they are: links and taps. */
function template(payload: Record<string, Json>): Markup | Promise<Markup> {
  const elements = Array.isArray(payload["elements"]) ? payload["elements"] : [payload];
  return html`${elements.map((element) => {
    const of = (name: string) => fieldOf(element, name);
    const buttons = of("buttons");
    return html`<strong>${of("title") ?? of("text") ?? ""}</strong> ${of("subtitle") ?? ""}
    ${(Array.isArray(buttons) ? buttons : []).map((button) =>
      fieldOf(button, "type") === "web_url"
        ? html`<br><a href="${fieldOf(button, "url") ?? ""}" rel="noreferrer nofollow">${fieldOf(button, "title") ?? ""}</a>`
        : html`<form method="post"><input type="hidden" name="do" value="postback"><input type="hidden" name="payload" value="${fieldOf(button, "payload") ?? ""}">
          <button class="quiet" name="title" value="${fieldOf(button, "title") ?? ""}">${fieldOf(button, "title") ?? ""}</button></form>`,
    )}`;
  })}`;
}

const fieldOf = (value: Json, name: string): Json | undefined =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? value[name] : undefined;

function newestPost(sandbox: Sandbox, account: InstagramAccount): Markup | Promise<Markup> {
  const all = (sandbox.worlds["instagram"]?.publications ?? []).filter(({ deletedAt }) => deletedAt === null);
  const post = all.findLast(({ personId, replyTo }) => personId === account.id && replyTo === null);
  if (post === undefined) return html`<p class="none">No post yet; commenting makes one.</p>`;
  const [picture] = post.media;
  const under = (id: string) => all.filter(({ replyTo }) => replyTo === id);
  const said = (one: Publication, answers: Publication[]): Markup | Promise<Markup> =>
    html`<li><strong>@${one.author}</strong> ${one.text}
      ${answers.length === 0 ? "" : html`<ul class="post-comments answer">${answers.map((answer) => said(answer, []))}</ul>`}</li>`;
  return html`${picture?.mime.startsWith("image/") ? html`<img src="/_sandbox/files/${picture.id}" alt="${picture.alt ?? "Post"}">` : ""}
    <p>${post.text}</p><ul class="post-comments">${under(post.id).map((one) => said(one, under(one.id)))}</ul>`;
}

/** Whether Carillon hears any of this. */
function status(sandbox: Sandbox, account: InstagramAccount): Markup | Promise<Markup> {
  const world = sandbox.worlds["instagram"];
  const isHeard =
    world !== undefined && Object.values(subscriptionsIn(world)).some((one) => one.account === account.id);
  const last = sandbox.deliveries.findLast(({ accounts }) => accounts.includes(account.id));
  if (!isHeard)
    return html`<p class="notice">Carillon does not listen to @${account.username} yet: connect it there first.</p>`;
  if (last === undefined) return html`<p class="notice">Carillon listens to @${account.username}.</p>`;
  return html`<p class="notice">${last.status === 200 ? "Carillon took the last event." : `Carillon did not take the last event (${last.status ?? "no answer"}); it will come again.`}</p>`;
}

const preview = ({ text, kind, deletedAt }: ShownMessage): string =>
  deletedAt === null ? (text ?? kind.replaceAll("_", " ")) : "Message unsent";

function layout(title: string, main: Markup | Promise<Markup>): Markup | Promise<Markup> {
  return html`<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>${title} · Carillon sandbox</title>
  <link rel="stylesheet" href="/_sandbox/style.css">
  <link rel="stylesheet" href="/_sandbox/phone.css">
  <script src="/_sandbox/phone.js" defer></script>
</head>
<body>
  <nav aria-label="Sandbox"><strong>Carillon sandbox</strong> <a href="/">Feed</a> <a href="/_sandbox/phone">Phone</a> <a href="/log">Requests</a></nav>
  <p class="notice" role="note">A simulated Instagram. Nothing here leaves this machine. Times are UTC.</p>
  <main>${main}</main>
</body>
</html>`;
}
