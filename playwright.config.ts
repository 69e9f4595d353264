import { defineConfig } from "@playwright/test";
import { chromiumOptions } from "./tests/support/browser";

export default defineConfig({
  testDir: "tests/e2e",
  globalSetup: "./tests/support/e2e-setup.ts",
  // One more than there are cores: each runs an app of its own, and waits for it now and then.
  workers: 3,
  fullyParallel: true,
  forbidOnly: Boolean(process.env["CI"]),
  timeout: 120_000,
  expect: { timeout: 30_000 },
  reporter: process.env["CI"] ? "dot" : "list",
  projects: [
    { name: "walks", testIgnore: "leak.spec.ts" },
    // Looks through what all the others have left.
    { name: "sweep", testMatch: "leak.spec.ts", dependencies: ["walks"] },
  ],
  use: {
    browserName: "chromium",
    launchOptions: chromiumOptions(),
    viewport: { width: 1280, height: 800 },
    timezoneId: "Europe/Vienna",
    locale: "en-GB",
    // Recording takes time, and where nobody can look at it, it helps nobody.
    trace: process.env["CI"] ? "off" : "retain-on-failure",
    screenshot: "only-on-failure",
  },
});
