/** How the simulated X gives posts back: the author's list and single posts, with the fields that were asked for. */
import {
  type Answer,
  type Call,
  findPublication,
  isAnswer,
  json,
  type Person,
  type Publication,
  personById,
  strangeParam,
} from "@/lib/sandbox/kit";
import { invalidRequest, notFoundError, signedIn } from "./answers";
import { setting } from "./knobs";
import { isLong, type Rendered, render, renderBeginning, withMediaLink } from "./text";

const postFields = (
  "article attachments author_id card_uri community_id context_annotations conversation_id created_at " +
  "display_text_range edit_controls edit_history_tweet_ids entities geo id in_reply_to_user_id lang " +
  "media_metadata note_tweet possibly_sensitive public_metrics referenced_tweets reply_settings scopes source " +
  "suggested_source_links text withheld"
).split(" ");
const listParams = [
  "max_results",
  "tweet.fields",
  "start_time",
  "end_time",
  "since_id",
  "until_id",
  "exclude",
  "pagination_token",
];

/** GET /2/users/:id/tweets, newest first. */
export function listPosts(call: Call): Answer {
  const reader = signedIn(call, ["tweet.read", "users.read"]);
  if (isAnswer(reader)) return reader;
  const { query } = call;
  const strange = strangeParam(query, listParams);
  if (strange !== null) return strangeQuery(strange, listParams);
  const wrong = wrongListParam(query) ?? wrongFields(query) ?? wrongId(call);
  if (wrong !== null) return wrong;
  const author = personById(call, call.params.id ?? "");
  if (author === null) return json(200, { errors: [notFoundError("user", call.params.id ?? "")] });
  const size = Number(query.get("max_results") ?? 10);
  const found = call.world.publications.filter((post) => isListed(call, post, author)).sort(newestFirst);
  const page = found.slice(0, size);
  const last = page.at(-1);
  if (last === undefined) return json(200, { meta: { result_count: 0 } });
  return json(200, {
    data: page.map((post) => postDto(call, post, fieldsOf(query))),
    meta: {
      result_count: page.length,
      newest_id: page[0]?.id,
      oldest_id: last.id,
      ...(found.length > size ? { next_token: pageToken(last.id) } : {}),
    },
  });
}

/** GET /2/tweets/:id. What is gone is a 200 with `errors`, as everywhere in this API. */
export function getPost(call: Call): Answer {
  const reader = signedIn(call, ["tweet.read", "users.read"]);
  if (isAnswer(reader)) return reader;
  const strange = strangeParam(call.query, ["tweet.fields"]);
  if (strange !== null) return strangeQuery(strange, ["tweet.fields"]);
  const wrong = wrongFields(call.query) ?? wrongId(call);
  if (wrong !== null) return wrong;
  const id = call.params.id ?? "";
  const post = findPublication(call, id);
  return post === null
    ? json(200, { errors: [notFoundError("tweet", id)] })
    : json(200, { data: postDto(call, post, fieldsOf(call.query)) });
}

function isListed(call: Call, post: Publication, author: Person): boolean {
  const { query } = call;
  const since = query.get("since_id");
  const until = query.get("until_id");
  const start = query.get("start_time");
  const end = query.get("end_time");
  const page = query.get("pagination_token");
  const id = BigInt(post.id);
  return (
    post.personId === author.id &&
    post.deletedAt === null &&
    post.createdAt + setting(call, "listLagMs") <= call.now &&
    (since === null || id > BigInt(since)) &&
    (until === null || id < BigInt(until)) &&
    (page === null || id < BigInt(pageStart(page) ?? 0)) &&
    (start === null || post.createdAt >= Date.parse(start)) &&
    (end === null || post.createdAt < Date.parse(end)) &&
    !(post.replyTo !== null && query.get("exclude")?.split(",").includes("replies"))
  );
}

function postDto(call: Call, post: Publication, fields: string[]): Record<string, unknown> {
  const target = call.world.publications.find(({ id }) => id === post.replyTo) ?? null;
  const known: Record<string, unknown> = {
    id: post.id,
    text: shown(call, post).text,
    attachments: post.details.attachments ?? undefined,
    edit_history_tweet_ids: [post.id],
    author_id: post.personId,
    conversation_id: post.details.conversationId,
    // Whole seconds: what X gives back may lie a little before the moment it was asked.
    created_at: new Date(Math.floor(post.createdAt / 1_000) * 1_000).toISOString(),
    entities: entitiesOf(shown(call, post)),
    in_reply_to_user_id: target?.personId,
    lang: "en",
    note_tweet: isLong(post.text) ? noteOf(post) : undefined,
    possibly_sensitive: false,
    public_metrics: {
      retweet_count: 0,
      reply_count: call.world.publications.filter(({ replyTo }) => replyTo === post.id).length,
      like_count: 0,
      quote_count: 0,
      bookmark_count: 0,
      impression_count: 0,
    },
    referenced_tweets: post.replyTo === null ? undefined : [{ type: "replied_to", id: post.replyTo }],
    reply_settings: post.details.replySettings,
  };
  // JSON leaves out what is undefined, as X leaves out what a post does not have.
  return Object.fromEntries(fields.map((name) => [name, known[name]]));
}

/** The text as X shows it: the beginning of a long post, else all of it. */
export function shown(call: Call, post: Publication): Rendered {
  const plain = isLong(post.text) ? renderBeginning(post.id, post.text) : render(post.id, post.text);
  if (post.media.length === 0 || !setting(call, "mediaLinkInText")) return plain;
  const kind = post.media[0]?.mime.startsWith("video/") ? "video" : "photo";
  return withMediaLink(post.id, plain, `https://x.com/${post.author}/status/${post.id}/${kind}/1`);
}

function noteOf(post: Publication): Record<string, unknown> {
  const whole = render(post.id, post.text);
  return { text: whole.text, entities: entitiesOf(whole) };
}

function entitiesOf({ urls }: Rendered): { urls: Rendered["urls"] } | undefined {
  return urls.length === 0 ? undefined : { urls };
}

function fieldsOf(query: URLSearchParams): string[] {
  const asked = query.get("tweet.fields")?.split(",") ?? [];
  return [...new Set(["id", "text", "edit_history_tweet_ids", ...asked])];
}

function wrongFields(query: URLSearchParams): Answer | null {
  const stranger = query
    .get("tweet.fields")
    ?.split(",")
    .find((name) => !postFields.includes(name));
  return stranger === undefined
    ? null
    : wrongValue("tweet.fields", stranger, `one of [${postFields.join(",")}]`);
}

/** The refusal of an `:id` that is no id, or null. */
export function wrongId(call: Call): Answer | null {
  const id = call.params.id ?? "";
  return isId(id) ? null : wrongValue("id", id, "a number of at most 19 digits");
}

function wrongListParam(query: URLSearchParams): Answer | null {
  const size = query.get("max_results");
  if (size !== null && (!/^\d{1,3}$/.test(size) || Number(size) < 5 || Number(size) > 100)) {
    return wrongValue("max_results", size, "between 5 and 100");
  }
  for (const name of ["since_id", "until_id"]) {
    const id = query.get(name);
    if (id !== null && !isId(id)) return wrongValue(name, id, "a number of at most 19 digits");
  }
  for (const name of ["start_time", "end_time"]) {
    const time = query.get(name);
    const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/.test(time ?? "");
    if (time !== null && (!isTime || Number.isNaN(Date.parse(time)))) {
      return wrongValue(name, time, "a time as YYYY-MM-DDTHH:mm:ssZ");
    }
  }
  const [start, end] = [query.get("start_time"), query.get("end_time")];
  if (start !== null && end !== null && Date.parse(start) >= Date.parse(end)) {
    return wrongValue("end_time", end, "later than start_time");
  }
  const kind = query
    .get("exclude")
    ?.split(",")
    .find((one) => one !== "retweets" && one !== "replies");
  if (kind !== undefined) return wrongValue("exclude", kind, "one of [retweets,replies]");
  const page = query.get("pagination_token");
  return page !== null && pageStart(page) === null
    ? wrongValue("pagination_token", page, "a token of an earlier answer")
    : null;
}

function wrongValue(name: string, value: string, wanted: string): Answer {
  return invalidRequest(`The \`${name}\` query parameter value [${value}] is not ${wanted}`, {
    [name]: [value],
  });
}

function strangeQuery(name: string, allowed: string[]): Answer {
  return invalidRequest(`The query parameter [${name}] is not one of [${allowed.join(",")}]`, { [name]: [] });
}

function newestFirst(one: Publication, other: Publication): number {
  return BigInt(one.id) < BigInt(other.id) ? 1 : -1;
}

function pageToken(lastId: string): string {
  return Buffer.from(`after:${lastId}`).toString("base64url");
}

function pageStart(token: string): string | null {
  return /^after:(\d{1,19})$/.exec(Buffer.from(token, "base64url").toString())?.[1] ?? null;
}

export function isId(text: string): boolean {
  return /^\d{1,19}$/.test(text);
}
