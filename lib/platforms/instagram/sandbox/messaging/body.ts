/** The body of a call to /messages on the simulated Instagram, read strictly: what it may hold and in which words. */
import { z } from "zod";
import { type Answer, type Call, type Json, jsonBody } from "@/lib/sandbox/kit";
import { invalidParam } from "../errors";
import { facebookHost, readParams } from "../graph";
import { messagingError } from "./errors";

const url = z.string().regex(/^https?:\/\/[\x21-\x7e]+$/);
const id = z.string().regex(/^\d+$/);
const mid = z.string().min(1);
const textBytes = 1_000;

const File = z.strictObject({
  type: z.enum(["image", "video", "audio", "file"]),
  payload: z.strictObject({ url }),
});
const Heart = z.strictObject({ type: z.literal("like_heart") });
const OwnPost = z.strictObject({ type: z.literal("MEDIA_SHARE"), payload: z.strictObject({ id }) });

const Button = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("web_url"), url, title: z.string().min(1) }),
  z.strictObject({ type: z.literal("postback"), title: z.string().min(1), payload: z.string().min(1) }),
]);
const Buttons = z.array(Button).min(1).max(3);
const Element = z.strictObject({
  title: z.string().min(1).max(80),
  subtitle: z.string().max(80).optional(),
  image_url: url.optional(),
  default_action: z.strictObject({ type: z.literal("web_url"), url }).optional(),
  buttons: Buttons.optional(),
});
const Template = z.strictObject({
  type: z.literal("template"),
  payload: z.discriminatedUnion("template_type", [
    z.strictObject({ template_type: z.literal("generic"), elements: z.array(Element).min(1).max(10) }),
    z.strictObject({
      template_type: z.literal("button"),
      text: z.string().min(1).max(640),
      buttons: Buttons,
    }),
  ]),
});
const AnyAttachment = z.union([File, Heart, OwnPost, Template]);

const Message = z
  .strictObject({
    text: z.string().min(1).optional(),
    attachment: AnyAttachment.optional(),
    attachments: z.union([File, Heart, OwnPost, z.array(File).min(2).max(10)]).optional(),
    quick_replies: z
      .array(
        // The types user_phone_number and user_email ended on 5 October 2026.
        z.strictObject({
          content_type: z.literal("text"),
          title: z.string().min(1).max(20),
          payload: z.string().min(1),
        }),
      )
      .min(1)
      .max(13)
      .optional(),
  })
  .refine(
    ({ text, attachment, attachments }) => [text, attachment, attachments].filter(Boolean).length === 1,
    {
      error: "A message has a text, or an attachment, or attachments",
    },
  )
  .refine(({ text, quick_replies }) => quick_replies === undefined || text !== undefined, {
    error: "quick_replies need a text",
  });

const Sending = z
  .strictObject({
    recipient: z.union([z.strictObject({ id: z.string().min(1) }), z.strictObject({ comment_id: id })]),
    message: Message.optional(),
    messaging_type: z.enum(["RESPONSE", "UPDATE", "MESSAGE_TAG"]).optional(),
    tag: z.string().optional(),
    reply_to: z.strictObject({ mid }).optional(),
    sender_action: z.enum(["typing_on", "typing_off", "mark_seen", "react", "unreact"]).optional(),
    payload: z.strictObject({ message_id: mid, reaction: z.string().min(1).optional() }).optional(),
  })
  .refine(({ message, sender_action }) => (message === undefined) !== (sender_action === undefined), {
    error: "A call has a message or a sender_action",
  })
  .refine(({ message, reply_to }) => reply_to === undefined || message !== undefined, {
    error: "reply_to needs a message",
  })
  .refine(
    ({ sender_action, payload }) =>
      (sender_action === "react" || sender_action === "unreact") === (payload !== undefined) &&
      (sender_action === "react") === (payload?.reaction !== undefined),
    { error: "react has a payload with message_id and reaction, unreact one with message_id alone" },
  )
  .refine(({ messaging_type, tag }) => (messaging_type === "MESSAGE_TAG") === (tag !== undefined), {
    error: "MESSAGE_TAG goes with a tag",
  });

export type Sending = z.infer<typeof Sending>;
export type File = z.infer<typeof File>;

const roots = ["recipient", "message", "messaging_type", "tag", "reply_to", "sender_action", "payload"];

/** The names of what is in the body, forms with nested names among them. */
export const namesIn = (call: Call): string[] =>
  [...new Set(readParams(call).keys())].filter((name) => roots.includes(name.split("[")[0] ?? ""));

/** What is to be sent, or why that cannot be. */
export function readSending(call: Call): Sending | Answer {
  const body = Object.fromEntries(Object.entries(givenIn(call)).filter(([name]) => roots.includes(name)));
  const parsed = Sending.safeParse(body);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return invalidParam(`${issue?.path.join(".") || "body"}: ${issue?.message ?? "not valid"}`);
  }
  const { message, tag, sender_action, payload } = parsed.data;
  if (Buffer.byteLength(message?.text ?? "") > textBytes) {
    return invalidParam(`Length of param message[text] must be less than or equal to ${textBytes} bytes`);
  }
  // All the others ended on 27 April 2026.
  if (tag !== undefined && tag !== "HUMAN_AGENT") return invalidParam(`The tag ${tag} is not supported`);
  const isAtFacebook = call.host === facebookHost;
  if (isAtFacebook && message?.attachments !== undefined && !Array.isArray(message.attachments)) {
    return invalidParam("message.attachments must be a list");
  }
  if (sender_action === "react" && !isReaction(payload?.reaction ?? "", isAtFacebook)) {
    return invalidParam("payload.reaction is not a reaction");
  }
  if ("id" in parsed.data.recipient && !/^\d+$/.test(parsed.data.recipient.id)) {
    return messagingError(call, "no_matching_user");
  }
  return parsed.data;
}

/** The addresses of files in it. */
export const addressesIn = (sending: Sending): string[] => filesIn(sending).map(({ payload }) => payload.url);

export function filesIn({ message }: Sending): File[] {
  const { attachment, attachments } = message ?? {};
  return [attachment, attachments].flat().filter((one): one is File => isFile(one));
}

const isFile = (one: object | undefined): one is File => one !== undefined && File.safeParse(one).success;

/** Through a Page there is only the heart; at Instagram's own host any emoji will do. */
const isReaction = (text: string, isAtFacebook: boolean): boolean =>
  text === "love" || (!isAtFacebook && /^\p{RGI_Emoji}$/v.test(text));

/** JSON as it is; a form with `recipient[id]=…`, or with JSON in its fields. */
function givenIn(call: Call): Record<string, Json> {
  const json = jsonBody(call);
  if (json !== null) return json;
  const body: Record<string, Json> = {};
  for (const [name, text] of readParams(call)) {
    const path = name.split(/\[|\]\[|\]/).filter((part, nth) => nth === 0 || part !== "");
    place(body, path, path.length === 1 ? unpacked(text) : text);
  }
  // safe: lists in a form are objects with 0, 1, 2 … as names
  return listsIn(body) as Record<string, Json>;
}

function place(into: Record<string, Json>, [name = "", ...rest]: string[], value: Json): void {
  if (rest.length === 0) {
    into[name] = value;
    return;
  }
  const inner = Object.hasOwn(into, name) ? into[name] : undefined;
  const next: Record<string, Json> =
    typeof inner === "object" && inner !== null && !Array.isArray(inner) ? inner : {};
  into[name] = next;
  place(next, rest, value);
}

function listsIn(value: Json): Json {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const names = Object.keys(value);
  const inner = names.map((name) => listsIn(value[name] ?? null));
  const isList = names.length > 0 && names.every((name, nth) => name === String(nth));
  return isList ? inner : Object.fromEntries(names.map((name, nth) => [name, inner[nth] ?? null]));
}

function unpacked(text: string): Json {
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    // safe: JSON.parse makes nothing but Json
    return JSON.parse(text) as Json;
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}
