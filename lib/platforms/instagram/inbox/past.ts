import { z } from "zod";
import type { Access } from "../../contract";
import type { HistoryRequest, InboxEvent, IncomingAttachment } from "../../inbox-contract";
import { Any, attachmentsOf, Flag, Id, lenient, replyOf, textOrNull, webAddress } from "../webhook/fields";

/**
 * A message as a conversation tells it, read as the event it once was. Only its fields are documented, not what stands in
 * them: whatever is missing or of another shape is left out.
 */

const Someone = z.object({ id: lenient(Id), username: Any });
const listOf = <T>(schema: z.ZodType<T>) => lenient(z.object({ data: z.array(schema) }));

export const PastMessage = z.object({
  id: Id,
  created_time: z.coerce.date(),
  from: Someone,
  to: listOf(Someone),
  message: Any,
  attachments: Any,
  shares: Any,
  story: Any,
  reactions: Any,
  is_unsupported: Flag,
  reply_to: Any,
});
export type PastMessage = z.infer<typeof PastMessage>;

/** Oldest first, each with the reactions to it. What is older than asked for is left out. */
export const eventsOf = (
  messages: PastMessage[],
  access: Access,
  { since }: Pick<HistoryRequest, "since">,
): InboxEvent[] =>
  messages
    .filter(({ created_time }) => created_time >= since)
    // They are told newest first, and of one second so more than one.
    .toReversed()
    .sort((one, other) => one.created_time.getTime() - other.created_time.getTime())
    .flatMap((message) => eventsOfOne(message, access));

function eventsOfOne(message: PastMessage, access: Access): InboxEvent[] {
  const { from, to } = message;
  const isOurs = ours(access);
  const byUs = isOurs(from);
  const others = byUs ? (to?.data ?? []) : [from];
  const peerId = others.find((someone) => !isOurs(someone))?.id ?? (byUs ? to?.data[0]?.id : undefined);
  if (peerId === undefined) return [];
  const ground = { accountId: access.remoteId, at: message.created_time, standby: false };
  const story = lenient(StoryShape).parse(message.story);
  const text = textOrNull(message.message);
  const attachments = [
    ...items(message.attachments).flatMap(fileOf),
    ...items(message.shares).map(shareOf),
    ...(story?.mention ? [aboutStory(story.mention)] : []),
  ];
  return [
    {
      ...ground,
      kind: "message",
      peerId,
      messageId: message.id,
      by: byUs ? "us" : "them",
      self: peerId === access.remoteId,
      text,
      attachments,
      replyTo:
        replyOf(message.reply_to) ??
        (story?.reply_to
          ? { storyId: story.reply_to.id ?? null, storyUrl: webAddress(story.reply_to.link) }
          : null),
      quickReply: null,
      referral: null,
      unsupported: message.is_unsupported || (text === null && attachments.length === 0),
    },
    ...items(message.reactions).flatMap((reaction): InboxEvent[] => {
      const { reaction: name, emoji, users } = lenient(ReactionShape).parse(reaction) ?? {};
      return (users ?? []).map((user) => ({
        ...ground,
        kind: "reaction",
        peerId,
        messageId: message.id,
        by: isOurs(user) ? "us" : "them",
        reaction: textOrNull(name) ?? "other",
        emoji: textOrNull(emoji),
      }));
    }),
  ];
}

/** The account goes by several ids here, and by its name. */
function ours({ remoteId, metadata }: Access): (someone: z.infer<typeof Someone>) => boolean {
  const ids = new Set<unknown>([remoteId, metadata["pageId"], metadata["appScopedId"]]);
  const username = textOrNull(metadata["username"]);
  return ({ id, username: name }) =>
    (id !== undefined && ids.has(id)) || (username !== null && name === username);
}

const StoryPart = lenient(z.object({ id: lenient(Id), link: Any }));
const StoryShape = z.object({ mention: StoryPart, reply_to: StoryPart });
const ReactionShape = z.object({ reaction: Any, emoji: Any, users: lenient(z.array(Someone)) });
const Located = lenient(z.object({ url: Any }));
const FileShape = z.object({
  id: lenient(Id),
  name: Any,
  mime_type: Any,
  image_data: Located,
  video_data: Located,
  audio_data: Located,
  file_url: Any,
  type: Any,
});
const ShareShape = z.object({ id: lenient(Id), link: Any, url: Any, name: Any, title: Any });

/** A list, wrapped or not. */
const items = (value: unknown): unknown[] =>
  Array.isArray(value) ? value : (listOf(Any).parse(value)?.data ?? []);

function fileOf(value: unknown): IncomingAttachment[] {
  const file = lenient(FileShape).parse(value);
  // Told as a webhook tells it.
  if (!file || file.type !== undefined) return attachmentsOf(value);
  const { image_data, video_data, audio_data } = file;
  const mime = /^(image|video|audio)\//.exec(String(file.mime_type))?.[1] as "image" | "video" | "audio";
  const url = webAddress((image_data ?? video_data ?? audio_data)?.url ?? file.file_url);
  const type = image_data
    ? "image"
    : video_data
      ? "video"
      : audio_data
        ? "audio"
        : url === null
          ? "unsupported"
          : (mime ?? "file");
  return [{ type, url, title: textOrNull(file.name), remoteId: file.id ?? null }];
}

function shareOf(value: unknown): IncomingAttachment {
  const share = lenient(ShareShape).parse(value);
  return {
    type: "share",
    url: webAddress(share?.link ?? share?.url),
    title: textOrNull(share?.name ?? share?.title),
    remoteId: share?.id ?? null,
  };
}

const aboutStory = (story: { id?: string | undefined; link?: unknown }): IncomingAttachment => ({
  type: "story_mention",
  url: webAddress(story.link),
  title: null,
  remoteId: story.id ?? null,
});
