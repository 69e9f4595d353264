import { type Effect, PlatformError } from "../../contract";
import type { InboxRefusal } from "../../inbox-contract";
import type { Answer } from "../../kit";
import { codeOf, graphErrorOf } from "../../meta";
import { explainPublishing } from "../errors";

/**
 * What Instagram's inbox refuses, by remedy; asked before the tables of publishing and of the Graph. The documentation does
 * not say whether a number comes as code or as subcode, so it is known in either place.
 * @param lost what a failure at Instagram leaves open: "ambiguous" for a message
 */
export const explainInbox =
  (lost: Effect) =>
  (answer: Answer): PlatformError | null => {
    const error = graphErrorOf(answer);
    if (!error) return null;
    const { code: number, error_subcode: subcode } = error;
    const code = codeOf(number, subcode);
    const refusal = REFUSALS.get(subcode ?? 0) ?? REFUSALS.get(number);
    if (refusal) return new PlatformError("rejected", refusal.message, { code: refusal.code });
    if (number === PASSING || subcode === PASSING) {
      return new PlatformError("unavailable", "Instagram has a problem at the moment.", {
        code,
        effect: lost,
      });
    }
    if ((number === 10 || (number >= 200 && number <= 299)) && !error.is_transient) {
      return new PlatformError(
        "reconnect",
        "Instagram did not let us near the messages of this account. Look in the Instagram app, under Settings, Message controls, Connected tools, whether access to messages is allowed; then connect the account again and leave every permission on.",
        { code },
      );
    }
    return explainPublishing(lost)(answer);
  };

export const isRefusal = (error: unknown, ...codes: InboxRefusal[]): error is PlatformError =>
  error instanceof PlatformError && codes.some((code) => error.code === code);

export const rejected = (code: InboxRefusal, message: string): PlatformError =>
  new PlatformError("rejected", message, { code });

const PASSING = 1545133;

const refusal = (code: InboxRefusal, message: string) => ({ code, message });
const OUTSIDE_WINDOW = refusal(
  "outside_window",
  "Instagram lets you answer within 24 hours of their last message. That window has closed: wait until they write again.",
);
const PERSON_UNAVAILABLE = refusal(
  "person_unavailable",
  "This person cannot be reached on Instagram any more: they may have blocked this account, or left.",
);

const REFUSALS = new Map<number, { code: InboxRefusal; message: string }>([
  [2534022, OUTSIDE_WINDOW],
  // What Messenger says for the same.
  [2018278, OUTSIDE_WINDOW],
  [551, PERSON_UNAVAILABLE],
  [2534014, PERSON_UNAVAILABLE],
  [2018001, PERSON_UNAVAILABLE],
  [
    2018276,
    refusal(
      "human_agent_missing",
      "24 hours have passed since their last message, and Instagram has not approved this app for later answers. Answer in the Instagram app; the operator can ask Meta for the Human Agent feature.",
    ),
  ],
  [
    2534025,
    refusal(
      "already_replied",
      "Instagram allows one private answer to a comment, within 7 days, and does not allow this one. Once they answer it, you can write on.",
    ),
  ],
  [2534001, refusal("conversation_gone", "This conversation was archived or deleted on Instagram.")],
  [
    2534068,
    refusal(
      "one_image_only",
      "Instagram does not take several pictures in one message here. Send them one by one.",
    ),
  ],
  [
    1893063,
    refusal(
      "sending_restricted",
      "Instagram does not let the Page of this account send messages for now. Look there for the reason.",
    ),
  ],
  [230, refusal("no_consent", "Instagram shows who someone is only once they have written to this account.")],
]);
