import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import type { MediaPage } from "@/lib/media/schema";
import { expect, test } from "../support/e2e";
import { animation, picture, video } from "../support/media";

/** A person's library, as a person uses it. */

const png = (width: number) => picture("png", { width, height: 100 });

test("files come by picker, by paste and by drop, and are there when one comes back", async ({
  page,
  demo,
}) => {
  await page.goto("/media");
  await expect(page.getByRole("heading", { name: "No files yet" })).toBeVisible();

  const choosing = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Upload files" }).click();
  await (await choosing).setFiles([
    { name: "tower.png", mimeType: "image/png", buffer: await png(300) },
    { name: "clip.mp4", mimeType: "video/mp4", buffer: await video({ seconds: 65 }) },
  ]);
  await expect(tile(page, "tower.png")).toContainText("Picture, 300 × 100");
  await expect(tile(page, "clip.mp4")).toContainText("Video, 1:05, 1080 × 1920");

  await bring(page, "paste", { name: "pasted.gif", type: "image/gif", bytes: await animation() });
  await expect(tile(page, "pasted.gif")).toContainText("Animated GIF");
  await bring(page, "drop", { name: "dropped.png", type: "image/png", bytes: await png(301) });
  await expect(tile(page, "dropped.png")).toBeVisible();

  await page.reload();
  // Two went up at once: which of them came first is chance.
  const first = await filesOf(demo.http);
  const names = ["dropped.png", "pasted.gif", ...first.slice(2)];
  await expect(page.getByRole("list", { name: "Files" }).getByRole("listitem")).toHaveText(
    names.map((name) => new RegExp(name)),
  );
  await page.getByRole("radio", { name: "Videos" }).check();
  await expect(page.getByRole("list", { name: "Files" }).getByRole("listitem")).toHaveText([/clip.mp4/]);
  await page.getByRole("radio", { name: "PDFs" }).check();
  await expect(page.getByRole("heading", { name: "None of these" })).toBeVisible();
  expect([...first].sort()).toEqual(["clip.mp4", "dropped.png", "pasted.gif", "tower.png"]);
});

test("one sees how far an upload is, and can stop it", async ({ page, context, demo }) => {
  await page.goto("/media");
  await expect(page.getByRole("button", { name: "Upload files" })).toBeEnabled();
  const line = await context.newCDPSession(page);
  await line.send("Network.emulateNetworkConditions", {
    offline: false,
    latency: 0,
    downloadThroughput: -1,
    uploadThroughput: 100 * 1024,
  });
  await page.locator('input[type="file"]').setInputFiles([
    { name: "long.mp4", mimeType: "video/mp4", buffer: await video({ seconds: 20, bytes: 3_000_000 }) },
    { name: "short.png", mimeType: "image/png", buffer: await png(302) },
  ]);
  const progress = page.getByRole("progressbar", { name: "Upload of long.mp4" });
  const value = () => progress.evaluate((bar) => Number(bar.getAttribute("value")));
  await expect.poll(value).toBeGreaterThan(0);
  expect(await value()).toBeLessThan(1);
  await page.getByRole("button", { name: "Cancel long.mp4" }).click();
  await expect(progress).toBeHidden();
  await expect(tile(page, "short.png")).toBeVisible();
  expect(await filesOf(demo.http)).toEqual(["short.png"]);
});

test("what cannot be taken says why, and what broke off can be tried again", async ({
  page,
  context,
  witness,
  demo,
}) => {
  witness.expects(/status of 415/);
  witness.expects(/ERR_INTERNET_DISCONNECTED/);
  await page.goto("/media");
  await expect(page.getByRole("button", { name: "Upload files" })).toBeEnabled();
  await page.locator('input[type="file"]').setInputFiles([
    { name: "page.html", mimeType: "text/html", buffer: Buffer.from("<h1>Hello</h1>") },
    { name: "lie.png", mimeType: "image/png", buffer: Buffer.from("<h1>Hello</h1>") },
  ]);
  const way = page.getByRole("list", { name: "On the way" });
  await expect(way.getByRole("listitem").filter({ hasText: "page.html" })).toContainText(
    "no files of this kind",
  );
  await expect(way.getByRole("listitem").filter({ hasText: "lie.png" })).toContainText(
    "no picture, video or PDF",
  );
  await expect(way.getByRole("button", { name: /Try again/ })).toHaveCount(0);
  await page.getByRole("button", { name: "Dismiss page.html" }).click();
  await page.getByRole("button", { name: "Dismiss lie.png" }).click();
  await expect(way).toBeHidden();

  await context.setOffline(true);
  await page
    .locator('input[type="file"]')
    .setInputFiles({ name: "lost.png", mimeType: "image/png", buffer: await png(303) });
  await expect(way).toContainText("The upload broke off");
  await context.setOffline(false);
  await page.getByRole("button", { name: "Try again with lost.png" }).click();
  await expect(tile(page, "lost.png")).toBeVisible();
  expect(await filesOf(demo.http)).toEqual(["lost.png"]);
});

test("a file is described, downloaded and deleted, without a mouse", async ({ page, demo }) => {
  await page.goto("/media");
  await expect(page.getByRole("button", { name: "Upload files" })).toBeEnabled();
  const bytes = await png(304);
  await page
    .locator('input[type="file"]')
    .setInputFiles({ name: "bell.png", mimeType: "image/png", buffer: bytes });
  await expect(tile(page, "bell.png")).toContainText("Not described yet");

  await tile(page, "bell.png").focus();
  await page.keyboard.press("Enter");
  const details = page.getByRole("dialog", { name: "bell.png" });
  await expect(details).toContainText("304 × 100");
  await details.getByRole("textbox", { name: "What it shows" }).fill("A green bell");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(page.getByText("The description of bell.png is saved").first()).toBeVisible();
  const saving = page.waitForEvent("download");
  await details.getByRole("link", { name: "Download" }).click();
  expect((await saving).suggestedFilename()).toBe("bell.png");
  await page.keyboard.press("Escape");
  await expect(details).toBeHidden();
  await expect(tile(page, "bell.png")).toBeFocused();
  await expect(tile(page, "bell.png")).not.toContainText("Not described yet");
  await page.reload();
  await expect(page.getByRole("button", { name: "Upload files" })).toBeEnabled();

  await tile(page, "bell.png").focus();
  await page.keyboard.press("Enter");
  await expect(details.getByRole("textbox", { name: "What it shows" })).toHaveValue("A green bell");
  await details.getByRole("button", { name: "Delete…" }).focus();
  await page.keyboard.press("Enter");
  const question = page.getByRole("dialog", { name: "Delete bell.png?" });
  await expect(question).toContainText("This cannot be undone");
  await expect(question.getByRole("button", { name: "Keep it" })).toBeFocused();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "No files yet" })).toBeVisible();
  expect(await filesOf(demo.http)).toEqual([]);
});

test("a library that cannot be loaded says so, and loads when asked again", async ({
  page,
  witness,
  demo: _,
}) => {
  witness.expects(/status of 503/);
  await page.goto("/media");
  await expect(page.getByRole("heading", { name: "No files yet" })).toBeVisible();
  await page.route("**/api/media?*", (route) => route.fulfill({ status: 503, json: {} }));
  await page.getByRole("radio", { name: "Pictures" }).check();
  await expect(page.getByRole("alert").filter({ hasText: "could not be loaded" })).toBeVisible();
  await page.unroute("**/api/media?*");
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("heading", { name: "None of these" })).toBeVisible();
});

test("the library is accessible and fits a phone, empty and full, and so does what opens on it", async ({
  page,
  demo: _,
}) => {
  test.slow();
  await page.goto("/media");
  await expect(page.getByRole("button", { name: "Upload files" })).toBeEnabled();
  await inspect(page, "an empty library");
  await page.locator('input[type="file"]').setInputFiles([
    { name: `${"a very long name ".repeat(6)}.png`, mimeType: "image/png", buffer: await png(305) },
    { name: "clip.mp4", mimeType: "video/mp4", buffer: await video() },
    { name: "page.html", mimeType: "text/html", buffer: Buffer.from("<h1>Hello</h1>") },
  ]);
  await expect(tile(page, "clip.mp4")).toBeVisible();
  await inspect(page, "a library with files, and one refused");
  for (const name of ["a very long name", "clip.mp4"]) {
    await tile(page, name).click();
    await expect(page.getByRole("dialog")).toBeVisible();
    await inspect(page, `the details of ${name}`);
    await page.getByRole("button", { name: "Delete…" }).click();
    await expect(page.getByRole("dialog", { name: /^Delete/ })).toBeVisible();
    await inspect(page, "the question before deleting");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    await expect(page.getByRole("dialog")).toBeHidden();
  }
});

test("a post takes files by picker, by paste and from the library, in the order one wants", async ({
  page,
  demo,
}) => {
  test.slow();
  await demo.connect("threads");
  await page.goto("/compose");
  const editor = page.getByRole("group", { name: "Pictures and video" });
  const chosen = editor.getByRole("listitem");
  await expect(editor.getByRole("button", { name: "Add files" })).toBeEnabled();
  await editor.locator('input[type="file"]').setInputFiles([
    { name: "one.png", mimeType: "image/png", buffer: await png(306) },
    { name: "two.png", mimeType: "image/png", buffer: await png(307) },
  ]);
  // In the order of choosing, whichever arrived first.
  await expect(chosen).toHaveText([/one.png/, /two.png/]);

  await page.getByRole("textbox", { name: "Post text" }).focus();
  await bring(page, "paste", { name: "three.png", type: "image/png", bytes: await png(308) });
  await expect(chosen).toHaveText([/one.png/, /two.png/, /three.png/]);

  await editor.getByRole("button", { name: "Move three.png earlier" }).focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  await expect(chosen).toHaveText([/three.png/, /one.png/, /two.png/]);
  await expect(editor.getByRole("button", { name: "Move three.png later" })).toBeFocused();
  await editor.getByRole("textbox", { name: /What it shows.*three.png/ }).fill("A third bell");

  await editor.getByRole("button", { name: "Remove one.png" }).click();
  await expect(chosen).toHaveText([/three.png/, /two.png/]);
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(chosen).toHaveText([/three.png/, /one.png/, /two.png/]);
  await editor.getByRole("button", { name: "Remove two.png" }).click();

  await editor.getByRole("button", { name: "From the library" }).click();
  const dialog = page.getByRole("dialog", { name: "Choose from your library" });
  await expect(dialog.getByRole("checkbox", { name: /three.png/ })).toBeDisabled();
  await dialog.getByRole("checkbox", { name: /two.png/ }).check();
  await inspect(page, "choosing from the library");
  // Not meant for the post behind it.
  await page.keyboard.press("Control+Enter");
  await expect(dialog).toBeVisible();
  await dialog.getByRole("button", { name: "Add 1 file" }).click();
  await expect(chosen).toHaveText([/three.png/, /one.png/, /two.png/]);
  await inspect(page, "a post with files");

  await page.reload();
  await expect(chosen).toHaveText([/three.png/, /one.png/, /two.png/]);
  await expect(editor.getByRole("textbox", { name: /What it shows.*three.png/ })).toHaveValue("A third bell");
});

const tile = (page: Page, name: string) =>
  page.getByRole("list", { name: "Files" }).getByRole("button", { name: new RegExp(name) });

async function filesOf(person: { fetch(path: string): Promise<Response> }): Promise<string[]> {
  const response = await person.fetch("/api/media");
  // safe: this route's own answer
  return ((await response.json()) as MediaPage).media.map(({ filename }) => filename);
}

/** A file from another program, to where the focus is. */
async function bring(
  page: Page,
  way: "paste" | "drop",
  { name, type, bytes }: { name: string; type: string; bytes: Buffer },
): Promise<void> {
  await page.evaluate(
    ({ way, name, type, base64 }) => {
      const transfer = new DataTransfer();
      const content = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      transfer.items.add(new File([content], name, { type }));
      const common = { bubbles: true, cancelable: true };
      const events =
        way === "paste"
          ? [new ClipboardEvent("paste", { ...common, clipboardData: transfer })]
          : ["dragover", "drop"].map((kind) => new DragEvent(kind, { ...common, dataTransfer: transfer }));
      const target = document.activeElement ?? document.body;
      for (const event of events) target.dispatchEvent(event);
    },
    { way, name, type, base64: bytes.toString("base64") },
  );
}

/** Looks at what is on the screen, on a desk and on a phone, in light and in darkness. */
async function inspect(page: Page, what: string): Promise<void> {
  for (const size of [
    { width: 1280, height: 800 },
    { width: 360, height: 740 },
  ]) {
    await page.setViewportSize(size);
    for (const colorScheme of ["dark", "light"] as const) {
      await page.emulateMedia({ colorScheme });
      const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
      const found = violations
        .filter(({ impact }) => impact === "serious" || impact === "critical")
        .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join("\n")}`);
      const overhang = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect({ found, overhang }, `${what}, ${colorScheme}, at ${size.width} px`).toEqual({
        found: [],
        overhang: 0,
      });
    }
  }
}
