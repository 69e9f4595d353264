import type { BrowserContext } from "@playwright/test";

/** Watches a browser through a whole test for what must never happen in it. */
export type Witness = {
  /** A complaint of the console that this test brings about on purpose. */
  expects(complaint: RegExp): void;
  /** What happened that must not. */
  findings(): string[];
};

/** Pages may come from these origins only, and from nowhere else may anything be loaded. */
export async function watch(context: BrowserContext, origins: string[]): Promise<Witness> {
  const expected: RegExp[] = [];
  const complaints: string[] = [];
  const strangers = new Set<string>();

  context.on("request", (request) => {
    const url = new URL(request.url());
    if (/^(https?|wss?):$/.test(url.protocol) && !origins.includes(url.origin)) strangers.add(url.href);
  });
  context.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning")
      complaints.push(`${message.type()} on ${message.page()?.url()}: ${message.text()}`);
  });
  context.on("weberror", (error) => complaints.push(`uncaught: ${error.error().message}`));
  // The console says most of it, but not what a style attribute in the markup did.
  await context.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) =>
      console.error(
        `Security policy: ${event.violatedDirective} refused ${event.blockedURI} ${event.sample}`,
      ),
    );
  });

  return {
    expects: (complaint) => void expected.push(complaint),
    findings: () => [
      ...[...strangers].map((url) => `asked a stranger: ${url}`),
      ...complaints.filter((complaint) => !expected.some((pattern) => pattern.test(complaint))),
    ],
  };
}
