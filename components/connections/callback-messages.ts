import type { CallbackError } from "@/lib/connections/schema";

/** Why a connection did not come about, and what to do now. The address bar chooses among these sentences and adds none. */
export type CallbackMessage = { title: string; body: string; next: "again" | "sign_in" | "accounts" };

/** @param platform the platform's own name, such as "Threads" */
export function callbackMessage(code: string | undefined, platform: string): CallbackMessage {
  const words = isKnown(code) ? MESSAGES[code] : MESSAGES.unexpected;
  return {
    ...words,
    title: words.title.replaceAll("{platform}", platform),
    body: words.body.replaceAll("{platform}", platform),
  };
}

const isKnown = (code: string | undefined): code is CallbackError =>
  code !== undefined && Object.hasOwn(MESSAGES, code);

const MESSAGES: Record<CallbackError, CallbackMessage> = {
  denied: {
    title: "{platform} was not connected",
    body: "You said no on {platform}'s page, so nothing was connected and nothing was stored. If that was not meant, try again.",
    next: "again",
  },
  invalid_state: {
    title: "This answer does not belong to a request of yours",
    body: "The way back from {platform} can be used once only. Perhaps the page was reloaded, or you went back to it. Begin again.",
    next: "again",
  },
  expired_state: {
    title: "That took too long",
    body: "For your safety, the way back from {platform} closes after a few minutes. Begin again; nothing was stored.",
    next: "again",
  },
  other_browser: {
    title: "This was begun in another browser",
    body: "A connection has to be finished in the browser in which it was begun. Begin again in this one.",
    next: "again",
  },
  other_session: {
    title: "This was begun by someone else",
    body: "Another person, or you before signing in again, began this connection. Nothing was connected. Begin again as yourself.",
    next: "again",
  },
  other_platform: {
    title: "The answer came from another platform",
    body: "We asked {platform}, but the answer was for another one, so it was refused. Begin again.",
    next: "again",
  },
  other_issuer: {
    title: "The answer was not from {platform}",
    body: "Someone other than {platform} signed this answer, so it was refused and nothing was stored. Begin again.",
    next: "again",
  },
  code_refused: {
    title: "{platform} refused to finish",
    body: "You agreed, but {platform} did not accept our receipt for it: it was too old or used already. Begin again.",
    next: "again",
  },
  platform_unavailable: {
    title: "{platform} is not answering",
    body: "You agreed, but {platform} could not finish. Nothing was stored. Wait a few minutes, then try again.",
    next: "again",
  },
  platform_misconfigured: {
    title: "{platform} does not accept this installation",
    body: "{platform} refused the app that Carillon uses there. Whoever runs this installation has to check its settings at {platform}.",
    next: "accounts",
  },
  not_configured: {
    title: "{platform} is not set up here",
    body: "Whoever runs this installation has to enter its {platform} app first. The accounts page says what is missing.",
    next: "accounts",
  },
  no_account: {
    title: "There is no account to post to",
    body: "You agreed, but {platform} named no account that can publish. Choose one on {platform}'s page when you try again.",
    next: "again",
  },
  owned_by_other: {
    title: "Someone else here has this account",
    body: "Another person in this Carillon has already connected this {platform} account. They have to disconnect it first.",
    next: "accounts",
  },
  other_account: {
    title: "That was a different account",
    body: "You wanted to reconnect one {platform} account but agreed with another. Sign in at {platform} with the right one, then try again.",
    next: "again",
  },
  signed_out: {
    title: "You were signed out meanwhile",
    body: "Sign in again, then connect {platform} once more. Nothing was stored.",
    next: "sign_in",
  },
  unexpected: {
    title: "{platform} was not connected",
    body: "Something went wrong on the way back. Nothing was connected. Try again; if it stays, tell whoever runs this installation.",
    next: "again",
  },
};
