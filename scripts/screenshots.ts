import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "@playwright/test";
import type { ConnectionsAnswer } from "@/lib/connections/schema";
import type { InboxAccountsAnswer } from "@/lib/inbox/schema";
import type { PostPage } from "@/lib/posts/schema";
import { chromiumOptions } from "@/tests/support/browser";
import { installBrowser } from "./browser";
import { root } from "./paths";
import { freePort } from "./ports";
import { main, Problem } from "./problem";
import { type Child, startChild } from "./processes";
import { waitForHealth, waitUntil } from "./wait";

/**
 * `npm run screenshots [folder]`: pictures of every page, light and dark, wide and narrow, into docs/screenshots. Takes them of
 * the app at BASE_URL, which must be a demo; else it runs a demo of its own with throwaway data.
 */
const widths = { wide: { width: 1440, height: 900 }, narrow: { width: 360, height: 780 } };
const schemes = ["light", "dark"] as const;

type Shot = { name: string; path: string; signedIn: boolean };

async function takeAll(origin: string, folder: string): Promise<number> {
  const browser = await chromium.launch(chromiumOptions());
  try {
    const demo = await browser.newContext({ baseURL: origin });
    const postPath = await liveALittle(demo);
    const conversationPath = await receiveALittle(demo);
    const shots: Shot[] = [
      { name: "sign-in", path: "/sign-in", signedIn: false },
      { name: "sign-up", path: "/sign-up", signedIn: false },
      { name: "dashboard", path: "/dashboard", signedIn: true },
      { name: "compose", path: "/compose", signedIn: true },
      { name: "posts", path: "/posts", signedIn: true },
      { name: "post", path: postPath, signedIn: true },
      { name: "accounts", path: "/settings/integrations", signedIn: true },
      { name: "inbox", path: "/inbox", signedIn: true },
      { name: "conversation", path: conversationPath, signedIn: true },
      { name: "assistant", path: "/inbox/assistant", signedIn: true },
    ];
    const state = await demo.storageState();
    for (const scheme of schemes) {
      for (const [size, viewport] of Object.entries(widths)) {
        for (const shot of shots) {
          const file = join(folder, `${shot.name}-${size}-${scheme}.png`);
          await take(browser, origin, shot, file, {
            viewport,
            colorScheme: scheme,
            ...(shot.signedIn ? { storageState: state } : {}),
          });
        }
      }
    }
    return shots.length * schemes.length * Object.keys(widths).length;
  } finally {
    await browser.close();
  }
}

async function take(
  browser: Browser,
  origin: string,
  shot: Shot,
  file: string,
  look: Parameters<Browser["newContext"]>[0],
): Promise<void> {
  const context = await browser.newContext({
    baseURL: origin,
    locale: "en-GB",
    timezoneId: "Europe/Vienna",
    reducedMotion: "reduce",
    ...look,
  });
  const page = await context.newPage();
  await page.goto(shot.path);
  await page.getByRole("main").getByRole("heading").filter({ visible: true }).first().waitFor();
  // Until the page is awake, and numbers and lists that come after it are there. The network is never idle: the inbox listens.
  await page.waitForFunction(
    () =>
      !document.querySelector("button:disabled:not([type=submit])") &&
      ![...document.querySelectorAll("[role=status]")].some(({ textContent }) =>
        /^Loading/.test(textContent),
      ),
  );
  // A window as tall as the page: bars that stick to its edges belong to the end, not across the middle.
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  const width = page.viewportSize()?.width ?? widths.wide.width;
  await page.setViewportSize({ width, height: Math.max(height, page.viewportSize()?.height ?? 0) });
  await page.screenshot({ path: file, animations: "disabled" });
  await context.close();
}

/** Signs in as the demo person, connects what is not connected yet, and publishes a post. Returns the post's path. */
async function liveALittle(context: BrowserContext): Promise<string> {
  const page = await context.newPage();
  await page.goto("/sign-in");
  await page.getByRole("button", { name: /demo person/i }).click();
  await page.waitForURL(/\/dashboard/);
  for (const platform of ["Threads", "X"]) await connect(page, platform);
  await page.goto("/compose");
  const accounts = page.locator("fieldset", { hasText: "Accounts" }).first().getByRole("checkbox");
  await accounts.first().waitFor();
  for (const account of await accounts.all()) await account.check();
  await page
    .getByLabel("Post text")
    .fill("The bells have moved into their new tower. Come and hear them on Sunday at ten. 🔔");
  await page.getByRole("button", { name: "Publish", exact: true }).click();
  await page
    .getByRole("region", { name: "Results" })
    .getByRole("heading", { name: /^Published/ })
    .waitFor({ timeout: 60_000 });
  const answer = await page.request.get("/api/post");
  // safe: the route answers with this type
  const { posts } = (await answer.json()) as PostPage;
  const [post] = posts;
  if (!post) throw new Problem("The post that was just published is not among the posts.");
  await page.close();
  return `/posts/${post.id}`;
}

/** Connects Instagram, and has customers write. Returns the path of one conversation. */
async function receiveALittle(context: BrowserContext): Promise<string> {
  const page = await context.newPage();
  await connect(page, "Instagram", "Connect Instagram with Instagram");
  const answer = await page.request.get("/api/connections");
  // safe: the route answers with this type
  const { sandboxUrl, connections } = (await answer.json()) as ConnectionsAnswer;
  const account = connections.find(({ platform }) => platform === "instagram")?.handle;
  const write = async (from: string, text: string) => {
    const data = { account, from, text };
    const answer = await page.request.post(`${sandboxUrl}/_sandbox/messages`, { data });
    if (!answer.ok()) throw new Problem(`The sandbox refused a message: ${await answer.text()}`);
  };
  await waitUntil(
    async () => {
      const answer = await page.request.get("/api/inbox/accounts");
      // safe: the route answers with this type
      const { accounts } = (await answer.json()) as InboxAccountsAnswer;
      return accounts[0]?.subscription === "on" ? true : null;
    },
    { withinMs: 30_000, otherwise: "The account's messages were not turned on." },
  );
  await page.goto("/inbox");
  await page.getByRole("heading", { name: "Inbox", level: 1 }).waitFor();
  await write("tomasz_w", "Thank you for Sunday, it was beautiful!");
  await write("amara.o", "Is the tower open in December?");
  await write("jane.harper", "Hello! Do you still have a place for two on Sunday?");
  await write("jane.harper", "We would come at ten.");
  const row = page.locator("a[data-conversation]", { hasText: "We would come at ten." });
  await row.click();
  const reply = page.getByRole("textbox", { name: /^Reply to/ });
  await reply.fill("Yes, we have. What name may we write down?");
  await reply.press("Control+Enter");
  await page.getByRole("article").filter({ hasText: "What name may we" }).getByText("Sent").waitFor();
  const { pathname } = new URL(page.url());
  await page.close();
  return pathname;
}

async function connect(page: Page, platform: string, words = `Connect ${platform}`): Promise<void> {
  await page.goto("/settings/integrations");
  const button = page.getByRole("button", { name: new RegExp(`^${words}( ?:|$)`) });
  await button.waitFor();
  const connected = page
    .getByRole("region", { name: platform, exact: true })
    .getByRole("button", { name: /^Disconnect/ });
  if ((await connected.count()) > 0) return;
  await button.click();
  await page.getByRole("button", { name: "Allow" }).click();
  await page.waitForURL(/\/oauth\/callback\/success/);
}

/** A demo that nobody else sees. */
async function startDemo(): Promise<{ origin: string; stop(): Promise<void> }> {
  const data = mkdtempSync(join(tmpdir(), "carillon-screenshots-"));
  const port = await freePort();
  const demo: Child = await startChild({
    name: "The demo",
    args: [join(root, "scripts/bootstrap.mjs"), "demo"],
    env: { ...process.env, CARILLON_DATA: data, PORT: String(port), SANDBOX_PORT: String(await freePort()) },
    output: "ours",
  });
  const origin = `http://127.0.0.1:${port}`;
  const stop = async () => {
    await demo.stop(20_000);
    rmSync(data, { recursive: true, force: true });
  };
  try {
    // It may have to build first.
    await waitForHealth(origin, {
      withinMs: 300_000,
      gone: () => (demo.exit() ? "The demo did not start; the reason is above." : null),
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { origin, stop };
}

await main(async () => {
  if (!(await installBrowser()))
    throw new Problem("There is no Chromium and none could be installed. Debian: apt-get install chromium.");
  const folder = resolve(root, process.argv[2] ?? "docs/screenshots");
  mkdirSync(folder, { recursive: true });
  const given = process.env["BASE_URL"];
  const site = given ? { origin: new URL(given).origin, stop: async () => undefined } : await startDemo();
  try {
    const count = await takeAll(site.origin, folder);
    console.log(`${count} pictures are in ${folder}.`);
  } finally {
    await site.stop();
  }
  return 0;
});
