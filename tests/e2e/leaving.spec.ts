import { connect, enter, expect, test } from "../support/e2e";
import { signUp } from "../support/people";

/** Leaving: an account, at the platform's own settings, and for good. */

test("removed at Threads, the account says so here; asked to delete the data, it is gone, and the code tells", async ({
  page,
  demo,
  sandbox,
  witness,
}) => {
  // A code that nobody was given.
  witness.expects(/status of 404/);
  await demo.connect("threads");
  await page.goto(`${sandbox.url}/apps`);
  await page.getByRole("button", { name: "Remove Carillon" }).click();
  await expect(page.getByText("threads, removed: 200")).toBeVisible();

  await page.goto("/dashboard");
  await expect(page.getByRole("heading", { name: "Needs your attention" })).toBeVisible();
  await page.goto("/activity");
  await expect(page.getByText(/Threads told us that Carillon was removed there/)).toBeVisible();
  await page.getByLabel("What").selectOption({ label: "Told by platforms" });
  await expect(page).toHaveURL(/kind=platform/);
  await expect(page.getByText(/^Connected Ada Bell/)).toBeHidden();
  await expect(page.getByText(/Threads told us/)).toBeVisible();

  await page.goto(`${sandbox.url}/apps`);
  await page.getByRole("button", { name: "Ask Carillon to delete the data" }).click();
  await page.getByRole("link", { name: "See what becomes of it" }).click();
  await expect(page.getByRole("heading", { name: "Your data is deleted" })).toBeVisible();
  await page.goto("/deletion?id=made-up");
  await expect(page.getByRole("heading", { name: "No deletion has this code" })).toBeVisible();
});

test("disconnecting says what is left to do at the platform, before and after", async ({ page, demo }) => {
  await demo.connect("threads");
  await page.goto("/settings/integrations");
  await page.getByRole("button", { name: "Disconnect Ada Bell (@adabell)" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("Website permissions");
  await dialog.getByRole("button", { name: "Disconnect" }).click();
  await expect(page.getByRole("region", { name: "Notifications" })).toContainText("Website permissions");
});

test("who leaves for good takes everything along, and is asked twice", async ({ page, context, site }) => {
  const eva = await signUp(site.url, { name: "Eva Gong" });
  await connect(site, eva, "twitter");
  await enter(context, site.url, eva);
  await page.goto("/settings");
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "Export your data" }).click();
  expect((await download).suggestedFilename()).toMatch(/^carillon-[\d-]+\.json$/);

  await page.getByRole("button", { name: "Delete your account" }).click();
  const dialog = page.getByRole("dialog", { name: "Delete your Carillon account?" });
  const press = dialog.getByRole("button", { name: "Delete everything" });
  await expect(press).toBeDisabled();
  await dialog.getByLabel(`Type ${eva.email} to confirm`).fill(eva.email);
  await dialog.getByLabel("Your password").fill(eva.password);
  await press.click();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  expect(await site.sandbox.requests({ platform: "twitter", operation: "revoke" })).toHaveLength(2);
  await page.goto("/dashboard");
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
});
