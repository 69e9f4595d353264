/** What is said on the simulated Instagram, by either side, and the event that tells of it. */
import { type Call, type Json, knob } from "@/lib/sandbox/kit";
import { instagramAccounts } from "@/lib/sandbox/meta";
import { DAY } from "@/lib/sandbox/oauth";
import { cdnUrl } from "./media";
import { type Attachment, addMessage, type Message, openThread, type Thread } from "./store";
import { tell } from "./webhooks";

/** The business says something, through our app or on its own phone: in both cases an echo comes. */
export function say(
  call: Call,
  thread: Thread,
  what: Pick<Message, "kind" | "by"> & Partial<Message>,
): Message {
  const said = addMessage(call, thread, what);
  call.effect = true;
  const message: Record<string, Json> = { mid: said.mid };
  if (said.text !== null) message["text"] = said.text;
  if (said.attachments.length > 0) message["attachments"] = said.attachments.map((one) => shownTo(call, one));
  if (said.replyTo !== null) message["reply_to"] = { mid: said.replyTo };
  tell(
    call,
    thread,
    "message_echoes",
    { message: { ...message, is_echo: true } },
    { by: "business", at: said.at, echo: true },
  );
  mirror(call, said);
  return said;
}

/** A message of the person arrives, and its event goes out. */
export function receive(
  call: Call,
  thread: Thread,
  what: Pick<Message, "kind" | "text"> &
    Partial<Pick<Message, "attachments" | "replyTo" | "payload">> & { more?: Record<string, Json> },
): Message {
  const { more = {}, ...rest } = what;
  const written = addMessage(call, thread, { by: "customer", ...rest });
  call.effect = true;
  const { mid, text, attachments, replyTo } = written;
  const message: Record<string, Json> = { mid };
  if (text !== null) message["text"] = text;
  if (attachments.length > 0) message["attachments"] = attachments.map((one) => shownTo(call, one));
  if (knob<string>(call, "unsupportedShape", "plain") === "attachments" && what.kind === "unsupported") {
    message["attachments"] = [{ type: "unsupported_type" }];
  }
  if (replyTo !== null) message["reply_to"] = { mid: replyTo };
  tell(call, thread, "messages", { message: { ...message, ...more } }, { by: "customer", at: written.at });
  return written;
}

/** As an event carries it. */
export function shownTo(call: Call, { type, payload, file }: Attachment): Json {
  const isStory = type === "story_mention";
  const url = file === null ? {} : { url: isStory ? cdnUrl(call, file, DAY) : cdnUrl(call, file) };
  return payload === null && file === null ? { type } : { type, payload: { ...payload, ...url } };
}

/** Between two businesses what one sends arrives at the other. */
function mirror(call: Call, { account, peer, text, kind }: Message): void {
  const receiver = instagramAccounts.find(({ username }) => username === peer);
  const sender = instagramAccounts.find(({ id }) => id === account);
  if (receiver === undefined || sender === undefined || kind !== "text") return;
  receive(call, openThread(call, receiver.id, sender.username), { kind, text });
}
