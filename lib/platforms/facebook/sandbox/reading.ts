/** Reading back on the simulated Facebook: posts, photos, videos, comments, and the lists of a Page. */
import {
  type Answer,
  type Call,
  findPublication,
  isAnswer,
  type Publication,
  permalink,
} from "@/lib/sandbox/kit";
import { DAY } from "@/lib/sandbox/oauth";
import { isAccount, readAccount } from "./accounts";
import { type Draft, drafts, findDraft } from "./drafts";
import { answerList, answerNode, inside, insideData, type Node } from "./fields";
import { admitPage, invalidParam, missingObject, pageOf, time, toRead } from "./graph";
import { findPhoto, photoNode } from "./photos";
import { findVideo, isLive, videoNode } from "./videos";

export function nodeOperation(call: Call): string {
  const id = call.params["id"] ?? "";
  if (isAccount(id)) return "me";
  if (findVideo(call, id) !== null) return "video_status";
  return findPhoto(call, id) === null ? "get_post" : "get_photo";
}

/** GET /{id}, whatever it is */
export function readNode(call: Call): Answer {
  const id = call.params["id"] ?? "";
  if (isAccount(id)) return readAccount(call);
  const publication = findPublication(call, id);
  const [draft, photo, video] = [findDraft(call, id), findPhoto(call, id), findVideo(call, id)];
  const pageId =
    (publication === null ? null : pageOf(publication)) ?? draft?.page.id ?? photo?.pageId ?? video?.pageId;
  const admitted = admitPage(call, pageId ?? "me", toRead);
  if (isAnswer(admitted)) return admitted;
  const { params } = admitted;
  if (video !== null) return answerNode(params, "Video", videoNode(call, video), ["id", "updated_time"]);
  if (photo !== null)
    return answerNode(params, "Photo", photoNode(call, photo), ["created_time", "name", "id"]);
  if (publication !== null && publication.replyTo !== null) {
    return answerNode(params, "Comment", commentNode(call, publication), [
      "created_time",
      "from",
      "message",
      "id",
    ]);
  }
  const post = publication !== null && shownOnPage(call, publication) ? publication : draft;
  return post === null
    ? missingObject(id)
    : answerNode(params, "Post", postNode(call, post), ["created_time", "message", "id"]);
}

/** GET /{page}/feed, /posts and /published_posts: the newest first, no stories. */
export function listPosts(call: Call): Answer {
  const admitted = admitPage(call, call.params["id"] ?? "", toRead);
  if (isAnswer(admitted)) return admitted;
  const { page, params } = admitted;
  const since = instant(params.get("since"), 0);
  const until = instant(params.get("until"), Number.POSITIVE_INFINITY);
  if (since === null || until === null) return invalidParam("since and until are times.");
  const posts = call.world.publications
    .filter((one) => pageOf(one) === page.id && one.deletedAt === null && one.replyTo === null)
    .filter((one) => one.details["kind"] !== "story" && shownOnPage(call, one))
    .filter(({ createdAt }) => createdAt >= since && createdAt <= until)
    .toSorted((a, b) => b.createdAt - a.createdAt);
  return answerList(call, params, {
    type: "Post",
    nodes: posts.map((one) => ({ id: one.id, node: postNode(call, one) })),
    byDefault: ["created_time", "message", "id"],
  });
}

/** GET /{page}/scheduled_posts */
export function listScheduled(call: Call): Answer {
  const admitted = admitPage(call, call.params["id"] ?? "", toRead);
  if (isAnswer(admitted)) return admitted;
  const { page, params } = admitted;
  const scheduled = Object.values(drafts(call))
    .filter((one) => one.page.id === page.id && one.scheduledAt !== null)
    .toSorted((a, b) => (a.scheduledAt ?? 0) - (b.scheduledAt ?? 0));
  return answerList(call, params, {
    type: "Post",
    nodes: scheduled.map((one) => ({ id: one.id, node: postNode(call, one) })),
    byDefault: ["created_time", "message", "id"],
  });
}

/** GET /{page}/stories */
export function listStories(call: Call): Answer {
  const admitted = admitPage(call, call.params["id"] ?? "", toRead);
  if (isAnswer(admitted)) return admitted;
  const { page, params } = admitted;
  const stories = call.world.publications
    .filter((one) => pageOf(one) === page.id && one.deletedAt === null && one.details["kind"] === "story")
    .filter((one) => shownOnPage(call, one))
    .reverse();
  return answerList(call, params, {
    type: "Stories",
    nodes: stories.map((one) => ({ id: one.id, node: storyNode(call, one) })),
    byDefault: ["post_id", "status", "creation_time", "media_type", "media_id", "url"],
  });
}

/** GET /{post}/comments, the oldest first */
export function listComments(call: Call): Answer {
  const id = call.params["id"] ?? "";
  const post = findPublication(call, findPhoto(call, id)?.postId ?? findVideo(call, id)?.postId ?? id);
  const admitted = admitPage(call, post === null ? "me" : pageOf(post), toRead);
  if (isAnswer(admitted)) return admitted;
  if (post === null) return missingObject(id);
  const comments = call.world.publications.filter((one) => one.replyTo === post.id && one.deletedAt === null);
  return answerList(call, admitted.params, {
    type: "Comment",
    nodes: comments.map((one) => ({ id: one.id, node: commentNode(call, one) })),
    byDefault: ["created_time", "from", "message", "id"],
  });
}

/** Whether it can be seen there: a video only once it is through. */
export function shownOnPage(call: Call, { details }: Publication): boolean {
  const video = findVideo(call, String(details["videoId"] ?? ""));
  return video === null || isLive(call, video);
}

export function postNode(call: Call, post: Publication | Draft): Node {
  const { id, text, link, media, details, createdAt } = post;
  const isDraft = "scheduledAt" in post;
  const scheduledAt = isDraft ? post.scheduledAt : null;
  const [first] = media;
  return {
    id,
    message: text || undefined,
    story: undefined,
    created_time: time(createdAt),
    updated_time: time(Number(details["editedAt"] ?? createdAt)),
    permalink_url: isDraft ? `https://www.facebook.com/${id}` : permalink(call, id),
    is_published: !isDraft,
    is_hidden: false,
    is_expired: false,
    scheduled_publish_time: scheduledAt === null ? undefined : Math.floor(scheduledAt / 1_000),
    status_type:
      media.length === 0 ? (link === null ? "mobile_status_update" : "shared_story") : addedWhat(first),
    full_picture: first?.mime.startsWith("image/") ? fileUrl(call, first.id) : undefined,
    picture: first?.mime.startsWith("image/") ? fileUrl(call, first.id) : undefined,
    from: inside({ id: details["page"], name: details["pageName"] }, ["name", "id"]),
    attachments: attachments(call, post),
  };
}

export function commentNode(call: Call, { id, text, createdAt, details, media, replyTo }: Publication): Node {
  const [picture] = media;
  return {
    id,
    message: text,
    created_time: time(createdAt),
    permalink_url: permalink(call, id),
    is_hidden: details["hidden"] ?? false,
    from: inside({ id: details["page"], name: details["pageName"] }, ["name", "id"]),
    object: inside({ id: replyTo }, ["id"]),
    parent: undefined,
    attachment:
      picture === undefined
        ? undefined
        : { type: "photo", media: { image: { src: fileUrl(call, picture.id) } } },
  };
}

function storyNode(call: Call, { id, createdAt, details, media }: Publication): Node {
  return {
    post_id: id,
    status: call.now < createdAt + DAY ? "published" : "archived",
    creation_time: String(Math.floor(createdAt / 1_000)),
    media_type: media[0]?.mime.startsWith("video/") ? "video" : "photo",
    media_id: details["videoId"] ?? details["photoId"],
    url: permalink(call, id),
  };
}

function attachments(call: Call, { id, link, media }: Publication | Draft): unknown {
  if (media.length === 0 && link === null) return undefined;
  const each = media.map((one) => {
    const isVideo = one.mime.startsWith("video/");
    return {
      type: isVideo ? "video_inline" : "photo",
      media_type: isVideo ? "video" : "photo",
      url: permalink(call, id),
      description: one.alt ?? undefined,
      media: { image: { height: one.height, src: fileUrl(call, one.id), width: one.width } },
    };
  });
  const byDefault = ["media", "type", "url", "media_type"];
  const blank = {
    description: undefined,
    subattachments: undefined,
    title: undefined,
    unshimmed_url: undefined,
  };
  const [first] = each;
  if (first === undefined) {
    const share = {
      ...blank,
      media: undefined,
      type: "share",
      media_type: "link",
      url: link,
      unshimmed_url: link,
    };
    return insideData([share], byDefault);
  }
  if (each.length === 1) return insideData([{ ...blank, ...first }], byDefault);
  const album = {
    ...blank,
    ...first,
    type: "album",
    media_type: "album",
    subattachments: insideData(each, ["media", "type", "url"]),
  };
  return insideData([album], [...byDefault, "subattachments"]);
}

const addedWhat = (first: { mime: string } | undefined): string =>
  first?.mime.startsWith("video/") ? "added_video" : "added_photos";

const fileUrl = (call: Call, id: string): string => `${call.sandboxOrigin}/_sandbox/files/${id}`;

/** Unix seconds or a date, as milliseconds; null when it is neither. */
function instant(value: string | null, otherwise: number): number | null {
  if (value === null || value === "") return otherwise;
  const ms = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value);
  return Number.isNaN(ms) ? null : ms;
}
