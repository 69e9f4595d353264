import { existsSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "@playwright/test";
import { systemBrowsers } from "@/tests/support/browser";
import { root } from "./paths";
import { runToEnd } from "./processes";

/** Installs a Chromium when there is none: Debian's as root, with fonts for emoji, else Playwright's. Returns whether one is there. */
export async function installBrowser(): Promise<boolean> {
  if (isThere()) return true;
  console.log("Installing Chromium for the browser tests, once …");
  if (process.getuid?.() === 0 && existsSync("/usr/bin/apt-get")) {
    const quiet = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    await runToEnd(["-qq", "update"], quiet, { command: "/usr/bin/apt-get" });
    // Older Debians and Ubuntus do not have the shell by itself.
    for (const browser of ["chromium-headless-shell", "chromium"]) {
      const packages = [browser, "fonts-noto-color-emoji"];
      await runToEnd(["-qq", "-y", "--no-install-recommends", "install", ...packages], quiet, {
        command: "/usr/bin/apt-get",
      });
      if (isThere()) return true;
    }
  }
  await runToEnd([join(root, "node_modules/@playwright/test/cli.js"), "install", "chromium"], process.env);
  return isThere();
}

const isThere = (): boolean => [...systemBrowsers, chromium.executablePath()].some(existsSync);
