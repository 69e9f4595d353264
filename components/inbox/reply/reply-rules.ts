import type { ConversationDto, MessageDto } from "@/lib/inbox/schema";
import { bytesOf, splitText } from "@/lib/inbox/split";
import type { ReplyDraft } from "./reply-storage";

export type Judged = {
  count: number;
  max: number;
  unit: "bytes" | "characters";
  /** How many messages it goes out as. */
  messages: number;
  /** Why it cannot go out like this. */
  problem: string | null;
};

/** How long a reply is by the platform's rules, and as how many messages it goes; the server has the last word. @param kinds of the files, as far as they are known */
export function judgeReply(
  { text, media, channel }: ReplyDraft,
  { kind, limits }: Pick<ConversationDto, "kind" | "limits">,
  kinds: (string | null)[],
): Judged {
  if (!limits) {
    const problem = "This platform is not set up here any more.";
    return { count: bytesOf(text), max: 0, unit: "bytes", messages: 0, problem };
  }
  const { textBytes, commentCharacters, images } = limits;
  if (kind !== "direct" && channel === "public") {
    const count = [...text].length;
    return {
      count,
      max: commentCharacters,
      unit: "characters",
      messages: 1,
      problem:
        media.length > 0
          ? "Pictures cannot be put below a comment."
          : count > commentCharacters
            ? `${count - commentCharacters} characters too long for a public answer.`
            : null,
    };
  }
  const pictures = kinds.filter((one) => one === "image" || one === "gif").length;
  const messages =
    splitText(text, textBytes).length +
    Math.ceil(pictures / images) +
    kinds.filter((one) => one !== "image" && one !== "gif").length;
  return {
    count: bytesOf(text),
    max: textBytes,
    unit: "bytes",
    messages,
    problem:
      kind !== "direct" && (messages > 1 || media.length > 0)
        ? "A private answer to a comment is one message of text."
        : null,
  };
}

/** The comment an answer goes to, when none was chosen: the latest of theirs; for a private one, the latest that may still have one. */
export function answeredBy(draft: ReplyDraft, messages: MessageDto[]): MessageDto | undefined {
  const theirs = messages.filter(({ author, unsent }) => author === "them" && !unsent);
  return (
    theirs.find(({ id }) => id === draft.replyTo) ??
    (draft.channel === "private"
      ? theirs.findLast(({ privateReply }) => privateReply === "possible")
      : theirs.at(-1))
  );
}
