import type { Page } from "@playwright/test";
import { expect, test } from "../support/e2e";

/** What a newcomer does, in the order in which they do it, and what a writer needs from day to day. */

const BELL = "The quarter bells 🔔 start at nine: https://example.com/programme/autumn/2026/the-whole-of-it";

test("a newcomer connects two platforms, publishes to both, sees both posts and takes them back", async ({
  page,
  sandbox,
}) => {
  await page.goto("/");
  await expect(page).toHaveURL(/\/sign-in/);
  await page.getByRole("button", { name: "Continue as the demo person" }).click();

  await test.step("the dashboard says what to do first", async () => {
    await expect(page.getByRole("heading", { name: "Hello, Demo Person" })).toBeVisible();
    const steps = page.getByRole("main").getByRole("listitem");
    await expect(steps).toHaveCount(3);
    await expect(steps.first()).toHaveAttribute("aria-current", "step");
    await page.getByRole("link", { name: "Connect an account" }).click();
  });

  await test.step("Threads is connected on its own page", async () => {
    await page.getByRole("button", { name: "Connect Threads", exact: true }).click();
    await expect(page.getByText("Nothing leaves this machine")).toBeVisible();
    await page.getByRole("radio", { name: /Chime Café/ }).check();
    await page.getByRole("button", { name: "Allow" }).click();
    await expect(page.getByRole("heading", { name: "Connected" })).toBeVisible();
    await expect(page.getByRole("listitem")).toContainText("Chime Café (@chimecafe) on Threads");
  });

  await test.step("and X after it", async () => {
    await page.getByRole("link", { name: "Connect another" }).click();
    await page.getByRole("button", { name: "Connect X", exact: true }).click();
    await page.getByRole("radio", { name: /Ada Bell/ }).check();
    await page.getByRole("button", { name: "Allow" }).click();
    await expect(page.getByRole("listitem")).toContainText("Ada Bell (@adabell) on X");
    await page.getByRole("link", { name: "Write a post" }).click();
  });

  await test.step("each platform counts in its own way", async () => {
    await page.getByRole("checkbox", { name: "Threads, Chime Café (@chimecafe)" }).check();
    await page.getByRole("checkbox", { name: "X, Ada Bell (@adabell)" }).check();
    await page.getByRole("textbox", { name: "Post text" }).fill(BELL);
    // Threads takes each character, and four bytes for the bell; X takes 23 for any link and 2 for the bell.
    await expect(card(page, "Threads, Chime Café (@chimecafe)")).toContainText(`${BELL.length + 2} / 500`);
    await expect(card(page, "X, Ada Bell (@adabell)")).toContainText("59 / 280");
  });

  await test.step("the keyboard publishes, and each account reports for itself", async () => {
    await page.getByRole("textbox", { name: "Post text" }).press("Control+Enter");
    await expect(page.getByRole("heading", { name: "Published on all 2 accounts" })).toBeFocused();
    for (const name of ["See it on Threads", "See it on X"]) {
      const opened = page.context().waitForEvent("page");
      await page.getByRole("link", { name }).click();
      const feed = await opened;
      await expect(feed.getByRole("article")).toHaveText(new RegExp(literal(BELL)));
      await feed.close();
    }
    expect((await sandbox.effects()).map(({ text }) => text)).toEqual([BELL, BELL]);
  });

  await test.step("the list and the post tell the story", async () => {
    await page.getByRole("link", { name: "Posts" }).click();
    await page.getByRole("link", { name: BELL }).click();
    const story = page.getByRole("group").filter({ hasText: "for Ada Bell" });
    await story.getByText(/steps/).click();
    await expect(story.getByRole("listitem").first()).toContainText("Written");
    await expect(story.getByRole("listitem").last()).toContainText("Published");
    await expect(story.getByRole("listitem").last()).toContainText(/GMT\+[12]|CES?T/);
  });

  await test.step("deleting asks first, and is done on the platforms too", async () => {
    await page.getByRole("button", { name: "Delete this post" }).click();
    const dialog = page.getByRole("dialog", { name: "Delete this post?" });
    await expect(dialog).toContainText("Will be deleted on the platform, for everyone");
    await dialog.getByRole("button", { name: "Keep it" }).click();
    await expect(dialog).toBeHidden();
    expect((await sandbox.effects()).filter(({ deleted }) => deleted)).toEqual([]);

    await page.getByRole("button", { name: "Delete this post" }).click();
    await dialog.getByRole("button", { name: "Delete", exact: true }).click();
    await expect(page.getByRole("heading", { name: "deleted since" })).toBeVisible();
    expect((await sandbox.effects()).map(({ deleted }) => deleted)).toEqual([true, true]);
  });
});

test("a person signs up with words beside what is wrong, leaves, and comes back", async ({
  page,
  witness,
}) => {
  // The browser itself reports each refusal.
  witness.expects(/status of (400|401|422)/);
  await page.goto("/posts?state=failed");
  await page.getByRole("link", { name: "Create an account" }).click();
  const password = page.getByRole("textbox", { name: "Password", exact: true });
  const create = page.getByRole("button", { name: "Create your account" });
  await page.getByRole("textbox", { name: "Name" }).fill("Otto Klang");
  await page.getByRole("textbox", { name: "Email" }).fill("otto");
  await create.click();
  await expect(page.getByRole("textbox", { name: "Email" })).toHaveAccessibleDescription(/Type your email/);
  await page.getByRole("textbox", { name: "Email" }).fill("otto@people.test");
  await password.fill("ding");
  await create.click();
  await expect(password).toHaveAccessibleDescription(/Use at least 8 characters\./);
  await password.fill("password123");
  await create.click();
  await expect(password).toHaveAccessibleDescription(/Attackers try this password first/);
  await password.fill("four bells and a rope");
  await page.getByRole("button", { name: "Show what is typed" }).click();
  await expect(password).toHaveAttribute("type", "text");
  await create.click();
  await expect(page, "where they wanted to go").toHaveURL(/\/posts\?state=failed$/);

  await page.getByRole("button", { name: "Your account, Otto Klang" }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(page).toHaveURL(/\/sign-in/);
  await page.goto("/compose");
  await expect(page).toHaveURL(/\/sign-in\?returnTo=%2Fcompose$/);

  await page.getByRole("textbox", { name: "Email" }).fill("otto@people.test");
  await page.getByRole("textbox", { name: "Password" }).fill("four bells and no rope");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page.getByRole("textbox", { name: "Password" })).toHaveAccessibleDescription(
    /do not belong together/,
  );
  await page.getByRole("textbox", { name: "Password" }).fill("four bells and a rope");
  await page.getByRole("textbox", { name: "Password" }).press("Enter");
  await expect(page).toHaveURL(/\/compose$/);
  await expect(page.getByRole("heading", { name: "No account is connected yet" })).toBeVisible();
});

test("asking for a new password tells nobody who has an account", async ({ page }) => {
  const answers: string[] = [];
  for (const email of ["demo@carillon.test", "nobody@people.test"]) {
    await page.goto("/sign-in");
    await page.getByRole("link", { name: "Forgot your password?" }).click();
    await expect(page.getByRole("heading", { name: "Forgot your password?" })).toBeVisible();
    await page.getByRole("textbox", { name: "Email" }).fill(email);
    await page.getByRole("button", { name: "Send me a link" }).click();
    answers.push(((await page.getByRole("status").textContent()) ?? "").replace(email, "…"));
  }
  expect(answers[0]).toContain("If … has an account here");
  expect(answers[1]).toBe(answers[0]);
});

test("what one platform will not take is said before anything is sent", async ({ page, demo, sandbox }) => {
  await demo.connect("threads");
  await demo.connect("twitter");
  await page.goto("/compose");
  await page.getByRole("button", { name: "Select all" }).click();
  await page.getByRole("textbox", { name: "Post text" }).fill("ö".repeat(300));
  await expect(card(page, "X, Ada Bell (@adabell)")).toContainText("20 too long for X: 300 of 280");
  await expect(card(page, "Threads, Ada Bell (@adabell)")).not.toContainText("too long");
  await page.getByRole("button", { name: "Publish" }).click();
  await expect(page.getByText("1 thing has to be put right")).toBeFocused();

  await page.getByRole("textbox", { name: "Link (optional)" }).fill("example.com");
  await expect(page.getByRole("textbox", { name: "Link (optional)" })).toHaveAccessibleDescription(
    /starts with https/,
  );
  expect(await sandbox.effects()).toEqual([]);
});

test("one account gets its own words, options and follow-ups", async ({ page, demo, sandbox }) => {
  await demo.connect("threads");
  await demo.connect("twitter", { person: "chimecafe" });
  await page.goto("/compose");
  await page.getByRole("button", { name: "Select all" }).click();
  await page.getByRole("textbox", { name: "Post text" }).fill("For everyone");
  await page.getByRole("button", { name: "Add a follow-up", exact: true }).click();
  await page.getByRole("textbox", { name: "Follow-up 1" }).fill("And one more thing");

  const x = card(page, "X, Chime Café (@chimecafe)");
  await expect(x, "Premium may write more").toContainText("12 / 25000");
  await x.getByRole("button", { name: "Customise text" }).click();
  await x.getByRole("textbox", { name: "Text for X, Chime Café (@chimecafe)" }).fill("For those on X");
  await x.getByText("Options on X").click();
  await x.getByRole("combobox", { name: "Who can reply" }).selectOption("Accounts you follow");
  await page.getByRole("button", { name: "Publish" }).click();
  await expect(page.getByRole("heading", { name: "Published on all 2 accounts" })).toBeVisible();

  const effects = await sandbox.effects();
  const said = (platform: string) =>
    effects
      .filter((effect) => effect.platform === platform)
      .map(({ text, replyTo }) => ({
        text,
        to: effects.find(({ id, platform: where }) => id === replyTo && where === platform)?.text ?? null,
      }));
  expect(said("threads")).toEqual([
    { text: "For everyone", to: null },
    { text: "And one more thing", to: "For everyone" },
  ]);
  expect(said("twitter")).toEqual([
    { text: "For those on X", to: null },
    { text: "And one more thing", to: "For those on X" },
  ]);
  expect(effects.find(({ text }) => text === "For those on X")?.details).toMatchObject({
    replySettings: "following",
  });
});

test("nothing written is lost: not by a reload, not by discarding, not by a lost session", async ({
  page,
  demo,
  sandbox,
  witness,
}) => {
  witness.expects(/status of 401/);
  await demo.connect("threads");
  await page.goto("/compose");
  const text = page.getByRole("textbox", { name: "Post text" });
  await text.fill("Half a sentence, and");
  await page.reload();
  await expect(text).toHaveValue("Half a sentence, and");

  await page.getByRole("button", { name: "Discard draft" }).click();
  await expect(text).toHaveValue("");
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(text).toHaveValue("Half a sentence, and");

  await page.context().clearCookies();
  await page.getByRole("button", { name: "Publish" }).click();
  await expect(page.getByRole("alert").filter({ hasText: "You have been signed out" })).toBeVisible();
  await page.getByRole("link", { name: "Sign in again" }).click();
  await page.getByRole("button", { name: "Continue as the demo person" }).click();
  await expect(text).toHaveValue("Half a sentence, and");
  expect(await sandbox.effects()).toEqual([]);
  await page.getByRole("button", { name: "Publish" }).click();
  await expect(page.getByRole("heading", { name: "Published on 1 account" })).toBeVisible();
  await page.getByRole("button", { name: "Write another" }).click();
  await expect(text).toHaveValue("");
});

test("pressing Publish twice sends once", async ({ page, demo, sandbox }) => {
  await demo.connect("threads");
  await demo.connect("twitter");
  await page.goto("/compose");
  await page.getByRole("button", { name: "Select all" }).click();
  await page.getByRole("textbox", { name: "Post text" }).fill("Once only");
  // Faster than any hand: the second press comes before the page has drawn the first.
  await page.getByRole("button", { name: "Publish" }).evaluate((button: HTMLButtonElement) => {
    button.click();
    button.click();
  });
  await expect(page.getByRole("heading", { name: "Published on all 2 accounts" })).toBeVisible();
  expect((await sandbox.effects()).map(({ platform, text }) => [platform, text]).sort()).toEqual([
    ["threads", "Once only"],
    ["twitter", "Once only"],
  ]);
});

test("an answer lost between server and browser is asked for again, and the post goes out once", async ({
  page,
  demo,
  sandbox,
  witness,
}) => {
  witness.expects(/ERR_CONNECTION_FAILED/);
  await demo.connect("threads");
  await page.goto("/compose");
  await page.getByRole("textbox", { name: "Post text" }).fill("Heard once");
  let lost = 0;
  await page.route("**/api/post", async (route) => {
    if (lost > 0) return route.continue();
    lost += 1;
    await route.fetch();
    await route.abort("connectionfailed");
  });
  await page.getByRole("button", { name: "Publish" }).click();
  await expect(page.getByRole("heading", { name: "Published on 1 account" })).toBeVisible();
  expect(lost).toBe(1);
  expect((await sandbox.effects()).map(({ text }) => text)).toEqual(["Heard once"]);
});

/** One account's view of the post, beside the text. */
const card = (page: Page, name: string) =>
  page.getByRole("region", { name: "How it goes out" }).getByLabel(name, { exact: true });

const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
