import type { ActivityDto, ActivityKind } from "@/lib/activity/schema";
import type { AuditAction } from "@/lib/audit";

/** How the trail is told: one sentence for each thing that can happen, with what is known of it. */

type Told = Pick<ActivityDto, "details"> & {
  /** "Ada Bell (@adabell) on Threads", or what is left of that. */
  where: string;
  /** As people call it. */
  platform: string;
};

type Words = (told: Told) => string;

const words: Record<AuditAction, Words> = {
  "connection.connect": ({ where, details }) =>
    `Connected ${where}${details["limited"] === true ? ", with fewer permissions than asked for" : ""}`,
  "connection.reconnect": ({ where, details }) =>
    `Reconnected ${where}${details["limited"] === true ? ", with fewer permissions than asked for" : ""}`,
  "connection.disconnect": ({ where, platform, details }) =>
    `Disconnected ${where}${details["revoked"] === true ? `; ${platform} withdrew the permission` : ""}`,
  "connection.check": ({ where, platform, details }) =>
    details["good"] === false
      ? `Tested ${where}: ${platform} did not accept it`
      : `Tested ${where}: it works`,
  "grant.refresh": ({ where }) => `Renewed the connection to ${where}`,
  "grant.refresh_failed": ({ where, details }) =>
    details["ended"] === true
      ? `The connection to ${where} could not be renewed: it has ended`
      : `The connection to ${where} could not be renewed; it is tried again`,
  "grant.deauthorize": ({ where, platform }) =>
    `${platform} told us that Carillon was removed there: ${where} must be connected again`,
  "grant.delete_data": ({ platform }) =>
    `${platform} passed on a wish to delete data: the account there and what we knew of it are gone`,
  "grant.end_unsealed": ({ where }) => `Destroyed unsealed keys of ${where}: it must be connected again`,
  "post.create": ({ details }) =>
    `${details["scheduled"] === true ? "Scheduled" : "Wrote"} a post for ${accounts(details["targets"])}`,
  "post.delete": ({ details }) =>
    `Deleted a post${Number(details["cancelled"] ?? 0) > 0 ? ` before it went out to ${accounts(details["cancelled"])}` : ""}`,
  "delivery.retry": ({ where, details }) =>
    `Sent a post again to ${where}${details["uncertain"] === true ? ", though it may have been out" : ""}`,
  "delivery.settle": ({ where, details }) =>
    OUTCOMES[String(details["state"])]?.(where) ?? `A post for ${where} came to its end`,
  "delivery.remove": ({ where }) => `Deleted a post from ${where}`,
  "media.add": () => "Added a file to the library",
  "media.delete": () => "Deleted a file from the library",
  "message.reply": ({ where, details }) =>
    `${REPLIED[String(details["channel"])] ?? "Wrote to a customer"} of ${where}`,
  "message.failed": ({ where }) => `An answer to a customer of ${where} was not sent`,
  "message.settle": ({ details }) =>
    SETTLED[String(details["as"])] ?? "Decided about a message that was not confirmed",
  "inbox.subscribe": ({ where }) => `Turned messages on for ${where}`,
  "inbox.replay": () => "Had an event of the inbox read again",
  "inbox.answering": ({ where, details }) =>
    `Changed how the assistant answers at ${where}${ANSWERING[String(details["mode"])] ?? ""}`,
  "knowledge.add": () => "Taught the assistant something",
  "knowledge.change": () => "Changed what the assistant knows",
  "knowledge.delete": () => "Made the assistant forget something",
};

const REPLIED: Record<string, string> = {
  public: "Answered below a customer's comment",
  private: "Answered a comment in private, to a customer",
};

const SETTLED: Record<string, string> = {
  sent: "Said that a message had arrived",
  resend: "Sent a message again",
  dismiss: "Left a message unsent",
};

const ANSWERING: Record<string, string> = {
  off: ": it is off",
  suggest: ": it suggests",
  auto: ": it answers by itself",
};

const OUTCOMES: Record<string, (where: string) => string> = {
  published: (where) => `A post went out to ${where}`,
  failed: (where) => `A post did not go out to ${where}`,
  uncertain: (where) => `A post to ${where} may be out: it could not be confirmed`,
  cancelled: (where) => `A post for ${where} was cancelled`,
};

const accounts = (count: unknown): string => (count === 1 ? "1 account" : `${Number(count ?? 0)} accounts`);

/** The sentence for a line of the trail; a later version's action is told by its name. */
export function activitySentence(line: ActivityDto, platformName: string | null): string {
  const platform = platformName ?? "the platform";
  const where = line.account
    ? `${line.account}${platformName ? ` on ${platformName}` : ""}`
    : platformName
      ? `an account on ${platformName}`
      : "an account";
  const known = Object.hasOwn(words, line.action) ? words[line.action as AuditAction] : null;
  const said = known?.({ details: line.details, where, platform }) ?? line.action.replaceAll(/[._]/g, " ");
  return said.charAt(0).toUpperCase() + said.slice(1);
}

/** Who did it, where it was not the reader. */
export const actorWords = ({ type, name }: ActivityDto["actor"]): string =>
  type === "user" ? "You" : type === "platform" ? name : name === "assistant" ? "The assistant" : "Carillon";

export const kindWords: Record<ActivityKind, string> = {
  connections: "Accounts",
  renewals: "Renewals",
  posts: "Posts",
  replies: "Replies",
  files: "Files",
  platform: "Told by platforms",
};
