/** What people do on their phones at the simulated Instagram: the customers, and the business in its own app. */
import { keepBytes, shown } from "@/lib/sandbox/files";
import {
  type Call,
  type Json,
  knob,
  newId,
  type Publication,
  publish,
  type StoredFile,
  shelf,
} from "@/lib/sandbox/kit";
import { sampleFile } from "./samples";
import {
  type Attachment,
  addMessage,
  findMessage,
  type Message,
  messagesIn,
  newestMid,
  nextTime,
  openThread,
  type Thread,
} from "./store";
import { receive, say, shownTo } from "./talk";
import { tell } from "./webhooks";

export const kinds = [
  "text",
  "image",
  "images",
  "video",
  "audio",
  "file",
  "sticker",
  "post_share",
  "share",
  "reel_share",
  "story_share",
  "story_reply",
  "story_mention",
  "view_once",
  "unsupported",
  "quick_reply",
  "postback",
  "reaction",
  "unreact",
  "edit",
  "unsend",
  "seen",
  "referral",
  "self",
  "handover",
  "block",
  "unblock",
  "archive",
] as const;

export type Kind = (typeof kinds)[number];

/** What somebody does; which fields a kind needs is said in lib/sandbox/control-messaging.ts. */
export type Deed = {
  kind: Kind;
  text?: string | undefined;
  mid?: string | undefined;
  replyTo?: string | undefined;
  title?: string | undefined;
  payload?: string | undefined;
  reaction?: string | undefined;
  ref?: string | undefined;
  referral?: Record<string, Json> | undefined;
  to?: "us" | "other" | "request" | undefined;
  files?: StoredFile[] | undefined;
  count?: number | undefined;
};

/** What cannot be done, in words for whoever writes the test. */
export class CannotDo extends Error {}

const reactionNames: Record<string, string> = {
  "❤️": "love",
  "❤": "love",
  "👍": "like",
  "😂": "laugh",
  "😮": "wow",
  "😢": "sad",
  "😡": "angry",
};

/** A customer does something to a business. Returns the message it made or was about; null when there is none. */
export function customerDoes(call: Call, account: string, username: string, deed: Deed): Message | null {
  const thread = openThread(call, account, username);
  switch (deed.kind) {
    case "reaction":
    case "unreact":
      return react(call, thread, deed);
    case "edit":
    case "unsend":
      return change(call, thread, deed);
    case "seen":
      return see(call, thread);
    case "postback":
      return tapPostback(call, thread, deed);
    case "referral": {
      const referral = {
        ref: deed.ref ?? "campaign1",
        source: "IGME-SOURCE-LINK",
        type: "OPEN_THREAD",
        ...deed.referral,
      };
      tell(call, thread, "messaging_referral", { referral }, { by: "customer", at: nextTime(call, thread) });
      return null;
    }
    case "self":
      return writeToItself(call, thread, deed);
    case "handover":
      return handOver(call, thread, deed);
    case "block":
    case "unblock":
    case "archive":
      thread.state = deed.kind === "block" ? "blocked" : deed.kind === "archive" ? "archived" : "open";
      return null;
    default:
      return write(call, thread, deed);
  }
}

/** The business answers on its own phone: an echo comes that no call of ours made. */
export function businessTypes(call: Call, account: string, username: string, deed: Deed): Message {
  const thread = openThread(call, account, username);
  if (deed.kind === "unsend") {
    const message = own(call, thread, deed.mid, "business");
    message.deletedAt = call.now;
    const at = nextTime(call, thread);
    const deleted = { mid: message.mid, is_deleted: true, is_echo: true };
    tell(call, thread, "message_echoes", { message: deleted }, { by: "business", at });
    return message;
  }
  const attachments = attachmentsFor(call, deed);
  const text = attachments.length > 0 ? null : (deed.text ?? "Thanks for writing!");
  return say(call, thread, { by: "app", kind: deed.kind, text, attachments });
}

/** A post of the business that customers can answer: its newest, or one made for the purpose. */
export function somePost(call: Call, account: string, id?: string): Publication {
  const media = shelf<{ id: string; personId: string; parentId: string | null; nth: number }>(call, "media");
  const mine = call.world.publications.filter(
    (one) => one.deletedAt === null && one.personId === account && media[one.id]?.parentId === null,
  );
  if (id !== undefined) {
    const found = mine.find((one) => one.id === id);
    if (found === undefined) throw new CannotDo("The business has no such post.");
    return found;
  }
  const newest = mine.at(-1);
  if (newest !== undefined) return newest;
  const made = publish(call, {
    id: newId(call),
    personId: account,
    text: "Posted on the phone",
    media: [shown(keepBytes(call, sampleFile("image")))],
    details: { media_type: "IMAGE", media_product_type: "FEED", is_comment_enabled: true },
  });
  media[made.id] = { id: made.id, personId: account, parentId: null, nth: 0 };
  return made;
}

function write(call: Call, thread: Thread, deed: Deed): Message {
  const { kind, text, replyTo } = deed;
  const attachments = attachmentsFor(call, deed);
  if (kind === "quick_reply") return tapQuickReply(call, thread, deed);
  const story = kind === "story_reply" ? storyFor(call, thread.account) : null;
  if (replyTo !== undefined) inThread(call, thread, replyTo);
  const bare = attachments.length > 0 || kind === "unsupported";
  return receive(call, thread, {
    kind,
    text: bare ? null : (text ?? "Hello"),
    attachments: kind === "unsupported" ? [] : attachments,
    replyTo: replyTo ?? null,
    more: {
      ...(kind === "unsupported" ? { is_unsupported: true } : {}),
      ...(story === null ? {} : { reply_to: { story } }),
      ...(deed.referral === undefined ? {} : { referral: deed.referral }),
    },
  });
}

function react(call: Call, thread: Thread, { kind, mid, reaction = "❤️" }: Deed): Message {
  const message = inThread(call, thread, mid ?? newestMid(call, thread, "business") ?? "");
  const at = nextTime(call, thread);
  const isOn = kind === "reaction";
  message.reactions.customer = isOn ? reaction : null;
  const event = isOn
    ? { mid: message.mid, action: "react", reaction: reactionNames[reaction] ?? "other", emoji: reaction }
    : { mid: message.mid, action: "unreact" };
  tell(call, thread, "message_reactions", { reaction: event }, { by: "customer", at });
  return message;
}

function change(call: Call, thread: Thread, { kind, mid, text }: Deed): Message {
  const message = own(call, thread, mid ?? newestMid(call, thread, "customer") ?? "", "customer");
  const at = nextTime(call, thread);
  if (kind === "unsend") {
    message.deletedAt = call.now;
    tell(
      call,
      thread,
      "messages",
      { message: { mid: message.mid, is_deleted: true } },
      { by: "customer", at },
    );
    return message;
  }
  message.text = text ?? `${message.text ?? ""} (edited)`;
  message.edits += 1;
  const times = knob<string>(call, "numEdit", "string") === "number" ? message.edits : String(message.edits);
  const edited = { mid: message.mid, text: message.text, num_edit: times };
  tell(call, thread, "message_edit", { message_edit: edited }, { by: "customer", at });
  return message;
}

/** They look at the chat. Instagram names the last message that was seen, and no time. */
function see(call: Call, thread: Thread): Message | null {
  const mid = newestMid(call, thread, "business");
  if (mid === null || thread.seenByCustomer === mid) return null;
  thread.seenByCustomer = mid;
  tell(call, thread, "messaging_seen", { read: { mid } }, { by: "customer", at: nextTime(call, thread) });
  return findMessage(call, mid);
}

function tapQuickReply(call: Call, thread: Thread, { title, payload }: Deed): Message {
  const offered = messagesIn(call, thread).at(-1)?.quickReplies ?? [];
  const chosen = offered.find((one) => one.title === title || one.payload === payload) ?? offered[0];
  const text = chosen?.title ?? title;
  const said = chosen?.payload ?? payload;
  if (text === undefined || said === undefined) {
    throw new CannotDo("No quick replies are offered there: give a title and a payload.");
  }
  return receive(call, thread, {
    kind: "quick_reply",
    text,
    payload: said,
    more: { quick_reply: { payload: said } },
  });
}

/** A button of a template, an ice breaker or the menu: it opens the window as a message does. */
function tapPostback(call: Call, thread: Thread, deed: Deed): Message {
  const { title = "Prices", payload = "PRICES", referral } = deed;
  const tapped = addMessage(call, thread, { by: "customer", kind: "postback", text: title, payload });
  call.effect = true;
  const postback = { mid: tapped.mid, title, payload, ...(referral === undefined ? {} : { referral }) };
  tell(call, thread, "messaging_postbacks", { postback }, { by: "customer", at: tapped.at });
  return tapped;
}

function writeToItself(call: Call, thread: Thread, { text = "Testing" }: Deed): Message {
  const said = addMessage(call, thread, { by: "app", kind: "self", text });
  const me = { id: thread.account };
  const message = { mid: said.mid, text, is_self: true, is_echo: true };
  tell(
    call,
    thread,
    "message_echoes",
    { sender: me, recipient: me, message },
    { by: "business", at: said.at, echo: true },
  );
  return said;
}

function handOver(call: Call, thread: Thread, { to = "other" }: Deed): null {
  const [us, other] = [call.client.id, "1120987654321"];
  const metadata = "sandbox";
  const at = nextTime(call, thread);
  const event =
    to === "request"
      ? { request_thread_control: { requested_owner_app_id: other, metadata } }
      : to === "other"
        ? { take_thread_control: { previous_owner_app_id: us, new_owner_app_id: other, metadata } }
        : { pass_thread_control: { previous_owner_app_id: other, new_owner_app_id: us, metadata } };
  if (to !== "request") thread.owner = to;
  tell(call, thread, "messaging_handover", event, { by: "customer", at, always: true });
  return null;
}

function attachmentsFor(call: Call, { kind, files = [], count = 2, text }: Deed): Attachment[] {
  const file = (type: "image" | "video" | "audio" | "file") => files[0] ?? keepBytes(call, sampleFile(type));
  const one = (
    type: string,
    payload: Record<string, Json> | null,
    stored: StoredFile | null,
  ): Attachment[] => [{ type, payload, file: stored }];
  switch (kind) {
    case "image":
    case "video":
    case "audio":
    case "file":
      return one(kind, null, file(kind));
    case "images": {
      const many = files.length > 0 ? files : Array.from({ length: count }, () => file("image"));
      return many.map((stored) => ({ type: "image", payload: null, file: stored }));
    }
    case "sticker":
      return one("sticker", null, file("image"));
    case "story_mention":
      return one("story_mention", null, file("image"));
    case "post_share":
      return one("ig_post", { ig_post_media_id: newId(call), title: text ?? "A post" }, file("image"));
    case "share":
      return one("share", null, file("image"));
    case "reel_share":
      return one("ig_reel", { reel_video_id: newId(call), title: text ?? "A reel" }, file("video"));
    case "story_share":
      return one("ig_story", null, file("image"));
    case "view_once":
      return one("ephemeral", null, null);
    case "unsupported":
      return [];
    default:
      return [];
  }
}

/** The story somebody answers: the business's newest, or one of the phone's. */
function storyFor(call: Call, account: string): Json {
  const story = call.world.publications.findLast(
    ({ personId, deletedAt, details }) =>
      personId === account && deletedAt === null && details["media_product_type"] === "STORY",
  );
  const file = story?.media[0] ?? keepBytes(call, sampleFile("image"));
  const shownStory = shownTo(call, {
    type: "story_mention",
    payload: { id: story?.id ?? newId(call) },
    file,
  });
  return typeof shownStory === "object" && shownStory !== null && "payload" in shownStory
    ? (shownStory["payload"] ?? null)
    : null;
}

function inThread(call: Call, thread: Thread, mid: string): Message {
  const message = findMessage(call, mid);
  if (message === null || message.account !== thread.account || message.peer !== thread.peer) {
    throw new CannotDo("There is no such message in this thread.");
  }
  return message;
}

function own(call: Call, thread: Thread, mid: string | undefined, side: "customer" | "business"): Message {
  const message = inThread(call, thread, mid ?? newestMid(call, thread, side) ?? "");
  if ((message.by === "customer") !== (side === "customer")) {
    throw new CannotDo("That message is the other side’s.");
  }
  return message;
}
