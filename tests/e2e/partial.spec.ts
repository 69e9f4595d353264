import type { Page } from "@playwright/test";
import { expect, test } from "../support/e2e";
import type { RunningSandbox } from "../support/sandbox";

/** One platform takes the post and the other does not: what the screen says, and what it offers. */

async function publishToBoth(page: Page, text: string): Promise<void> {
  await page.goto("/compose");
  await page.getByRole("button", { name: "Select all" }).click();
  await page.getByRole("textbox", { name: "Post text" }).fill(text);
  await page.getByRole("button", { name: "Publish" }).click();
}

/** What became of the post on one platform, as the screen says it. */
const result = (page: Page, platform: string) =>
  page
    .getByRole("region", { name: "Results" })
    .getByRole("listitem")
    .filter({ hasText: `on ${platform}` });

/** The server has the post and has come as far as asking X to publish it. */
const xWasAsked = (sandbox: RunningSandbox) =>
  expect
    .poll(() => sandbox.requests({ platform: "twitter", operation: "create_tweet", raw: true }))
    .not.toEqual([]);

test.beforeEach(async ({ demo }) => {
  await demo.connect("threads");
  await demo.connect("twitter");
});

test("a refusal by X names its remedy, and the reworked text goes to X alone", async ({ page, sandbox }) => {
  await sandbox.fault({
    platform: "twitter",
    operation: "create_tweet",
    kind: "status",
    status: 403,
    times: 1,
  });
  await publishToBoth(page, "Too bold for X");
  await expect(page.getByRole("heading", { name: "Published on 1 of 2 accounts; 1 failed" })).toBeVisible();
  await expect(result(page, "Threads")).toContainText("Published");
  await expect(result(page, "X")).toContainText("X did not permit this");
  await expect(result(page, "X").getByRole("link", { name: "See it on X" })).toBeHidden();

  await result(page, "X").getByRole("link", { name: "Edit and send to Ada Bell" }).click();
  const text = page.getByRole("textbox", { name: "Post text" });
  await expect(text).toHaveValue("Too bold for X");
  await expect(page.getByRole("checkbox", { name: /^Threads/ })).not.toBeChecked();
  await text.fill("Mild enough for X");
  await page.getByRole("button", { name: "Publish" }).click();
  await expect(page.getByRole("heading", { name: "Published on 1 account" })).toBeVisible();
  expect((await sandbox.effects()).map(({ platform, text: out }) => `${platform}: ${out}`).sort()).toEqual([
    "threads: Too bold for X",
    "twitter: Mild enough for X",
  ]);

  await page.goto("/posts?state=partial");
  await expect(page.getByRole("link", { name: "Too bold for X" })).toBeVisible();
  await expect(page.getByRole("link", { name: "Mild enough for X" })).toBeHidden();
});

test("a platform that refuses the whole app is paused: its post waits, and the screens say why", async ({
  page,
  sandbox,
}) => {
  await sandbox.fault({
    platform: "twitter",
    operation: "create_tweet",
    kind: "status",
    status: 402,
    times: 1,
  });
  await publishToBoth(page, "For when the credits are back");
  await expect(result(page, "Threads")).toContainText("Published");
  await expect(result(page, "X")).toContainText("your post waits and goes out by itself");
  expect((await sandbox.effects()).map(({ platform }) => platform)).toEqual(["threads"]);
  await page.goto("/settings/integrations");
  const x = page.getByRole("region", { name: "X", exact: true });
  // The platform for everyone, and with it the one account on it.
  await expect(x.getByText("Paused", { exact: true })).toHaveCount(2);
  await expect(page.getByRole("region", { name: "Threads", exact: true }).getByText("Paused")).toBeHidden();
});

test("a lost answer is called neither success nor failure, and clears up on the open page", async ({
  page,
  sandbox,
}) => {
  // X takes the post, the answer is lost, and for a while the account cannot be looked at either.
  await sandbox.fault({
    platform: "twitter",
    operation: "create_tweet",
    kind: "accept_then_reset",
    times: 1,
  });
  await sandbox.fault({ platform: "twitter", operation: "list_tweets", kind: "status", status: 503 });
  await publishToBoth(page, "Out, or not?");
  await expect(page.getByText("Publishing. You can stay here and watch.")).toBeVisible();
  await xWasAsked(sandbox);
  // Whoever leaves loses nothing: it goes on without them.
  await page.goto("/posts");
  await page.getByRole("link", { name: "Out, or not?" }).click();

  await expect(result(page, "X")).toContainText("Not confirmed");
  await expect(result(page, "X")).toContainText("It may be out; we are looking.");
  await expect(result(page, "X")).toContainText("We look again on");
  await result(page, "X")
    .getByRole("button", { name: /^Send again… to Ada Bell/ })
    .click();
  const dialog = page.getByRole("dialog", { name: "It may already be out. Look on X first" });
  await expect(dialog.getByRole("link", { name: "Look on X" })).toBeVisible();
  await dialog.getByRole("button", { name: "Do not send it" }).click();
  await expect(dialog).toBeHidden();

  await sandbox.clearFaults();
  await expect(page.getByRole("heading", { name: "Published on all 2 accounts" })).toBeVisible({
    timeout: 25_000,
  });
  await expect(result(page, "X").getByRole("link", { name: "See it on X" })).toBeVisible();
  expect(await sandbox.effects("twitter")).toHaveLength(1);
});

test("whoever has looked may send an unconfirmed post again", async ({ page, sandbox }) => {
  // It never arrived, but that is known to X alone.
  await sandbox.fault({ platform: "twitter", operation: "create_tweet", kind: "reset", times: 1 });
  await publishToBoth(page, "Lost on the way");
  await xWasAsked(sandbox);
  await page.goto("/posts");
  await page.getByRole("link", { name: "Lost on the way" }).click();
  await result(page, "X")
    .getByRole("button", { name: /^Send again… to Ada Bell/ })
    .click();
  await page.getByRole("dialog").getByRole("button", { name: "I looked: send it again" }).click();
  await expect(page.getByRole("heading", { name: "Published on all 2 accounts" })).toBeVisible();
  expect((await sandbox.effects()).map(({ platform }) => platform).sort()).toEqual(["threads", "twitter"]);
});

test("an ended consent leads to reconnecting, and then to a retry that works", async ({ page, sandbox }) => {
  await sandbox.expire({ platform: "threads", kind: "grant" });
  await publishToBoth(page, "Behind a closed door");
  await expect(page.getByRole("heading", { name: "Published on 1 of 2 accounts; 1 failed" })).toBeVisible();
  await expect(result(page, "Threads")).not.toContainText("Published");

  await result(page, "Threads").getByRole("button", { name: "Reconnect Ada Bell" }).click();
  await page.getByRole("radio", { name: /Ada Bell/ }).check();
  await page.getByRole("button", { name: "Allow" }).click();
  await page.getByRole("link", { name: "Go on where you were" }).click();
  await result(page, "Threads")
    .getByRole("button", { name: /^Try again/ })
    .click();
  await expect(page.getByRole("heading", { name: "Published on all 2 accounts" })).toBeVisible();
  expect((await sandbox.effects()).map(({ platform }) => platform).sort()).toEqual(["threads", "twitter"]);
});

test("when nothing is answered, the post is kept and nobody claims success", async ({
  page,
  sandbox,
  witness,
}) => {
  witness.expects(/ERR_CONNECTION_FAILED/);
  await page.route("**/api/post", (route) => route.abort("connectionfailed"));
  await publishToBoth(page, "Into the void");
  const said = page.getByRole("alert").filter({ hasText: "It is not known yet whether your post was taken" });
  await expect(said).toBeVisible();
  await expect(page.getByRole("textbox", { name: "Post text" })).toHaveValue("Into the void");
  expect(await sandbox.effects()).toEqual([]);
  await page.unroute("**/api/post");
  await page.getByRole("button", { name: "Publish" }).click();
  await expect(page.getByRole("heading", { name: "Published on all 2 accounts" })).toBeVisible();
});
