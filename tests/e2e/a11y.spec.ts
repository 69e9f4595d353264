import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { type Demo, expect, test } from "../support/e2e";
import type { RunningSandbox } from "../support/sandbox";

/** Everyone can use it: with a screen reader, without a mouse, on a narrow phone, in light and in darkness. */

const OUTSIDE = ["/sign-in", "/sign-up", "/forgot-password", "/reset-password?token=any", "/nowhere/at/all"];
const NEW = ["/dashboard", "/compose", "/posts", "/media", "/activity", "/settings/integrations"];

/** Colours come from the same few names everywhere: a scheme need not be read at both widths. */
const SIGHTS = [
  { width: 1440, height: 900, colorScheme: "light" as const },
  { width: 360, height: 740, colorScheme: "dark" as const },
];

// axe reads every page twice.
test.slow();

/** Two platforms, one of them with too few permissions, one account dead, a post that went well and one that did not. */
async function settleIn(demo: Demo, sandbox: RunningSandbox): Promise<{ postId: string; pages: string[] }> {
  const threads = await demo.connect("threads");
  const limited = await demo.connect("threads", {
    person: "campanile",
    scopes: ["threads_basic"],
  });
  const x = await demo.connect("twitter");
  const post = async (text: string, replies: { text: string }[] = []) => {
    const answer = await demo.http.send("POST", "/api/post", {
      content: { text, link: "https://example.com/a", replies },
      targets: [{ connectionId: threads }, { connectionId: x }],
    });
    // safe: this route's own answer
    return ((await answer.json()) as { id: string }).id;
  };
  await post("All went well with this one");
  await sandbox.expire({ platform: "twitter", kind: "grant" });
  const postId = await post("x".repeat(200), [{ text: "And a follow-up" }]);
  return {
    postId,
    pages: [
      ...NEW,
      `/posts/${postId}`,
      "/posts?state=uncertain",
      `/oauth/callback/success?platform=threads&connection=${threads},${limited}&returnTo=%2Fcompose`,
      "/oauth/callback/error?platform=threads&error=denied",
      "/posts/00000000-0000-7000-8000-000000000000",
    ],
  };
}

/** What grave barriers axe finds. */
async function barriers(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join("\n")}`);
}

/** How many pixels the page is wider than its window. */
const overhang = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

/** Looks at what is on the screen, on a desk and on a phone, in light and in darkness. */
async function inspect(page: Page, what: string): Promise<void> {
  for (const { colorScheme, ...size } of SIGHTS) {
    await page.setViewportSize(size);
    await page.emulateMedia({ colorScheme });
    const seen = { found: await barriers(page), overhang: await overhang(page) };
    expect(seen, `${what} at ${size.width} px, ${colorScheme}`).toEqual({ found: [], overhang: 0 });
  }
}

async function visit(page: Page, path: string): Promise<void> {
  await page.goto(path);
  // Buttons are off until the page is awake, and nobody is asked to read what is off.
  await expect(page.getByRole("button", { disabled: true })).toHaveCount(0);
  await inspect(page, path);
}

test("every page from outside is accessible, and fits a phone", async ({ page, witness }) => {
  witness.expects(/status of 404/);
  for (const path of OUTSIDE) await visit(page, path);
});

test("every page of someone new is accessible, and fits a phone", async ({ page, demo: _ }) => {
  for (const path of NEW) await visit(page, path);
});

test("every page of someone settled is accessible, and fits a phone", async ({
  page,
  demo,
  sandbox,
  witness,
}) => {
  witness.expects(/status of 404/);
  const { pages } = await settleIn(demo, sandbox);
  for (const path of pages) await visit(page, path);
});

test("what opens on top of a page is accessible, and fits a phone", async ({ page, demo, sandbox }) => {
  const { postId } = await settleIn(demo, sandbox);
  await page.goto("/settings/integrations");
  await page
    .getByRole("button", { name: /^Disconnect Ada Bell/ })
    .first()
    .click();
  await expect(page.getByRole("dialog")).toBeVisible();
  await inspect(page, "the question before disconnecting");
  await page.keyboard.press("Escape");
  await page
    .getByRole("button", { name: /^Test now.*Ada Bell/ })
    .last()
    .click();
  await expect(
    page.getByRole("region", { name: "Notifications" }).getByText(/: Reconnect needed$/),
  ).toBeVisible();
  await page.getByRole("button", { name: "Your account, Demo Person" }).click();
  await expect(page.getByRole("menu")).toBeVisible();
  await inspect(page, "the menu, and a message");

  await page.goto(`/posts/${postId}`);
  await page.getByText(/steps/).first().click();
  await page.getByRole("button", { name: "Delete this post" }).click();
  await expect(page.getByRole("dialog")).toBeVisible();
  await inspect(page, "the question before deleting, and a story");

  await page.goto("/compose");
  await page.getByRole("button", { name: "Select all" }).click();
  await page.getByRole("textbox", { name: "Post text" }).fill("ö".repeat(600));
  await page.getByRole("button", { name: "Add a follow-up", exact: true }).click();
  await page.getByText("Options on X").click();
  await page.getByRole("button", { name: "Publish" }).click();
  await inspect(page, "a post with much to be put right");
});

test("the theme that was chosen stays", async ({ page, demo: _ }) => {
  await page.goto("/dashboard");
  const paper = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await paper();
  await page.getByRole("button", { name: "Your account, Demo Person" }).click();
  await page.getByRole("menuitemradio", { name: "Dark" }).click();
  await expect.poll(paper).not.toBe(light);
  await page.reload();
  await expect.poll(paper).not.toBe(light);
});

test("a whole day's work needs no mouse, and one always sees where one is", async ({
  page,
  context,
  demo,
  sandbox,
}) => {
  await demo.connect("threads");
  await demo.connect("twitter");
  await context.clearCookies();
  await page.goto("/sign-in");
  await tabTo(page, "Continue as the demo person");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Hello, Demo Person" })).toBeVisible();

  await test.step("the first stop leads past the navigation", async () => {
    await page.reload();
    await page.keyboard.press("Tab");
    const skip = page.getByRole("link", { name: "Skip to the content" });
    await expect(skip).toBeFocused();
    await expect(skip).toBeInViewport();
    await page.keyboard.press("Enter");
    await expect(page.getByRole("main")).toBeFocused();
  });

  await test.step("single keys lead to the places", async () => {
    await page.keyboard.press("?");
    const list = page.getByRole("dialog", { name: "Keyboard shortcuts" });
    await expect(list).toContainText("Go to your posts");
    await page.keyboard.press("Escape");
    await expect(list).toBeHidden();
    await page.keyboard.press("g");
    await page.keyboard.press("s");
    await expect(page.getByRole("heading", { name: "Accounts" })).toBeVisible();
    await page.keyboard.press("g");
    await page.keyboard.press("p");
    await expect(page.getByRole("heading", { name: "Posts", exact: true })).toBeVisible();
    await page.keyboard.press("c");
    await expect(page.getByRole("heading", { name: "Compose" })).toBeVisible();
  });

  await test.step("a post is written and sent", async () => {
    await tabTo(page, "Select all");
    await page.keyboard.press("Enter");
    await tabTo(page, "Post text");
    await page.keyboard.type("g is a letter here, and so is ?");
    await expect(page.getByRole("dialog")).toBeHidden();
    await tabTo(page, "Publish");
    await page.keyboard.press("Enter");
    await expect(page.getByRole("heading", { name: "Published on all 2 accounts" })).toBeFocused();
    expect(await sandbox.effects()).toHaveLength(2);
  });

  await test.step("and deleted, from a dialog that keeps the focus and gives it back", async () => {
    await tabTo(page, "Open this post");
    await page.keyboard.press("Enter");
    await expect(page.getByRole("heading", { name: "Post", exact: true })).toBeVisible();
    await tabTo(page, "Delete this post");
    await page.keyboard.press("Enter");
    await expect(page.getByRole("button", { name: "Keep it" })).toBeFocused();
    await page.keyboard.press("Escape");
    await expect(page.getByRole("button", { name: "Delete this post" })).toBeFocused();
    await page.keyboard.press("Enter");
    await tabTo(page, "Delete");
    await page.keyboard.press("Enter");
    await expect(page.getByRole("heading", { name: "deleted since" })).toBeVisible();
  });
});

/** Presses Tab until the thing of this name has the focus. @throws when it is not reached, or when some stop shows nothing of its focus */
async function tabTo(page: Page, name: string): Promise<void> {
  const there = page.getByRole("main").getByLabel(name, { exact: true });
  const wanted = page
    .getByRole("button", { name, exact: true })
    .or(page.getByRole("link", { name, exact: true }))
    .or(there)
    .first();
  await expect(wanted).toBeVisible();
  for (let stops = 0; stops < 40; stops += 1) {
    await page.keyboard.press("Tab");
    expect(await page.evaluate(focusShows), `focus on the way to ${name}`).toBe("visible");
    if (await wanted.evaluate((element) => element === document.activeElement)) return;
  }
  throw new Error(`${name} cannot be reached by keyboard.`);
}

/** Runs in the page: whether the focused element, or what frames it, has an outline. */
function focusShows(): string {
  for (let at = document.activeElement; at && at !== document.body; at = at.parentElement) {
    const { outlineStyle, outlineWidth } = getComputedStyle(at);
    if (outlineStyle !== "none" && Number.parseFloat(outlineWidth) >= 2) return "visible";
    if (at.matches("main")) break;
  }
  const at = document.activeElement;
  return at === document.body ? "visible" : `no outline: ${at?.outerHTML.slice(0, 200)}`;
}
