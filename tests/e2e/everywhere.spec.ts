import type { Locator, Page } from "@playwright/test";
import { expect, test } from "../support/e2e";
import { picture, video } from "../support/media";
import type { RunningSandbox } from "../support/sandbox";

/** One post to every platform, from the first connection to the last result. */

// A wrong name is told at once, and not by the end of the whole walk.
test.use({ actionTimeout: 20_000 });

const plainly = ["Threads", "X", "LinkedIn", "Reddit", "TikTok"];

test("a newcomer connects all eight, and publishes one picture, then one film, to the seven that publish", async ({
  page,
  sandbox,
}) => {
  test.setTimeout(180_000);
  // Nobody waits half an hour for TikTok to look at a post.
  await sandbox.settings({ platform: "tiktok", own: { moderationMs: 0, initPerMinute: 100 } });
  await page.goto("/");
  await page.getByRole("button", { name: "Continue as the demo person" }).click();
  await expect(page.getByRole("heading", { name: "Hello, Demo Person" })).toBeVisible();

  for (const name of plainly) {
    await test.step(`connects ${name}`, async () => {
      await page.goto("/settings/integrations");
      await page.getByRole("button", { name: `Connect ${name}`, exact: true }).click();
      await allow(page);
    });
  }

  await test.step("Instagram offers two ways in", async () => {
    await page.goto("/settings/integrations");
    await expect(page.getByRole("button", { name: /^Connect Instagram/ })).toHaveCount(2);
    await page.getByRole("button", { name: /^Connect Instagram with Instagram/ }).click();
    await allow(page);
  });

  await test.step("Facebook connects the Pages that are ticked, and no other", async () => {
    await page.goto("/settings/integrations");
    await page.getByRole("button", { name: "Connect Facebook", exact: true }).click();
    for (const unwanted of ["Bell Ringers’ Guild", "The Old Tower"]) {
      await page.getByRole("checkbox", { name: new RegExp(unwanted) }).uncheck();
    }
    await allow(page);
    await page.goto("/settings/integrations");
    const facebook = page
      .getByRole("region", { name: "Facebook" })
      .or(page.locator("section", { hasText: "Ada Bell Bells" }));
    await expect(facebook.first()).toContainText("Ada Bell Bells");
    await expect(page.getByText("Bell Ringers’ Guild")).toHaveCount(0);
  });

  await test.step("OnlyFans takes a pasted session, and checks it once", async () => {
    await page.goto("/of/connect");
    const session = await sessionOf(sandbox);
    await page
      .getByRole("textbox", { name: "Paste what you copied" })
      .fill(
        `Cookie: auth_id=${session.auth_id}; sess=${session.sess}\nx-bc: ${session["x-bc"]}\nUser-Agent: ${session.user_agent}`,
      );
    await page.getByRole("checkbox", { name: /Check it once/ }).check();
    await page.getByRole("checkbox", { name: /This is my own account/ }).check();
    await page.getByRole("button", { name: "Store and check once" }).click();
    await expect(page.getByText(/Ada Bell/).first()).toBeVisible();
  });

  await page.goto("/compose");
  await test.step("a picture goes out everywhere", async () => {
    await write(page, "The bells are back", {
      name: "bell.jpg",
      mimeType: "image/jpeg",
      buffer: await picture("jpeg"),
    });
    await page
      .getByRole("textbox", { name: /What it shows/ })
      .first()
      .fill("A green bell");
    await publishedEverywhere(page, sandbox, "The bells are back", "image");
  });

  await page.goto("/compose");
  await test.step("a film goes out everywhere", async () => {
    const buffer = await video({ seconds: 6, width: 720, height: 1_280, bytes: 200_000 });
    await write(page, "The bells, ringing", { name: "bell.mp4", mimeType: "video/mp4", buffer });
    await publishedEverywhere(page, sandbox, "The bells, ringing", "video");
  });
});

async function allow(page: Page): Promise<void> {
  await page.getByRole("radio", { name: /Ada Bell/ }).check();
  await page.getByRole("button", { name: "Allow" }).click();
  await expect(page.getByRole("heading", { name: /^Connected/ })).toBeVisible();
}

/** What a person would copy from the developer tools of their browser. */
async function sessionOf(
  sandbox: RunningSandbox,
): Promise<Record<"auth_id" | "sess" | "x-bc" | "user_agent", string>> {
  const response = await fetch(`${sandbox.url}/onlyfans.com/my/sandbox-session?format=json&person=adabell`);
  // safe: the sandbox's own page for exactly this
  return (await response.json()) as Record<"auth_id" | "sess" | "x-bc" | "user_agent", string>;
}

async function write(
  page: Page,
  text: string,
  file: { name: string; mimeType: string; buffer: Buffer },
): Promise<void> {
  await expect(page.getByText(/OnlyFans lets no other program publish/)).toBeVisible();
  const targets = page.getByRole("checkbox", {
    name: /^(Threads|X|LinkedIn|Reddit|TikTok|Instagram|Facebook), /,
  });
  await expect(targets.first()).toBeEnabled();
  for (const target of await targets.all()) await target.check();
  await page.getByRole("textbox", { name: "Post text" }).fill(text);
  await page.locator('input[type="file"]').first().setInputFiles(file);
  // While a file is still on its way, Publish waits for it.
  await expect(page.getByText(`Added: ${file.name}`)).toBeVisible();
  const reddit = card(page, "Reddit");
  await reddit.getByRole("textbox", { name: "Subreddit" }).fill("bellpics");
  await reddit.getByRole("textbox", { name: "Title" }).fill(text);
  const level = card(page, "TikTok").getByRole("combobox", { name: "Who can see it" });
  // TikTok wants it chosen by hand.
  await expect(level).toHaveValue("");
  await level.selectOption("PUBLIC_TO_EVERYONE");
}

const card = (page: Page, platform: string): Locator =>
  page.getByRole("region", { name: new RegExp(`^${platform}, `) });

/** Each account reports for itself, and what it reports is there to be seen. */
async function publishedEverywhere(
  page: Page,
  sandbox: RunningSandbox,
  text: string,
  kind: "image" | "video",
) {
  await page.getByRole("button", { name: "Publish", exact: true }).click();
  await expect(page.getByRole("heading", { name: "Published on all 7 accounts" })).toBeVisible({
    timeout: 60_000,
  });
  const links = page.getByRole("link", { name: /^See it on/ });
  await expect(links).toHaveCount(7);
  for (const link of await links.all()) {
    const feed = await (await fetch((await link.getAttribute("href")) ?? "")).text();
    expect(feed).toContain(text);
    expect(feed).toContain(kind === "image" ? "<img" : "<video");
  }
  const shown = (await sandbox.effects()).filter(
    (effect) => effect.text === text || effect.details["title"] === text,
  );
  expect(shown.map(({ platform }) => platform).sort()).toEqual([
    "facebook",
    "instagram",
    "linkedin",
    "reddit",
    "threads",
    "tiktok",
    "twitter",
  ]);
  if (kind === "image") {
    const described = shown
      .filter(({ media }) => media[0]?.alt === "A green bell")
      .map(({ platform }) => platform);
    expect(described.sort()).toEqual(["facebook", "instagram", "linkedin", "threads", "twitter"]);
  }
}
