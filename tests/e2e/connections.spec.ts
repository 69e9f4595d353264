import type { Page } from "@playwright/test";
import { type CallbackError, callbackErrors } from "@/lib/connections/schema";
import { connect, expect, test } from "../support/e2e";
import { signUp } from "../support/people";

/** Accounts come and go: on the platforms' own pages, and on ours. */

const ACCOUNTS = "/settings/integrations";

/** One platform's part of the accounts page. */
const platform = (page: Page, name: string) => page.getByRole("region", { name, exact: true });

const account = (page: Page, on: string, handle: string) =>
  platform(page, on).getByText(handle, { exact: true });

/** What the app says in passing. */
const message = (page: Page, text: string) =>
  page.getByRole("region", { name: "Notifications" }).getByText(text);

test("saying no on the platform's page connects nothing, and can be put right", async ({ page, demo: _ }) => {
  await page.goto(ACCOUNTS);
  await page.getByRole("button", { name: "Connect Threads", exact: true }).click();
  await page.getByRole("button", { name: "Deny" }).click();
  await expect(page.getByRole("heading", { name: "Threads was not connected" })).toBeVisible();
  await expect(page.getByText("You said no on Threads's page")).toBeVisible();
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("button", { name: "Allow" }).click();
  await expect(page.getByRole("heading", { name: "Connected" })).toBeVisible();
});

test("a permission that was not given is missed by name, and before anything is sent", async ({
  page,
  demo: _,
}) => {
  await page.goto(ACCOUNTS);
  await page.getByRole("button", { name: "Connect Threads", exact: true }).click();
  await page.getByRole("checkbox", { name: "threads_content_publish" }).uncheck();
  await page.getByRole("button", { name: "Allow" }).click();
  await expect(page.getByText("You did not allow Carillon to publish posts.")).toBeVisible();

  await page.getByRole("link", { name: "Write a post" }).click();
  await page.getByRole("checkbox", { name: "Threads, Ada Bell (@adabell)" }).check();
  await expect(page.getByText("Threads was not allowed to post for Ada Bell.")).toBeVisible();
  await page.getByRole("button", { name: "Reconnect Ada Bell (@adabell)" }).click();
  await page.getByRole("button", { name: "Allow" }).click();
  await page.getByRole("link", { name: "Go on where you were" }).click();
  await page.getByRole("textbox", { name: "Post text" }).fill("Allowed now");
  await page.getByRole("button", { name: "Publish" }).click();
  await expect(page.getByRole("heading", { name: "Published on 1 account" })).toBeVisible();
});

test("disconnecting asks, takes the account away for good, and leaves the other one", async ({
  page,
  demo,
}) => {
  await demo.connect("threads");
  await demo.connect("threads", { person: "chimecafe" });
  await page.goto(ACCOUNTS);
  await page.getByRole("button", { name: "Disconnect Ada Bell (@adabell)" }).click();
  const dialog = page.getByRole("dialog", { name: "Disconnect Ada Bell (@adabell)?" });
  await expect(dialog).toContainText("Threads lets nobody withdraw the permission from outside");
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await expect(account(page, "Threads", "@adabell")).toBeVisible();

  await page.getByRole("button", { name: "Disconnect Ada Bell (@adabell)" }).click();
  await dialog.getByRole("button", { name: "Disconnect", exact: true }).click();
  await expect(message(page, "Ada Bell (@adabell) is disconnected")).toBeVisible();
  await page.reload();
  await expect(account(page, "Threads", "@chimecafe")).toBeVisible();
  await expect(account(page, "Threads", "@adabell")).toBeHidden();
});

test("an account goes from the screen at once, and comes back when the server could not let it go", async ({
  page,
  demo,
  witness,
}) => {
  witness.expects(/status of 500/);
  await demo.connect("twitter");
  await page.goto(ACCOUNTS);
  const answer = Promise.withResolvers<void>();
  await page.route("**/api/connections/*", async (route) => {
    await answer.promise;
    await route.fulfill({
      status: 500,
      json: { error: { code: "internal", message: "Our side stumbled. Try again in a moment." } },
    });
  });
  // No other news comes: what is back on the screen was put back.
  await page.route("**/api/connections", () => undefined);
  const row = account(page, "X", "@adabell");
  await page.getByRole("button", { name: "Disconnect Ada Bell (@adabell)" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Disconnect", exact: true }).click();
  await expect(row).toBeHidden();
  answer.resolve();
  await expect(row).toBeVisible();
  await expect(message(page, "Ada Bell (@adabell) is still connected")).toBeVisible();
  await expect(message(page, "Our side stumbled.")).toBeVisible();
});

test("reconnecting with another account is refused in clear words", async ({ page, demo }) => {
  await demo.connect("twitter");
  await page.goto(ACCOUNTS);
  await page.getByRole("button", { name: "Reconnect Ada Bell (@adabell)" }).click();
  await page.getByRole("radio", { name: /Otto Klang/ }).check();
  await page.getByRole("button", { name: "Allow" }).click();
  await expect(page.getByRole("heading", { name: "That was a different account" })).toBeVisible();
  await page.getByRole("link", { name: "Go to your accounts" }).click();
  await expect(account(page, "X", "@adabell")).toBeVisible();
  await expect(account(page, "X", "@otto_klang")).toBeHidden();
});

test("what another person has connected stays theirs", async ({ page, demo: _, site }) => {
  const other = await signUp(site.url);
  const theirs = await connect(site, other, "threads", { person: "campanile" });
  await page.goto(ACCOUNTS);
  await page.getByRole("button", { name: "Connect Threads", exact: true }).click();
  await page.getByRole("radio", { name: /Campanile Books/ }).check();
  await page.getByRole("button", { name: "Allow" }).click();
  await expect(page.getByRole("heading", { name: "Someone else here has this account" })).toBeVisible();
  await page.goto(`/oauth/callback/success?platform=threads&connection=${theirs}`);
  await expect(page.getByText("Campanile")).toBeHidden();
  await expect(page.getByRole("heading", { name: "Your accounts" })).toBeVisible();
});

test("testing an account tells the truth, also when it has died", async ({ page, demo, sandbox }) => {
  await demo.connect("twitter");
  await page.goto(ACCOUNTS);
  await page.getByRole("button", { name: /^Test now.*Ada Bell/ }).click();
  await expect(message(page, "X answered: Ada Bell (@adabell) works")).toBeVisible();
  await sandbox.expire({ platform: "twitter", kind: "grant" });
  await page.getByRole("button", { name: /^Test now.*Ada Bell/ }).click();
  await expect(message(page, "Ada Bell (@adabell): Reconnect needed")).toBeVisible();
  await expect(platform(page, "X").getByRole("listitem")).toContainText("Nothing can be published here");

  await page.goto("/dashboard");
  await expect(page.getByRole("heading", { name: "Needs your attention" })).toBeVisible();
  await page.getByRole("button", { name: "Reconnect Ada Bell (@adabell)" }).click();
  await page.getByRole("button", { name: "Allow" }).click();
  await page.getByRole("link", { name: "Go on where you were" }).click();
  await expect(page.getByRole("heading", { name: "Needs your attention" })).toBeHidden();
});

test("every reason for which a connection fails has words of its own, and none of the address", async ({
  page,
  demo: _,
}) => {
  const said = new Map<string, string>();
  for (const code of [...callbackErrors, "<b>made up</b>"]) {
    await page.goto(`/oauth/callback/error?platform=threads&error=${encodeURIComponent(code)}&note=made+up`);
    const words = (await page.getByRole("main").textContent()) ?? "";
    expect(words).not.toContain("made up");
    expect(words).not.toContain("{platform}");
    said.set(code, words);
  }
  expect(said.get("<b>made up</b>")).toBe(said.get("unexpected" satisfies CallbackError));
  said.delete("<b>made up</b>");
  expect(new Set(said.values()).size).toBe(callbackErrors.length);
});
