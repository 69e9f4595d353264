/** How the simulated Reddit gives posts back, takes them away, and takes comments. */
import {
  type Answer,
  type Call,
  findPublication,
  html,
  isAnswer,
  type Json,
  json,
  newId,
  type Publication,
  permalink,
  publish,
  redirect,
  unpublish,
} from "@/lib/sandbox/kit";
import {
  apiForm,
  badRequest,
  forbidden,
  formOf,
  jsonErrors,
  plain,
  queryRefusal,
  reading,
  setting,
  signedIn,
} from "./answers";
import { errorOf } from "./refusals";
import { findSubreddit, mayEnter, prefixed } from "./subreddits";

const MAX_COMMENT = 10_000;

/** GET /user/:name/submitted, newest first whatever `sort` says: nothing here has votes. */
export function submitted(call: Call): Answer {
  const reader = signedIn(call, "history");
  if (isAnswer(reader)) return reader;
  const wrong = queryRefusal(call, ["limit", "sort", "after", "before", "count", "t", "show"]);
  if (wrong !== null) return wrong;
  const { query } = call;
  const limit = query.get("limit") ?? "25";
  if (!/^\d{1,3}$/.test(limit) || Number(limit) < 1 || Number(limit) > 100) {
    return badRequest("limit must be between 1 and 100.");
  }
  if (!["new", "hot", "top", "controversial"].includes(query.get("sort") ?? "new")) {
    return badRequest("sort must be new, hot, top or controversial.");
  }
  const name = call.params.name?.toLowerCase();
  const author = call.people.find(({ username }) => username.toLowerCase() === name);
  if (author === undefined) return plain(404);
  const all = call.world.publications
    .filter(
      (one) =>
        one.personId === author.id &&
        isPost(one) &&
        one.deletedAt === null &&
        hasAppeared(call, one) &&
        one.createdAt + setting(call, "listLagMs") <= call.now,
    )
    .toReversed();
  const { from, to } = bounds(all, query);
  const page = all.slice(from, to).slice(0, Number(limit));
  const last = page.at(-1);
  const hasMore = last !== undefined && all.indexOf(last) < all.length - 1;
  return listing(call, page, hasMore ? nameOf(last) : null);
}

/** GET /api/info: what is known by these full names, also what was deleted; others are left out. */
export function info(call: Call): Answer {
  const reader = signedIn(call, "read");
  if (isAnswer(reader)) return reader;
  const wrong = queryRefusal(call, ["id"]);
  if (wrong !== null) return wrong;
  const names = call.query.get("id")?.split(",") ?? [];
  if (names.length === 0 || names.length > 100 || !names.every((one) => /^t[1-6]_[0-9a-z]+$/.test(one))) {
    return badRequest("id must be up to 100 full names with commas between them.");
  }
  const visible = call.world.publications.filter((one) => {
    const subreddit = findSubreddit(call, String(one.details.subreddit));
    const isHere = names.includes(nameOf(one)) && hasAppeared(call, one);
    return isHere && subreddit !== null && mayEnter(reader, subreddit);
  });
  return listing(call, visible, null);
}

/** POST /api/del: 200 and nothing more, whether something was deleted or not. */
export function del(call: Call): Answer {
  const person = signedIn(call, "edit");
  if (isAnswer(person)) return person;
  const form = formOf(call, ["id"]);
  if (isAnswer(form)) return form;
  const found = findByName(call, form.get("id") ?? "");
  if (found !== null && found.personId === person.id) unpublish(call, found);
  return json(200, {});
}

/** POST /api/comment, below a post or another comment. */
export function comment(call: Call): Answer {
  const person = signedIn(call, "submit");
  if (isAnswer(person)) return person;
  const form = apiForm(call, ["thing_id", "text"]);
  if (isAnswer(form)) return form;
  if (person.details?.is_suspended === true) return forbidden("IN_TIMEOUT");
  const thing = form.get("thing_id") ?? "";
  const text = form.get("text") ?? "";
  const target = findByName(call, thing);
  if (text.trim() === "") return jsonErrors(errorOf("NO_TEXT", "text"));
  if ([...text].length > MAX_COMMENT) return jsonErrors(errorOf("TOO_LONG", "text"));
  if (target === null) {
    return jsonErrors(errorOf(thing.startsWith("t1_") ? "DELETED_COMMENT" : "DELETED_LINK", "parent"));
  }
  const id = BigInt(newId(call)).toString(36);
  const made = publish(call, {
    id,
    personId: person.id,
    text,
    replyTo: target.id,
    details: {
      kind: "comment",
      subreddit: target.details.subreddit ?? "",
      post_id: target.details.post_id ?? target.id,
    },
  });
  return json(200, { json: { errors: [], data: { things: [{ kind: "t1", data: dtoOf(call, made) }] } } });
}

/** The address people share leads to the sandbox's own feed. */
export function showPost(call: Call): Answer {
  const { id = "", comment: commentId } = call.params;
  const shown = findByName(call, commentId === undefined ? `t3_${id}` : `t1_${commentId}`);
  return shown === null
    ? html(404, "<!doctype html><html lang=en><title>Not found</title><h1>There is nothing here.</h1></html>")
    : redirect(permalink(call, shown.id));
}

function bounds(all: Publication[], query: URLSearchParams): { from: number; to: number } {
  const place = (name: string | null) => all.findIndex((one) => nameOf(one) === name);
  const before = place(query.get("before"));
  return { from: place(query.get("after")) + 1, to: before < 0 ? all.length : before };
}

function listing(call: Call, page: Publication[], after: string | null): Answer {
  const children = page.map((one) => ({ kind: isPost(one) ? "t3" : "t1", data: dtoOf(call, one) }));
  return reading(call, {
    kind: "Listing",
    data: { after, before: null, dist: children.length, modhash: null, geo_filter: "", children },
  });
}

function dtoOf(call: Call, one: Publication): Record<string, Json> {
  const subreddit = findSubreddit(call, String(one.details.subreddit));
  const isGone = one.deletedAt !== null;
  const common: Record<string, Json> = {
    id: one.id,
    name: nameOf(one),
    author: isGone ? "[deleted]" : one.author,
    ...(isGone ? {} : { author_fullname: `t2_${one.personId}` }),
    // Whole seconds: what is given back may lie a little before the moment it was asked.
    created_utc: Math.floor(one.createdAt / 1_000),
    subreddit: subreddit?.name ?? "",
    subreddit_name_prefixed: subreddit === null ? "" : prefixed(subreddit),
    permalink: pathOf(call, one),
    score: 1,
  };
  if (!isPost(one)) {
    return {
      ...common,
      body: isGone ? "[deleted]" : one.text,
      parent_id: `${one.replyTo === one.details.post_id ? "t3" : "t1"}_${one.replyTo ?? ""}`,
      link_id: `t3_${String(one.details.post_id)}`,
    };
  }
  return {
    ...common,
    title: one.details.title ?? "",
    selftext: isGone ? "[deleted]" : (one.details.selftext ?? ""),
    is_self: one.link === null && one.media.length === 0,
    url: addressOf(call, one),
    domain: domainOf(one, subreddit?.name ?? ""),
    over_18: one.details.over_18 ?? false,
    spoiler: one.details.spoiler ?? false,
    link_flair_template_id: one.details.link_flair_template_id ?? null,
    link_flair_text: one.details.link_flair_text ?? null,
    removed_by_category: isGone ? "deleted" : (one.details.removed_by_category ?? null),
    num_comments: call.world.publications.filter(({ replyTo }) => replyTo === one.id).length,
  };
}

/** Where the title leads: the link, the file, or, for words, polls and galleries, the post itself. */
function addressOf(call: Call, { id, link, media }: Publication): string {
  const [file, ...others] = media;
  return file !== undefined && others.length === 0
    ? `${call.sandboxOrigin}/_sandbox/files/${file.id}`
    : (link ?? permalink(call, id));
}

function domainOf({ link, media }: Publication, subreddit: string): string {
  if (link !== null) return new URL(link).hostname;
  const [file, ...others] = media;
  if (file === undefined) return `self.${subreddit}`;
  if (others.length > 0) return "reddit.com";
  return file.mime.startsWith("video/") ? "v.redd.it" : "i.redd.it";
}

/** The path below www.reddit.com, as the answers have it. */
function pathOf(call: Call, one: Publication): string {
  const postId = isPost(one) ? one.id : String(one.details.post_id);
  const post = call.world.publications.find(({ id }) => id === postId);
  const title = String(post?.details.title ?? "").toLowerCase();
  const slug =
    title
      .replace(/[^\p{L}\p{N}]+/gu, "_")
      .replace(/^_|_$/g, "")
      .slice(0, 50) || "_";
  const ofPost = `/r/${String(one.details.subreddit)}/comments/${postId}/${slug}/`;
  return isPost(one) ? ofPost : `${ofPost}${one.id}/`;
}

/** The full name: what kind of thing it is, and its id. */
function nameOf(one: Publication): string {
  return `${isPost(one) ? "t3" : "t1"}_${one.id}`;
}

/** What is still there under this full name; the id alone names nothing. */
function findByName(call: Call, name: string): Publication | null {
  const found = findPublication(call, name.slice("t3_".length));
  return found !== null && nameOf(found) === name && hasAppeared(call, found) ? found : null;
}

/** Whether its files are processed: before that, the post is nowhere. */
function hasAppeared(call: Call, { details }: Publication): boolean {
  return Number(details.appears_at ?? 0) <= call.now;
}

function isPost({ details }: Publication): boolean {
  return details.kind !== "comment";
}
