import { expect, test } from "../support/e2e";
import type { Exchange } from "../support/wire";

/** What every answer carries to keep strangers out, and what the browser keeps to itself. */

const PAGES = [
  "/sign-in",
  "/sign-up",
  "/forgot-password",
  "/reset-password",
  "/dashboard",
  "/compose",
  "/posts",
  "/settings/integrations",
  "/oauth/callback/success",
  "/oauth/callback/error",
  "/nowhere/at/all",
];

const header = ({ headers }: Exchange, name: string): string[] =>
  headers.filter((_, index) => index % 2 === 1 && headers[index - 1]?.toLowerCase() === name);

test("every page has a policy with a nonce of its own, and no script or style without it", async ({
  page,
  demo: _,
  site,
  witness,
}) => {
  witness.expects(/status of 404/);
  const nonces: string[] = [];
  for (const path of [...PAGES, ...PAGES]) {
    site.wire.take();
    await page.goto(path);
    const pages = site.wire.exchanges().filter(({ body }) => body.startsWith("<!DOCTYPE html>"));
    expect(pages, path).not.toEqual([]);
    for (const answer of pages) {
      const [policy = "none"] = header(answer, "content-security-policy");
      const nonce = /script-src 'nonce-([^']{20,})'/.exec(policy)?.[1] ?? "none";
      expect(policy, path).toContain(`style-src 'self' 'nonce-${nonce}'`);
      expect(policy, path).not.toMatch(/unsafe-(inline|eval)/);
      expect(policy, path).toContain("frame-ancestors 'none'");
      expect(policy, path).toContain("base-uri 'none'");
      expect(header(answer, "x-content-type-options"), path).toEqual(["nosniff"]);
      nonces.push(nonce);
      const inline = answer.body.match(/<(script|style)\b[^>]*>/g) ?? [];
      expect(
        inline.filter((tag) => !tag.includes(`nonce="${nonce}"`)),
        path,
      ).toEqual([]);
      expect(answer.body.match(/<[^>]* (style|on\w+)="/g) ?? [], path).toEqual([]);
    }
  }
  expect(new Set(nonces).size).toBe(nonces.length);
});

test("the way back from a platform is told to nobody", async ({ page, demo: _, site }) => {
  await page.goto("/settings/integrations");
  await page.getByRole("button", { name: "Connect Threads", exact: true }).click();
  site.wire.take();
  await page.getByRole("button", { name: "Allow" }).click();
  await expect(page.getByRole("heading", { name: "Connected" })).toBeVisible();
  const callbacks = site.wire
    .exchanges()
    .filter(({ path }) => path.startsWith("/api/oauth/threads/callback?"));
  expect(
    callbacks.map((answer) => ({ status: answer.status, policy: header(answer, "referrer-policy") })),
  ).toEqual([{ status: 303, policy: ["no-referrer"] }]);
  expect(page.url()).not.toContain("code=");
  expect(page.url()).not.toContain("state=");

  await page.getByRole("link", { name: "Write a post" }).click();
  await expect(page.getByRole("heading", { name: "Compose" })).toBeVisible();
  for (const { path, asked } of site.wire.exchanges()) {
    expect(asked.referer ?? "", path).not.toMatch(/code=|state=|\/oauth\//);
  }
});

test("no script can read a cookie, and no other site can send one along", async ({ page, context }) => {
  await page.goto("/sign-in");
  await page.getByRole("button", { name: "Continue as the demo person" }).click();
  await page.getByRole("link", { name: "Accounts" }).click();
  await page.getByRole("button", { name: "Connect Threads", exact: true }).click();
  await page.getByRole("button", { name: "Allow" }).click();
  await expect(page.getByRole("heading", { name: "Connected" })).toBeVisible();
  const cookies = await context.cookies();
  expect(cookies.map(({ name }) => name)).toContain("__Host-carillon-oauth");
  expect(cookies.length).toBeGreaterThan(1);
  for (const { name, httpOnly, sameSite, path } of cookies) {
    expect({ name, httpOnly, sameSite, path }).toEqual({ name, httpOnly: true, sameSite: "Lax", path: "/" });
  }
  expect(await page.evaluate(() => document.cookie)).toBe("");
});

test("a signed-out person is sent to sign in, and back to no other site", async ({ page }) => {
  for (const path of ["/dashboard", "/compose", "/posts", "/settings/integrations"]) {
    await page.goto(path);
    await expect(page).toHaveURL(`/sign-in?returnTo=${encodeURIComponent(path)}`);
  }
  await page.goto("/sign-in?returnTo=https%3A%2F%2Fevil.example%2F");
  await page.getByRole("button", { name: "Continue as the demo person" }).click();
  await expect(page).toHaveURL("/dashboard");
});

test("what a person writes is shown as words, never as markup", async ({ page, demo }) => {
  await demo.connect("threads");
  const text = `<img src=x onerror="document.title='owned'"> <script>document.title='owned'</script>`;
  await page.goto("/compose");
  await page.getByRole("textbox", { name: "Post text" }).fill(text);
  await page.getByRole("button", { name: "Publish" }).click();
  await page.getByRole("link", { name: "Open this post" }).click();
  await expect(page.getByLabel("What was written")).toHaveText(text);
  await page.goto("/posts");
  await expect(page.getByRole("link", { name: text })).toBeVisible();
  await expect(page).not.toHaveTitle("owned");
});
