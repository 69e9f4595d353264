/** The simulated X's writing side: create and delete a post. */
import {
  type Answer,
  type Call,
  findPublication,
  isAnswer,
  type Json,
  json,
  jsonBody,
  newId,
  type Person,
  type Publication,
  publish,
  type Shown,
  unpublish,
} from "@/lib/sandbox/kit";
import { forbidden, invalidRequest, NOT_PERMITTED, problem, problemType, signedIn } from "./answers";
import { type Attachments, attachmentsOf, misshapenAttachments } from "./attachments";
import { setting } from "./knobs";
import { countCashtags, firstLink, hasInvalidCharacters, weightedLength } from "./text";
import { isId, shown, wrongId } from "./timeline";

const replySettings = ["following", "mentionedUsers", "subscribers", "verified"];
const createFields = (
  "text media poll reply reply_settings quote_tweet_id community_id share_with_followers made_with_ai " +
  "paid_partnership edit_options geo for_super_followers_only nullcast card_uri direct_message_deep_link"
).split(" ");
// What these ask for is either sold separately or not simulated: X says the same of both.
const closedFields = (
  "community_id share_with_followers edit_options geo for_super_followers_only nullcast card_uri " +
  "direct_message_deep_link"
).split(" ");

type Reply = { target: Publication } | null;

/** POST /2/tweets. The checks come in X's order: shape, then what this person may say, then the effect. */
export function createPost(call: Call): Answer {
  const person = signedIn(call, ["tweet.read", "tweet.write", "users.read"]);
  if (isAnswer(person)) return person;
  const body = jsonBody(call);
  if (body === null) return invalidRequest("The request body must be a JSON object.");
  const misshapen = misshape(call, body);
  if (misshapen !== null) return misshapen;
  const text = String(body.text ?? "");
  const refusal = textRefusal(person, text) ?? closedRefusal(body);
  if (refusal !== null) return refusal;
  const reply = replyOf(call, person, body);
  if (isReplyRefused(reply)) return reply.refused;
  const attached = attachmentsOf(call, person, body);
  if (isAnswer(attached)) return attached;
  if (isDuplicate(call, person, text, attached)) {
    return forbidden("You are not allowed to create a Tweet with duplicate content.");
  }
  const id = newId(call);
  const target = reply?.target ?? null;
  const post = publish(call, {
    id,
    personId: person.id,
    text,
    replyTo: target?.id ?? null,
    link: firstLink(text),
    media: attached.media,
    details: {
      conversationId: target === null ? id : (target.details.conversationId ?? target.id),
      replySettings: body.reply_settings ?? "everyone",
      reply_settings: body.reply_settings ?? "everyone",
      madeWithAi: body.made_with_ai ?? false,
      paidPartnership: body.paid_partnership ?? false,
      poll: attached.poll,
      attachments: attachmentDto(call, attached),
    },
  });
  return json(201, { data: { id, text: shown(call, post).text, edit_history_tweet_ids: [id] } });
}

/** DELETE /2/tweets/:id, only one's own. */
export function deletePost(call: Call): Answer {
  const person = signedIn(call, ["tweet.read", "tweet.write", "users.read"]);
  if (isAnswer(person)) return person;
  const wrong = wrongId(call);
  if (wrong !== null) return wrong;
  const id = call.params.id ?? "";
  const post = findPublication(call, id);
  if (post === null) {
    const detail = `Could not find tweet with id: [${id}].`;
    return problem(404, "Not Found Error", detail, problemType("resource-not-found"));
  }
  if (post.personId !== person.id) return forbidden("You are not authorized to delete this Tweet.");
  unpublish(call, post);
  return json(200, { data: { deleted: true } });
}

function misshape(call: Call, body: Record<string, Json>): Answer | null {
  const stranger = Object.keys(body).find((name) => !createFields.includes(name));
  if (stranger !== undefined || call.query.size > 0) {
    return invalidRequest(
      `$.${stranger ?? "query"}: is not defined in the schema and the schema does not allow additional properties`,
    );
  }
  const misattached = misshapenAttachments(body);
  if (misattached !== null) return misattached;
  const { text = "media" in body ? "" : null } = body;
  if (typeof text !== "string") return invalidRequest("$.text: a string is required");
  if ((text.trim() === "" && !("media" in body)) || hasInvalidCharacters(text)) {
    return invalidRequest("$.text: empty, or with invalid characters", { text: [text] });
  }
  for (const name of ["made_with_ai", "paid_partnership"]) {
    if (name in body && typeof body[name] !== "boolean")
      return invalidRequest(`$.${name}: must be a boolean`);
  }
  if ("reply_settings" in body && !replySettings.includes(String(body.reply_settings))) {
    return invalidRequest(`$.reply_settings: must be one of [${replySettings.join(", ")}]`);
  }
  return "reply" in body ? misshapenReply(body.reply) : null;
}

function misshapenReply(reply: Json | undefined): Answer | null {
  if (typeof reply !== "object" || reply === null || Array.isArray(reply)) {
    return invalidRequest("$.reply: must be an object");
  }
  const allowed = ["in_reply_to_tweet_id", "exclude_reply_user_ids", "auto_populate_reply_metadata"];
  const stranger = Object.keys(reply).find((name) => !allowed.includes(name));
  if (stranger !== undefined) return invalidRequest(`$.reply.${stranger}: is not defined in the schema`);
  const {
    in_reply_to_tweet_id: id,
    exclude_reply_user_ids: excluded,
    auto_populate_reply_metadata: auto,
  } = reply;
  if (typeof id !== "string" || !isId(id)) {
    return invalidRequest("$.reply.in_reply_to_tweet_id: does not match the pattern ^[0-9]{1,19}$");
  }
  const isListOfIds =
    Array.isArray(excluded) && excluded.every((one) => typeof one === "string" && isId(one));
  if (excluded !== undefined && !isListOfIds) {
    return invalidRequest("$.reply.exclude_reply_user_ids: must be a list of ids");
  }
  if (auto !== undefined && typeof auto !== "boolean") {
    return invalidRequest("$.reply.auto_populate_reply_metadata: must be a boolean");
  }
  return null;
}

function textRefusal(person: Person, text: string): Answer | null {
  const plan = person.details?.subscription_type ?? "None";
  const max = plan === "None" ? 280 : 25_000;
  // X words a text that is too long like a missing permission. What is far too long is not worth counting.
  if (text.length > 50_000 || weightedLength(text) > max) return forbidden(NOT_PERMITTED);
  return countCashtags(text) > 1 ? forbidden("Posts may contain a maximum of one cashtag.") : null;
}

function closedRefusal(body: Record<string, Json>): Answer | null {
  if ("quote_tweet_id" in body) {
    return forbidden("Quoting this post is not allowed because it needs an Enterprise plan.");
  }
  return closedFields.some((name) => name in body) ? forbidden(NOT_PERMITTED) : null;
}

function replyOf(call: Call, person: Person, body: Record<string, Json>): Reply | { refused: Answer } {
  const { reply } = body;
  if (typeof reply !== "object" || reply === null || Array.isArray(reply)) return null;
  const target = findPublication(call, String(reply.in_reply_to_tweet_id));
  if (target === null) {
    const gone = "You attempted to reply to a Tweet that is deleted or not visible to you.";
    return { refused: forbidden(gone) };
  }
  // One's own posts are always open; others' only to those they called in.
  if (target.personId === person.id || mentions(target.text, person.username)) return { target };
  return {
    refused: forbidden(
      "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged by " +
        "the author of the post you are replying to.",
    ),
  };
}

function isReplyRefused(reply: Reply | { refused: Answer }): reply is { refused: Answer } {
  return reply !== null && "refused" in reply;
}

function mentions(text: string, username: string): boolean {
  return [...text.matchAll(/(?<!\w)@(\w{1,15})(?!\w)/g)].some(
    ([, name]) => name?.toLowerCase() === username.toLowerCase(),
  );
}

/** The same words with the same files and the same poll; X does not say how it compares. */
function isDuplicate(call: Call, person: Person, text: string, { media, poll }: Attachments): boolean {
  const since = call.now - setting(call, "duplicateWindowMs");
  const same = (words: string, files: Shown[], question: Json) =>
    JSON.stringify([words.normalize("NFC").trim(), files.map(({ sha256 }) => sha256), question]);
  const wanted = same(text, media, poll);
  return call.world.publications.some(
    (post) =>
      post.personId === person.id &&
      post.deletedAt === null &&
      post.createdAt > since &&
      same(post.text, post.media, post.details.poll ?? null) === wanted,
  );
}

function attachmentDto(call: Call, { mediaKeys, poll }: Attachments): Json {
  if (poll !== null) return { poll_ids: [newId(call)] };
  return mediaKeys.length === 0 ? null : { media_keys: mediaKeys };
}
