import { existsSync } from "node:fs";

/** The shell draws no windows, which leaves the processor to the tests; the browser itself will do. */
export const systemBrowsers = [
  "/usr/bin/chromium-headless-shell",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
];

/** How to start Chromium here: the system's own when it is there, without its sandbox as root, and silent towards the world. */
export function chromiumOptions(): { executablePath?: string; args: string[] } {
  const system = systemBrowsers.find(existsSync);
  return {
    ...(system ? { executablePath: system } : {}),
    args: [
      ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  };
}
