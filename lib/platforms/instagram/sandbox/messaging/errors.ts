/** How sending, profiles and conversations are refused on the simulated Instagram: the table of messaging errors. */
import type { Answer, Call } from "@/lib/sandbox/kit";
import { graphError } from "@/lib/sandbox/meta";

type Row = { code: number; sub?: number; message: string; status?: number; transient?: true };

// Where the sheet has a subcode and no code, or the other way round, the missing one is left out or is 100.
const table = {
  outside_window: {
    code: 10,
    sub: 2534022,
    message: "This message is sent outside of allowed window.",
  },
  outside_window_messenger: {
    code: 10,
    sub: 2018278,
    message: "This message is sent outside of allowed window.",
  },
  restricted: {
    code: 10,
    sub: 1893063,
    message: "This Page is temporarily restricted from sending messages.",
  },
  no_permission: { code: 10, message: "Application does not have permission for this action" },
  no_feature: { code: 200, message: "The app lacks a permission or a feature for this." },
  user_not_found: { code: 100, sub: 2534014, message: "The requested user cannot be found." },
  no_matching_user: { code: 100, sub: 2018001, message: "No matching user found" },
  no_human_agent: { code: 100, sub: 2018276, message: "The app is not approved for the tag HUMAN_AGENT." },
  private_reply: {
    code: 100,
    sub: 2534025,
    message: "A private reply was sent already, or is not allowed for this comment.",
  },
  thread_gone: { code: 100, sub: 2534001, message: "The thread is archived or deleted." },
  no_multi_image: { code: 100, sub: 2534068, message: "Several images are not available for this account." },
  unavailable: { code: 551, message: "This person isn't available right now." },
  unknown: { code: 1, message: "An unknown error occurred", status: 500, transient: true },
  service: { code: 2, message: "An unexpected error has occurred.", status: 500, transient: true },
  transient: { code: 2, sub: 1545133, message: "Please retry your request later.", transient: true },
  token: { code: 190, message: "Error validating access token: The session is invalid." },
  consent: { code: 230, message: "User consent is required to access user profile" },
  app_rate: { code: 4, message: "Application request limit reached" },
  rate: { code: 613, message: "Calls to this api have exceeded the rate limit." },
  messenger_rate: { code: 80006, message: "There have been too many calls to this account." },
} satisfies Record<string, Row>;

export type MessagingError = keyof typeof table;

/** One of the errors of the table, in the style of the host that was asked. */
export function messagingError(call: Call, name: MessagingError): Answer {
  const row: Row = table[name];
  return graphError(row.status ?? 400, {
    message: `(#${row.code}) ${row.message}`,
    type: call.host === "graph.facebook.com" || row.code === 190 ? "OAuthException" : "IGApiException",
    code: row.code,
    ...(row.sub === undefined ? {} : { error_subcode: row.sub }),
    ...(row.transient ? { is_transient: true } : {}),
  });
}

export const isMessagingError = (name: string): name is MessagingError => Object.hasOwn(table, name);
