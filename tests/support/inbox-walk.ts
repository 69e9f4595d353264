import type { Page } from "@playwright/test";
import type { InboxAccountsAnswer } from "@/lib/inbox/schema";
import { waitUntil } from "@/scripts/wait";
import { type Demo, expect } from "./e2e";
import type { RunningSandbox } from "./sandbox";

/** Walks through the inbox: a business that listens, customers on their phones, and where things are on the screen. */

export const BUSINESS = "adabell";
const MESSAGES_ON = 30_000;

/** Connects the business and waits until its messages are on. */
export async function listen(demo: Demo): Promise<void> {
  await demo.connect("instagram", { person: BUSINESS });
  await waitUntil(
    async () => {
      const answer = await demo.http.fetch("/api/inbox/accounts");
      // safe: this route's own answer
      const { accounts } = (await answer.json()) as InboxAccountsAnswer;
      return accounts[0]?.subscription === "on" ? true : null;
    },
    { withinMs: MESSAGES_ON, otherwise: "The account's messages were not turned on." },
  );
}

/** Opens a page and waits until it hears what is pressed. */
export async function open(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await expect(page.getByRole("button", { name: "Keyboard shortcuts" })).toBeEnabled();
}

/** The last message of these words, once it is in the conversation. */
export const bubble = (page: Page, text: string) =>
  page.getByRole("article").filter({ hasText: text }).last();

export const write = (sandbox: RunningSandbox, from: string, text: string) =>
  sandbox.message({ account: BUSINESS, from, text });

/** What the business said, as the customer's phone has it. */
export const heard = async (sandbox: RunningSandbox, by: string): Promise<(string | null)[]> =>
  (await sandbox.thread(BUSINESS, by)).messages
    .filter((message) => message.by === "api")
    .map(({ text }) => text);

export const row = (page: Page, text: string) =>
  page.getByRole("list", { name: "Conversations" }).getByRole("link").filter({ hasText: text });

export const reply = (page: Page) => page.getByRole("textbox", { name: /^Reply to/ });

/** Writes an answer and sends it by keyboard. */
export async function answer(page: Page, text: string): Promise<void> {
  await reply(page).fill(text);
  await reply(page).press("Control+Enter");
}
