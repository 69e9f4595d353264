import { existsSync } from "node:fs";

/** How to start Chromium here: the system's own when it is there, without its sandbox as root, and silent towards the world. */
export function chromiumOptions(): { executablePath?: string; args: string[] } {
  const system = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find(existsSync);
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
