/** What a person sees of the sandbox: the feeds, one publication, the log of requests. */
import { html } from "hono/html";
import type { Publication, Shown, Simulator } from "./kit";
import { redacted } from "./log";
import type { Sandbox } from "./memory";

type Markup = ReturnType<typeof html>;

/** Everything that was published, platform by platform, the newest first. */
export function feedPage(sandbox: Sandbox): Promise<Markup> | Markup {
  return layout(
    "Feed",
    html`<h1>What the world would see</h1>
    <div class="feeds">${sandbox.simulators.filter(({ people }) => people.length > 0).map((simulator) => feed(sandbox, simulator))}</div>`,
  );
}

/** One publication with what it answers and what answers it; null when there is none. */
export function publicationPage(
  sandbox: Sandbox,
  platform: string,
  id: string,
): Markup | Promise<Markup> | null {
  const simulator = sandbox.simulators.find((one) => one.platform === platform);
  const all = sandbox.worlds[platform]?.publications ?? [];
  const publication = all.find((one) => one.id === id);
  if (simulator === undefined || publication === undefined) return null;
  const parent = all.find((one) => one.id === publication.replyTo);
  return layout(
    `${publication.author} on ${simulator.name}`,
    html`<h1>${simulator.name}</h1>
    ${parent === undefined ? "" : html`<p>In reply to <a href="${href(parent)}">@${parent.author}</a></p>`}
    <ul class="posts">${post(simulator, all, publication)}</ul>`,
  );
}

/** The last requests; secrets are fingerprints. */
export function logPage(sandbox: Sandbox): Markup | Promise<Markup> {
  const rows = sandbox.log
    .slice(-200)
    .reverse()
    .map(redacted)
    .map(
      (entry) => html`<tr>
        <td>${entry.sequence}</td><td>${time(entry.at)}</td><td>${entry.platform}</td><td>${entry.operation}</td>
        <td>${entry.method}</td><td>${entry.host}${entry.path}</td><td>${entry.status ?? "none"}</td>
        <td>${entry.effect ? "yes" : "no"}</td><td>${entry.fault ?? ""}</td>
      </tr>`,
    );
  const head = ["#", "Time", "Platform", "Operation", "Method", "Address", "Status", "Effect", "Fault"];
  return layout(
    "Requests",
    html`<h1>Requests</h1>
    ${rows.length === 0 ? html`<p class="none">No requests yet.</p>` : ""}
    <div class="scroll" tabindex="0" role="region" aria-label="Requests">
      <table><thead><tr>${head.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
      <tbody>${rows}</tbody></table>
    </div>`,
  );
}

export function missingPage(): Markup | Promise<Markup> {
  return layout("Not here", html`<h1>Not here</h1><p><a href="/">Back to the feed</a></p>`);
}

function feed(sandbox: Sandbox, simulator: Simulator): Markup | Promise<Markup> {
  const all = sandbox.worlds[simulator.platform]?.publications ?? [];
  const ids = new Set(all.map(({ id }) => id));
  const roots = all.filter(({ replyTo }) => replyTo === null || !ids.has(replyTo)).reverse();
  return html`<section aria-labelledby="feed-${simulator.platform}">
    <h2 id="feed-${simulator.platform}">${simulator.name}</h2>
    ${
      roots.length === 0
        ? html`<p class="none">Nothing published yet.</p>`
        : html`<ul class="posts">${roots.map((root) => post(simulator, all, root))}</ul>`
    }
  </section>`;
}

function post(simulator: Simulator, all: Publication[], publication: Publication): Markup | Promise<Markup> {
  const { author, text, link, createdAt, deletedAt } = publication;
  const person = simulator.people.find(({ id }) => id === publication.personId);
  const replies = all.filter(({ replyTo }) => replyTo === publication.id);
  return html`<li>
    <article class="${deletedAt === null ? "post" : "post deleted"}">
      <header><strong>${person?.name ?? author}</strong> <span>@${author}</span>
        <a href="${href(publication)}"><time datetime="${new Date(createdAt).toISOString()}">${time(createdAt)}</time></a>
        ${deletedAt === null ? "" : html`<em>deleted</em>`}</header>
      <p class="text">${text}</p>
      ${publication.media.length === 0 ? "" : html`<div class="shown">${publication.media.map(shown)}</div>`}
      ${link === null ? "" : linkCard(link)}
    </article>
    ${replies.length === 0 ? "" : html`<ul class="posts">${replies.map((reply) => post(simulator, all, reply))}</ul>`}
  </li>`;
}

function shown({ id, mime, width, height, alt }: Shown): Markup | Promise<Markup> {
  const address = `/_sandbox/files/${id}`;
  if (mime.startsWith("image/"))
    return html`<img src="${address}" alt="${alt ?? ""}" width="${width ?? ""}" height="${height ?? ""}" loading="lazy">`;
  if (mime.startsWith("video/")) return html`<video src="${address}" controls preload="metadata"></video>`;
  return html`<a class="card" href="${address}">${mime}</a>`;
}

/** The host is all the sandbox knows of a link: it fetches nothing. */
function linkCard(link: string): Markup | Promise<Markup> {
  const url = URL.parse(link);
  if (url === null || !/^https?:$/.test(url.protocol)) return html`<p class="card">${link}</p>`;
  return html`<a class="card" href="${url.href}" rel="noreferrer nofollow"><small>${url.host}</small><br>${link}</a>`;
}

function layout(title: string, main: Markup | Promise<Markup>): Markup | Promise<Markup> {
  return html`<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>${title} · Carillon sandbox</title>
  <link rel="stylesheet" href="/_sandbox/style.css">
  <script src="/_sandbox/live.js" defer></script>
</head>
<body>
  <nav aria-label="Sandbox"><strong>Carillon sandbox</strong> <a href="/">Feed</a> <a href="/_sandbox/phone">Phone</a> <a href="/log">Requests</a></nav>
  <p class="notice" role="note">Simulated platforms. Nothing here leaves this machine. Times are UTC.</p>
  <main>${main}</main>
</body>
</html>`;
}

function href({ platform, id }: Publication): string {
  return `/feed/${encodeURIComponent(platform)}/${encodeURIComponent(id)}`;
}

function time(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** Looks for news every three seconds and puts them in place; without scripts, reloading does the same. */
export const liveScript = `
const every = 3000;
async function look() {
  if (document.visibilityState === "visible" && String(getSelection()) === "") {
    const answer = await fetch(location.href).catch(() => null);
    if (answer !== null && answer.ok) {
      const news = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
      const main = document.querySelector("main");
      if (news && main && !main.contains(document.activeElement) && news.innerHTML !== main.innerHTML) {
        main.replaceWith(news);
      }
    }
  }
  setTimeout(look, every);
}
setTimeout(look, every);
`;

/** A bell in its tower. */
export const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#1d6b5c"/><path d="M8 3a3.5 3.5 0 0 1 3.5 3.5V10L13 12H3l1.5-2V6.5A3.5 3.5 0 0 1 8 3Z" fill="#efe6cf"/></svg>`;

export const style = `
:root { color-scheme: light dark; --paper: #fbfaf6; --ink: #22211e; --soft: #5f5c55; --line: #dcd8cd; --accent: #1d6b5c; --on-accent: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #1d1b18; --ink: #efebe2; --soft: #b3ada1; --line: #403c35; --accent: #7fc9b7; --on-accent: #12211d; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
nav { display: flex; flex-wrap: wrap; gap: 1rem; padding: .75rem 1rem; border-bottom: 1px solid var(--line); }
main { padding: 0 1rem 2rem; }
a { color: var(--accent); }
h1 { font-size: 1.4rem; line-height: 1.25; }
h2 { font-size: 1.1rem; }
small, .post header, .none { color: var(--soft); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.notice { margin: 1rem; padding: .5rem .75rem; border: 1px solid var(--line); border-left: 4px solid var(--accent); }
.narrow main { max-width: 28rem; margin: 0 auto; padding-top: 1rem; }
.narrow .notice { margin: 0 0 1rem; }
fieldset { margin: 0 0 1rem; padding: .5rem 1rem; border: 1px solid var(--line); border-radius: .5rem; min-width: 0; }
legend { padding: 0 .25rem; font-weight: 600; }
.choice { display: flex; gap: .75rem; align-items: center; min-height: 44px; padding: .35rem 0; }
.scopes { margin: 0; padding: 0; list-style: none; }
.scopes li { min-height: 32px; padding: .2rem 0; font-family: ui-monospace, monospace; font-size: .9rem; }
.scope { display: block; }
.actions { display: flex; gap: .75rem; }
button { flex: 1; min-height: 44px; border: 1px solid var(--accent); border-radius: .5rem; background: var(--accent); color: var(--on-accent); font: inherit; font-weight: 600; cursor: pointer; }
button.quiet { background: transparent; color: var(--accent); }
.feeds { display: grid; gap: 1.5rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); }
.posts { margin: 0; padding: 0; list-style: none; }
.posts .posts { margin-left: .5rem; padding-left: .75rem; border-left: 2px solid var(--line); }
.posts .posts .posts .posts { margin-left: 0; padding-left: 0; border-left: 0; }
.post { padding: .75rem 0; border-bottom: 1px solid var(--line); }
.post .text { margin: .25rem 0; white-space: pre-wrap; }
.deleted .text { text-decoration: line-through; color: var(--soft); }
.card { display: block; padding: .5rem .75rem; border: 1px solid var(--line); border-radius: .5rem; text-decoration: none; }
.shown { display: grid; gap: .5rem; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); }
.shown img, .shown video { width: 100%; height: auto; max-height: 24rem; object-fit: contain; border-radius: .5rem; background: var(--line); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .6rem; border-bottom: 1px solid var(--line); text-align: left; white-space: nowrap; }
`;
