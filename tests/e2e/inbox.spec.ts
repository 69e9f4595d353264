import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { waitUntil } from "@/scripts/wait";
import { expect, test } from "../support/e2e";
import { answer, BUSINESS, bubble, heard, listen, open, reply, row, write } from "../support/inbox-walk";

/** A customer writes on their phone; a person, or the assistant, answers from here; the customer reads it there. */

// Each walk goes to the customer's phone and back several times.
test.slow();

test("a message comes in without a reload, is answered once, and is seen on the customer's phone", async ({
  page,
  demo,
  sandbox,
}) => {
  await listen(demo);
  await open(page, "/inbox");
  const phone = page.getByRole("link", { name: "Write as a customer" }).filter({ visible: true });
  await expect(phone).toHaveAttribute("href", `${sandbox.url}/_sandbox/phone`);

  await write(sandbox, "jane.harper", "Do you ring on Sundays?");
  await expect(row(page, "Do you ring on Sundays?")).toContainText("1 unread");
  await expect(page.getByRole("navigation", { name: "Main" })).toContainText("1 unread");
  await expect(page).toHaveTitle(/^\(1\) /);

  await row(page, "Do you ring on Sundays?").click();
  const log = page.getByRole("log");
  await expect(log).toContainText("Do you ring on Sundays?");
  await expect(page.getByText(/^You can answer until/)).toContainText("left");
  await expect(page, "what is looked at is read").toHaveTitle(/^Inbox/);

  await test.step("half an answer outlives a reload", async () => {
    await reply(page).fill("Yes, at ten");
    await page.reload();
    await expect(reply(page)).toHaveValue("Yes, at ten");
  });

  await test.step("two presses are one answer", async () => {
    await page.getByRole("button", { name: "Send", exact: true }).evaluate((button: HTMLButtonElement) => {
      button.click();
      button.click();
    });
    await expect(bubble(page, "Yes, at ten")).toContainText("Sent");
    await expect(reply(page)).toHaveValue("");
    await answer(page, "And at noon");
    await expect(bubble(page, "And at noon")).toContainText("Sent");
    expect(await heard(sandbox, "jane.harper")).toEqual(["Yes, at ten", "And at noon"]);
  });

  await test.step("who looks at the phone has seen it", async () => {
    const other = await page.context().newPage();
    await other.goto(`${sandbox.url}/_sandbox/phone/${BUSINESS}/jane.harper`);
    await expect(other.getByRole("log")).toContainText("And at noon");
    await sandbox.message({ account: BUSINESS, from: "jane.harper", kind: "seen" });
    await other.close();
    await expect(bubble(page, "And at noon")).toContainText("Seen");
  });
});

test("an answer that was refused says why, and goes out once it can", async ({ page, demo, sandbox }) => {
  await listen(demo);
  await write(sandbox, "tomasz_w", "Is the tower open?");
  await open(page, "/inbox");
  await row(page, "Is the tower open?").click();

  await sandbox.settings({ platform: "instagram", own: { sendError: "outside_window" } });
  await answer(page, "Until five");
  const refused = bubble(page, "Until five");
  await expect(refused).toContainText("Not sent");
  await sandbox.settings({ platform: "instagram", own: { sendError: "" } });
  await refused.getByRole("button", { name: "Try again" }).click();
  await expect(refused).toContainText(/Sent$/);
  expect(await heard(sandbox, "tomasz_w")).toEqual(["Until five"]);

  await page.goto("/activity?kind=replies");
  const trail = page.getByRole("main").getByRole("listitem");
  await expect(trail.filter({ hasText: "was not sent" })).toHaveCount(1);
  await trail
    .filter({ hasText: "Wrote to a customer of Ada Bell Bells (@adabell) on Instagram" })
    .getByRole("link", { name: "Open the conversation" })
    .click();
  await expect(bubble(page, "Until five")).toBeVisible();
});

test("the assistant learns, is tried, answers by itself, says why, and gives way to a person", async ({
  page,
  demo,
  sandbox,
}) => {
  await listen(demo);
  await page.goto("/inbox/assistant");
  await expect(page.getByText("your own answers are used word for word")).toBeVisible();
  await page.getByRole("radio", { name: /^Answers by itself/ }).check();
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.getByRole("region", { name: "Notifications" })).toContainText("Saved for");

  await page.getByRole("button", { name: "Add an answer" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("textbox", { name: "The question" }).fill("When are you open?");
  await dialog.getByRole("textbox", { name: "The answer" }).fill("From nine to five, except on Mondays.");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("region", { name: "What it knows" })).toContainText("When are you open?");

  await page.getByRole("textbox", { name: "What a customer might ask" }).fill("when do you open?");
  await page.getByRole("button", { name: "Try it" }).click();
  await expect(page.getByText("It would say")).toBeVisible();
  expect(await heard(sandbox, "lena.krueger"), "a try is told to nobody").toEqual([]);

  await write(sandbox, "lena.krueger", "Hello, when are you open?");
  const said = await waitUntil(
    async () =>
      (await heard(sandbox, "lena.krueger")).find((text) => text?.includes("From nine to five")) ?? null,
    { withinMs: 40_000, otherwise: "The assistant did not answer." },
  );
  expect(said).toContain("except on Mondays");

  await open(page, "/inbox");
  await row(page, "Assistant:").click();
  const fromIt = bubble(page, "From nine to five");
  await expect(fromIt).toContainText("Assistant");
  await fromIt.getByRole("button", { name: "Why this answer" }).click();
  await expect(page.getByRole("dialog", { name: "Why this answer" })).toContainText("When are you open?");
  await page.keyboard.press("Escape");

  await answer(page, "And on Mondays for you!");
  await expect(page.getByText(/^The assistant keeps still until/)).toBeVisible();
  await page.getByRole("button", { name: "Let it go on now" }).click();
  await expect(page.getByText(/^The assistant keeps still until/)).toBeHidden();
});

test("the whole inbox works by keyboard, and no key is heard while typing", async ({
  page,
  demo,
  sandbox,
}) => {
  await listen(demo);
  await write(sandbox, "jane.harper", "The first of the two");
  await sandbox.delivered();
  await write(sandbox, "amara.o", "The second of the two");
  await open(page, "/inbox");
  await expect(row(page, "The second of the two")).toBeVisible();
  await expect(row(page, "The first of the two")).toBeVisible();

  await page.keyboard.press("j");
  await expect(row(page, "The second of the two")).toBeFocused();
  await page.keyboard.press("j");
  await expect(row(page, "The first of the two")).toBeFocused();
  await page.keyboard.press("k");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("log")).toContainText("The second of the two");

  await page.keyboard.press("r");
  await expect(reply(page)).toBeFocused();
  await page.keyboard.type("j, k, e and u are letters here");
  await expect(reply(page)).toHaveValue("j, k, e and u are letters here");
  await page.keyboard.press("Control+Enter");
  await expect(bubble(page, "are letters here")).toContainText("Sent");
  await page.keyboard.press("Escape");
  await expect(reply(page)).not.toBeFocused();
  await page.keyboard.press("Escape");
  await expect(page).toHaveURL(/\/inbox$/);

  await page.keyboard.press("u");
  await expect(page).toHaveURL(/filter=unread/);
  await expect(row(page, "The first of the two")).toBeVisible();
  await expect(row(page, "are letters here")).toBeHidden();
  await page.keyboard.press("u");
  await expect(page).toHaveURL(/\/inbox$/);

  await page.keyboard.press("/");
  await page.keyboard.type("first of");
  await expect(page).toHaveURL(/q=first\+of/);
  await expect(row(page, "are letters here")).toBeHidden();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  await expect(row(page, "are letters here")).toBeVisible();

  await page.keyboard.press("j");
  await page.keyboard.press("e");
  const notices = page.getByRole("region", { name: "Notifications" });
  await expect(notices).toContainText("is archived");
  await expect(page.getByRole("list", { name: "Conversations" }).getByRole("link")).toHaveCount(1);
  await notices.getByRole("button", { name: "Undo" }).click();
  await expect(page.getByRole("list", { name: "Conversations" }).getByRole("link")).toHaveCount(2);

  await page.getByRole("heading", { name: "Inbox", exact: true }).click();
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Keyboard shortcuts" })).toContainText("Next conversation");
});

test("the inbox is accessible on a desk and on a phone, in light and in darkness", async ({
  page,
  demo,
  sandbox,
}) => {
  await open(page, "/inbox");
  await expect(page.getByRole("heading", { name: "No Instagram account is connected" })).toBeVisible();
  await inspect(page, "an inbox that nothing can come into");

  await listen(demo);
  await write(sandbox, "yuki.in.kyoto", "A picture of the bells, please");
  await sandbox.message({ account: BUSINESS, from: "yuki.in.kyoto", kind: "view_once" });
  await sandbox.comment({ account: BUSINESS, from: "jane.harper", text: "How much for the small one?" });
  await sandbox.delivered();
  await open(page, "/inbox");
  await expect(row(page, "How much for the small one?")).toBeVisible();
  await inspect(page, "conversations");
  await row(page, "How much for the small one?").click();
  await expect(page.getByRole("radio", { name: /^Below the comment/ })).toBeChecked();
  await inspect(page, "a comment");
  for (const path of ["/inbox/assistant", "/inbox/log"]) {
    await page.goto(path);
    await expect(page.getByRole("button", { disabled: true })).toHaveCount(path.endsWith("log") ? 0 : 2);
    await inspect(page, path);
  }
});

const WIDTHS = [
  { width: 1440, height: 900, colorScheme: "light" as const },
  { width: 360, height: 740, colorScheme: "dark" as const },
];

async function inspect(page: Page, what: string): Promise<void> {
  for (const { colorScheme, ...size } of WIDTHS) {
    await page.setViewportSize(size);
    await page.emulateMedia({ colorScheme });
    const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
    const found = violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join("\n")}`);
    const overhang = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect({ found, overhang }, `${what} at ${size.width} px, ${colorScheme}`).toEqual({
      found: [],
      overhang: 0,
    });
  }
}
