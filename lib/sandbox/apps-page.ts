/** The page where people take the app off their list, as in the settings of Facebook, Instagram and Threads. */
import { html } from "hono/html";
import type { Simulator } from "./kit";
import type { Sandbox } from "./memory";
import { layout, time } from "./pages";
import { peopleWithApp, type Removal } from "./removal";

type Markup = ReturnType<typeof html>;

export function appsPage(sandbox: Sandbox): Markup | Promise<Markup> {
  const simulators = sandbox.simulators.filter(({ removal }) => removal !== undefined);
  return layout(
    "Apps and websites",
    html`<h1>Apps and websites</h1>
    <p>Who has let Carillon in, as they see it in their settings. Removing it here tells Carillon, as the platform would.</p>
    <div class="feeds">${simulators.map((simulator) => list(sandbox, simulator))}</div>
    ${sandbox.removals.length === 0 ? "" : html`<h2>What Carillon answered</h2><ul>${sandbox.removals.map(answer)}</ul>`}`,
  );
}

function list(sandbox: Sandbox, simulator: Simulator): Markup | Promise<Markup> {
  const people = peopleWithApp(sandbox, simulator);
  return html`<section aria-labelledby="apps-${simulator.platform}">
    <h2 id="apps-${simulator.platform}">${simulator.name}</h2>
    ${people.length === 0 ? html`<p class="none">Nobody has let Carillon in.</p>` : ""}
    ${people.map(
      ({ person, live }) => html`<form method="post" action="/apps">
        <input type="hidden" name="platform" value="${simulator.platform}">
        <input type="hidden" name="person" value="${person.id}">
        <fieldset><legend>${person.name}</legend>
          <p class="actions">${
            live
              ? html`<button name="kind" value="deauthorize">Remove Carillon</button>`
              : html`<button name="kind" value="data-deletion" class="quiet">Ask Carillon to delete the data</button>`
          }</p>
        </fieldset>
      </form>`,
    )}
  </section>`;
}

function answer({ platform, kind, at, status, body }: Removal): Markup | Promise<Markup> {
  const said = status === null ? "no answer" : String(status);
  return html`<li>${time(at)}: ${platform}, ${kind === "deauthorize" ? "removed" : "deletion asked for"}: ${said}. ${link(body)}</li>`;
}

/** Meta shows the person the address that the app has answered. */
function link(body: string): Markup | Promise<Markup> | "" {
  const url = URL.parse(/"url":"([^"]+)"/.exec(body)?.[1] ?? "");
  if (url === null || !/^https?:$/.test(url.protocol)) return "";
  return html`<a href="${url.href}">See what becomes of it</a>`;
}
