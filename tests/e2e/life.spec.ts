import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { connect, expect, test } from "../support/e2e";

/** The life of a connection as its owner sees it: how it is, what time does to it, and what is said of that. */

// axe reads each page twice.
test.slow();

const ACCOUNTS = "/settings/integrations";
const platform = (page: Page, name: string) => page.getByRole("region", { name, exact: true });
const message = (page: Page, text: string) =>
  page.getByRole("region", { name: "Notifications" }).getByText(text);

/** What grave barriers axe finds on a narrow phone, in light and in darkness. */
async function barriers(page: Page): Promise<string[]> {
  await page.setViewportSize({ width: 360, height: 740 });
  const found: string[] = [];
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
    found.push(
      ...violations
        .filter(({ impact }) => impact === "serious" || impact === "critical")
        .map(({ id, nodes }) => `${colorScheme} ${id}: ${nodes.map(({ html }) => html).join("\n")}`),
    );
  }
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  return overflow > 0 ? [...found, `The page is ${overflow} px too wide.`] : found;
}

test("what is known of an account is there for those who ask, and renewing says what came of it", async ({
  page,
  demo,
  witness,
}) => {
  witness.expects(/status of 409/);
  await demo.connect("twitter");
  await demo.connect("threads");
  await page.goto(ACCOUNTS);
  const x = platform(page, "X");
  await expect(x.getByText("Carillon renews it by itself.")).toBeVisible();
  await expect(x.getByText("offline.access")).toBeHidden();
  await x.getByText("Details").focus();
  await page.keyboard.press("Enter");
  await expect(x.getByRole("definition").filter({ hasText: "offline.access" })).toBeVisible();
  await expect(x.getByText("Not yet since it was connected.")).toBeVisible();

  await x.getByRole("button", { name: "Refresh Ada Bell (@adabell)" }).click();
  await expect(message(page, "Ada Bell (@adabell) is renewed")).toBeVisible();
  await expect(x.getByText("Not yet since it was connected.")).toBeHidden();
  await platform(page, "Threads").getByRole("button", { name: "Refresh Ada Bell (@adabell)" }).click();
  await expect(message(page, "Threads renews a connection only once it is a day old.")).toBeVisible();
  await page
    .getByRole("button", { name: /^Close/ })
    .first()
    .click();
  expect(await barriers(page)).toEqual([]);
});

test("fifty days pass: one account is renewed, one is announced, and the notice leads to the button that helps", async ({
  page,
  demo,
  site,
  sandbox,
}) => {
  await sandbox.settings({ platform: "linkedin", own: { refreshTokens: false } });
  await demo.connect("threads");
  const linkedin = await connect(site, demo.http, "linkedin");
  await page.goto(ACCOUNTS);
  await page.getByRole("group", { name: "Fast-forward" }).getByRole("button", { name: "50 days" }).click();
  const passed = page.getByRole("complementary", { name: "Sandbox" }).getByRole("status");
  await expect(passed).toContainText("50 days later");
  await expect(passed).toContainText("Renewed: Threads, Ada Bell");
  await expect(passed).toContainText("Announced: LinkedIn: Ada Bell will be disconnected in 10 days");
  await expect(platform(page, "LinkedIn").getByText("Expires soon")).toBeVisible();
  await expect(platform(page, "Threads").getByText("Working")).toBeVisible();

  await page.getByRole("link", { name: "Dashboard" }).click();
  await expect(page.getByRole("heading", { name: "Needs your attention" })).toBeVisible();
  // Said once, not in two lists.
  await expect(page.getByRole("heading", { name: "While you were away" })).toBeHidden();
  await page.getByRole("button", { name: "Put away: Ada Bell" }).click();
  await expect(page.getByRole("heading", { name: "Needs your attention" })).toBeHidden();

  await page.goto(`${ACCOUNTS}?reconnect=${linkedin}`);
  const reconnect = platform(page, "LinkedIn").getByRole("button", { name: "Reconnect Ada Bell" });
  await expect(reconnect).toBeFocused();
  expect(await barriers(page)).toEqual([]);
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Allow" }).click();
  await expect(page.getByRole("heading", { name: /onnected$/ })).toBeVisible();
  await page.goto(ACCOUNTS);
  await expect(platform(page, "LinkedIn").getByText("Expires soon")).toBeHidden();
});

test("what one hears of is one's own choice, kept on every device", async ({ page, demo: _ }) => {
  await page.goto("/dashboard");
  await page.getByRole("button", { name: "Your account, Demo Person" }).click();
  await page.getByRole("menuitem", { name: "Settings" }).click();
  const ending = page.getByRole("group", { name: "An account will be disconnected" });
  await expect(ending.getByRole("checkbox", { name: "On the dashboard" })).toBeChecked();
  await ending.getByText("On the dashboard").click();
  await expect(page.getByText("Saved.")).toBeAttached();
  await page.reload();
  await expect(ending.getByRole("checkbox", { name: "On the dashboard" })).not.toBeChecked();
  // No mail server is set here, and the page does not pretend.
  await expect(ending.getByRole("checkbox", { name: "By mail" })).toBeDisabled();
  await expect(page.getByText("This installation sends no mail")).toBeVisible();
  await expect(page.getByText("Europe/Vienna")).toBeVisible();
  expect(await barriers(page)).toEqual([]);
});
