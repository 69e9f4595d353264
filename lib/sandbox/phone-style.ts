/** How the phone looks, and what keeps it up to date. */

export const phoneStyle = `
.phones { display: grid; grid-template-columns: minmax(0, 1fr); gap: 1.5rem; max-width: 64rem; margin: 0 auto; align-items: start; }
.phones h2 { margin: 0 0 .5rem; }
nav.chats { display: block; padding: 0; border: 0; }
.chats ul, .log, .posts-of, .post-comments { margin: 0; padding: 0; list-style: none; }
.chats ul.tabs { display: flex; flex-wrap: wrap; gap: .5rem; margin: 0 0 1rem; padding: 0; list-style: none; }
.tabs a { display: inline-flex; align-items: center; min-height: 44px; padding: 0 .9rem; border: 1px solid var(--line); border-radius: 999px; text-decoration: none; color: inherit; }
.tabs a[aria-current] { background: var(--accent); border-color: var(--accent); color: var(--on-accent); font-weight: 600; }
.chat-row { display: grid; grid-template-columns: auto 1fr auto; gap: .75rem; align-items: center; min-height: 60px; padding: .35rem .5rem; border-radius: .75rem; color: inherit; text-decoration: none; }
.chat-row:hover, .chat-row[aria-current] { background: color-mix(in srgb, var(--accent) 12%, transparent); }
.chat-row span { min-width: 0; }
.chat-row small { display: block; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.face { display: grid; place-items: center; width: 44px; height: 44px; border-radius: 50%; background: var(--accent); color: var(--on-accent); font-weight: 700; flex: none; }
.face.small { width: 36px; height: 36px; }
.dot { width: 10px; height: 10px; border-radius: 50%; background: var(--accent); }
.phone { display: flex; flex-direction: column; width: 100%; max-width: 26rem; height: min(46rem, calc(100vh - 9rem)); min-height: 26rem; margin: 0 auto; border: 8px solid var(--bezel); border-radius: 2.25rem; background: var(--screen); overflow: hidden; box-shadow: 0 18px 50px rgb(0 0 0 / .18); }
.phone > header { display: flex; gap: .75rem; align-items: center; padding: .75rem 1rem; border-bottom: 1px solid var(--line); }
.phone > header a { text-decoration: none; font-size: 1.5rem; line-height: 1; padding: .35rem .5rem; }
.phone > header p { margin: 0; line-height: 1.25; min-width: 0; }
.log { flex: 1; overflow-y: auto; padding: 1rem; display: flex; flex-direction: column; gap: .35rem; }
.log > li { max-width: 82%; display: flex; flex-direction: column; }
.log > .mine { align-self: flex-end; align-items: flex-end; }
.log > .theirs { align-self: flex-start; align-items: flex-start; }
.log > .note { align-self: center; text-align: center; color: var(--soft); max-width: 100%; }
.bubble { padding: .5rem .85rem; border-radius: 1.15rem; white-space: pre-wrap; background: var(--bubble); }
.mine .bubble { background: var(--accent); color: var(--on-accent); border-bottom-right-radius: .35rem; }
.theirs .bubble { border-bottom-left-radius: .35rem; }
.bubble.gone { background: none; border: 1px dashed var(--soft); color: var(--soft); font-style: italic; }
.bubble img, .bubble video { display: block; max-width: 100%; height: auto; max-height: 16rem; border-radius: .75rem; }
.bubble a, .bubble small { color: inherit; }
.bubble:has(> img, > video) { padding: .3rem; }
.beside .notice { margin: 0 0 1rem; }
.quote { font-size: .8rem; color: var(--soft); border-left: 3px solid var(--line); padding-left: .5rem; margin: 0 0 .2rem; }
.under { display: flex; gap: .5rem; align-items: center; font-size: .75rem; color: var(--soft); min-height: 24px; }
.under details { position: relative; }
.under summary { cursor: pointer; min-width: 24px; min-height: 24px; list-style: none; text-align: center; border-radius: 50%; }
.under summary::-webkit-details-marker { display: none; }
.under form { display: flex; flex-wrap: wrap; gap: .15rem; padding: .25rem; border: 1px solid var(--line); border-radius: 1rem; background: var(--screen); }
.phone button { flex: none; }
.under button { min-height: 36px; min-width: 36px; padding: 0 .4rem; border: 0; background: none; color: inherit; font-size: 1.05rem; font-weight: 400; }
.felt { margin: -.35rem .5rem 0; padding: 0 .4rem; border: 1px solid var(--line); border-radius: 999px; background: var(--screen); font-size: .85rem; }
.choices { display: flex; flex-wrap: wrap; gap: .4rem; padding: .25rem 1rem .5rem; }
.choices button { min-height: 40px; padding: 0 .9rem; border-radius: 999px; background: transparent; color: var(--accent); }
.composer { display: flex; gap: .5rem; align-items: center; padding: .6rem .75rem .8rem; border-top: 1px solid var(--line); }
.composer input[type=text], .more input, .more select, .beside form input[type=text] { flex: 1; min-width: 0; min-height: 44px; padding: 0 .9rem; border: 1px solid var(--line); border-radius: 999px; background: var(--paper); color: inherit; font: inherit; }
.composer button { padding: 0 1rem; border-radius: 999px; }
.picture { position: relative; display: grid; place-items: center; width: 44px; height: 44px; border-radius: 50%; border: 1px solid var(--line); cursor: pointer; flex: none; }
.picture input { position: absolute; inset: 0; opacity: 0; cursor: pointer; }
.picture:focus-within { outline: 3px solid var(--accent); outline-offset: 2px; }
.typing span { display: inline-block; width: 7px; height: 7px; margin-right: 3px; border-radius: 50%; background: var(--soft); animation: breathe 1.2s infinite; }
.typing span:nth-child(2) { animation-delay: .2s; } .typing span:nth-child(3) { animation-delay: .4s; }
@keyframes breathe { 50% { opacity: .3; } }
@media (prefers-reduced-motion: reduce) { .typing span { animation: none; } }
.more, .beside section { border: 1px solid var(--line); border-radius: 1rem; padding: .75rem 1rem; margin-bottom: 1rem; }
.more select { width: 100%; flex: 1 1 8rem; }
.more form, .beside form { display: flex; flex-wrap: wrap; gap: .5rem; margin-top: .5rem; }
.beside button { flex: none; padding: 0 1rem; }
.post-comments li { padding: .25rem 0; }
.post-comments .answer { padding-left: 1rem; border-left: 2px solid var(--line); }
.beside img { width: 100%; max-width: 8rem; height: auto; border-radius: .5rem; }
.sr { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
:root { --bezel: #22211e; --screen: #fff; --bubble: #ece9e1; }
@media (prefers-color-scheme: dark) { :root { --bezel: #4a453d; --screen: #141210; --bubble: #35312b; } }
@media (min-width: 60rem) { .phones { grid-template-columns: 17rem minmax(0, 26rem) minmax(0, 1fr); } .phone > header a { display: none; } }
@media (max-width: 59.99rem) { .phones.open .chats { display: none; } }
@media (max-width: 30rem) { .phone { border-width: 4px; border-radius: 1.5rem; } }
`;

/** Every second the parts that change are fetched again; forms go without leaving the page. Without scripts, reloading does. */
export const phoneScript = `
const parts = ["log", "choices", "beside", "status", "chats"];
const shown = new Map();
for (const id of parts) {
  const part = document.getElementById(id);
  if (part) shown.set(id, id === "log" ? [...part.children].map((one) => one.outerHTML) : part.innerHTML);
}
const log = document.getElementById("log");
const down = () => { if (log) log.scrollTop = log.scrollHeight; };
down();

function put(news) {
  for (const id of parts) {
    const [old, fresh] = [document.getElementById(id), news.getElementById(id)];
    if (!old || !fresh) continue;
    if (id !== "log") {
      if (shown.get(id) !== fresh.innerHTML && !old.contains(document.activeElement)) {
        shown.set(id, fresh.innerHTML);
        old.innerHTML = fresh.innerHTML;
      }
      continue;
    }
    const isLow = old.scrollHeight - old.scrollTop - old.clientHeight < 80;
    const lines = [...fresh.children].map((one) => one.outerHTML);
    const before = shown.get(id);
    let isNew = false;
    [...fresh.children].forEach((line, nth) => {
      if (before[nth] === lines[nth]) return;
      isNew = true;
      const there = old.children[nth];
      if (there) there.replaceWith(line.cloneNode(true));
      else old.append(line.cloneNode(true));
    });
    while (old.children.length > lines.length) old.lastElementChild.remove();
    shown.set(id, lines);
    if (isNew && isLow) down();
    old.dataset.unseen = fresh.dataset.unseen;
  }
}

async function look() {
  const answer = await fetch(location.href).catch(() => null);
  if (answer && answer.ok) put(new DOMParser().parseFromString(await answer.text(), "text/html"));
  if (log && log.dataset.unseen === "yes" && document.visibilityState === "visible" && document.hasFocus()) {
    await post(location.href, new URLSearchParams({ do: "seen" }));
  }
}

const post = (address, body) => fetch(address, { method: "POST", body }).catch(() => null);

async function submit(form, button) {
  const data = new FormData(form, button);
  const input = form.querySelector("input[type=text]");
  const picture = form.querySelector("input[type=file]");
  if (input) input.value = "";
  if (picture) picture.value = "";
  await post(form.action, data);
  await look();
  down();
  if (!document.activeElement || document.activeElement === document.body) document.getElementById("words")?.focus();
}

document.addEventListener("submit", (event) => {
  if (event.target.method !== "post") return;
  event.preventDefault();
  void submit(event.target, event.submitter);
});
document.addEventListener("change", (event) => {
  if (event.target.type === "file" && event.target.files.length > 0) event.target.form.requestSubmit();
});
async function keepLooking() {
  if (document.visibilityState === "visible") await look();
  setTimeout(keepLooking, 1000);
}
setTimeout(keepLooking, 1000);
`;
