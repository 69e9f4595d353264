/** Posts and comments on the simulated Facebook's Pages: written, changed and deleted. */
import { shown } from "@/lib/sandbox/files";
import {
  type Answer,
  type Call,
  findPublication,
  isAnswer,
  json,
  newId,
  type Publication,
  publish,
  type Shown,
  unpublish,
} from "@/lib/sandbox/kit";
import type { Page } from "@/lib/sandbox/meta";
import { graphError } from "@/lib/sandbox/meta";
import { drafts, findDraft, newPostId, release, whenFrom } from "./drafts";
import { answerNode } from "./fields";
import { admitPage, flag, invalidParam, missingObject, pageOf, setting, toPublish } from "./graph";
import { attachedPhotos, findPhoto, shownPhotos } from "./photos";
import { commentNode, postNode, shownOnPage } from "./reading";
import { cancelVideo, findVideo } from "./videos";

/** Not documented; what the site itself takes. */
const maxText = 63_206;
const toComment = { scopes: ["pages_manage_engagement"], task: "MODERATE" };

/** POST /{page}/feed */
export function createPost(call: Call): Answer {
  const admitted = admitPage(call, call.params["id"] ?? "", toPublish);
  if (isAnswer(admitted)) return admitted;
  const { page, params } = admitted;
  const text = params.get("message") ?? "";
  const link = params.get("link") || null;
  const photos = attachedPhotos(call, admitted);
  if (photos !== null && isAnswer(photos)) return photos;
  // Thirty days says the guide, 75 the reference: whoever keeps to the shorter one is right either way.
  const when = whenFrom(call, params, 30);
  if (isAnswer(when)) return when;
  const refused =
    textRefusal(text) ??
    linkRefusal(link) ??
    (text.trim() === "" && link === null && photos === null
      ? invalidParam("Missing message or attachment")
      : null);
  if (refused !== null) return refused;
  // A post with photos is never the same: its photos can be used once only.
  if (when.published && photos === null && isDuplicate(call, page, text, link)) {
    return graphError(400, {
      message: "(#506) Duplicate status message",
      type: "OAuthException",
      code: 506,
      error_user_title: "Duplicate Status Update",
      error_user_msg:
        "This status update is identical to the last one you posted. Try posting something different, or delete your previous update.",
    });
  }
  const id = newPostId(call, page);
  for (const photo of photos ?? []) photo.postId = id;
  release(call, { id, page, text, link, kind: "post", when, media: shownPhotos(photos ?? []) });
  return answerWritten(call, params, id);
}

/** POST /{post}/comments, also by the id of a photo or a video that is in a post. */
export function createComment(call: Call): Answer {
  const post = postBy(call, call.params["id"] ?? "");
  const admitted = admitPage(call, post === null ? "me" : pageOf(post), toComment);
  if (isAnswer(admitted)) return admitted;
  if (post === null) return missingObject(call.params["id"] ?? "");
  const { page, params } = admitted;
  if (setting(call, "commentsClosed")) {
    return graphError(400, {
      message: "(#1705) There was an error posting to this wall",
      type: "OAuthException",
      code: 1705,
    });
  }
  const text = params.get("message") ?? "";
  const address = params.get("attachment_url") || null;
  const file = address === null ? null : (call.fetched[address]?.file ?? null);
  if (address !== null && !file?.mime.startsWith("image/")) {
    return invalidParam("Param attachment_url must lead to a picture.");
  }
  if (text.trim() === "" && file === null) return invalidParam("Missing message or attachment");
  const refused = textRefusal(text);
  if (refused !== null) return refused;
  const media: Shown[] = file === null ? [] : [shown(file)];
  const id = `${post.id.split("_").at(-1)}_${newId(call)}`;
  const comment = publish(call, {
    id,
    personId: page.ownerId,
    text,
    replyTo: post.id,
    media,
    details: { kind: "comment", page: page.id, pageName: page.name },
  });
  return answerNode(params, "Comment", commentNode(call, comment), ["id"]);
}

/** POST /{post} and /{comment}: another text, or a comment hidden. */
export function editPost(call: Call): Answer {
  const id = call.params["id"] ?? "";
  const publication = findPublication(call, id);
  const draft = findDraft(call, id);
  const pageId = publication === null ? draft?.page.id : pageOf(publication);
  const isComment = publication !== null && publication.replyTo !== null;
  const admitted = admitPage(call, pageId ?? "me", isComment ? toComment : toPublish);
  if (isAnswer(admitted)) return admitted;
  const target = publication ?? draft;
  if (target === null) return missingObject(id);
  const { params } = admitted;
  const text = params.get("message");
  const hidden = flag(params, "is_hidden", false);
  if (typeof hidden !== "boolean") return hidden;
  if (text === null && !(isComment && params.has("is_hidden"))) {
    return invalidParam("The parameter message is required.");
  }
  const refused = text === null ? null : textRefusal(text);
  if (refused !== null) return refused;
  if (text?.trim() === "" && target.link === null && target.media.length === 0) {
    return invalidParam("Missing message or attachment");
  }
  target.text = text ?? target.text;
  if (params.has("is_hidden")) target.details["hidden"] = hidden;
  if (text !== null) target.details["editedAt"] = call.now;
  call.effect = publication !== null;
  return json(200, { success: true });
}

/** DELETE of a post, a comment, a photo or a video. */
export function deletePost(call: Call): Answer {
  const id = call.params["id"] ?? "";
  const [publication, draft] = [findPublication(call, id), findDraft(call, id)];
  const [photo, video] = [findPhoto(call, id), findVideo(call, id)];
  const pageId =
    (publication === null ? null : pageOf(publication)) ?? draft?.page.id ?? photo?.pageId ?? video?.pageId;
  const isComment = publication !== null && publication.replyTo !== null;
  const admitted = admitPage(call, pageId ?? "me", isComment ? toComment : toPublish);
  if (isAnswer(admitted)) return admitted;
  if (pageId === undefined) return missingObject(id);
  if (photo !== null) {
    const holder = photo.postId === null ? null : postBy(call, photo.postId);
    // It is gone for good: an unused photo older than a day looks the same.
    photo.createdAt = 0;
    photo.temporary = false;
    photo.postId = null;
    if (holder !== null) withoutPhoto(call, holder, photo.file.id);
  }
  if (video !== null) {
    cancelVideo(call, video);
    const holder = video.postId === null ? null : findPublication(call, video.postId);
    if (holder !== null) unpublish(call, holder);
    if (video.postId !== null) delete drafts(call)[video.postId];
  }
  if (draft !== null) delete drafts(call)[id];
  if (publication !== null) unpublish(call, publication);
  return json(200, { success: true });
}

/** The post with this id, or the one that the photo or the video with this id is in. */
function postBy(call: Call, id: string): Publication | null {
  const postId = findPhoto(call, id)?.postId ?? findVideo(call, id)?.postId ?? id;
  const post = findPublication(call, postId);
  return post !== null && shownOnPage(call, post) ? post : null;
}

/** A post of one photo goes with it; one of several stays without it. */
function withoutPhoto(call: Call, post: Publication, fileId: string): void {
  const left = post.media.filter(({ id }) => id !== fileId);
  if (left.length === 0) unpublish(call, post);
  else {
    post.media = left;
    call.effect = true;
  }
}

/** What was written, with the fields asked for (read-after-write). */
function answerWritten(call: Call, params: URLSearchParams, id: string): Answer {
  const written = findPublication(call, id) ?? findDraft(call, id);
  if (written === null) throw new Error("What was just written is there.");
  return answerNode(params, "Post", postNode(call, written), ["id"]);
}

function textRefusal(text: string): Answer | null {
  return [...text].length > maxText
    ? invalidParam(`The message must have at most ${maxText} characters.`)
    : null;
}

/** Nothing is fetched: an address nobody can have is one that cannot be scraped. */
function linkRefusal(link: string | null): Answer | null {
  if (link === null) return null;
  const url = URL.parse(link);
  if (url !== null && /^https?:$/.test(url.protocol) && !url.hostname.endsWith(".invalid")) return null;
  return graphError(400, {
    message: "(#1609005) The link could not be scraped.",
    type: "OAuthException",
    code: 1609005,
    error_user_title: "Problem With URL in Status Update",
    error_user_msg: "There was a problem scraping data from the URL you provided.",
  });
}

/** Whether the last thing that was published there, and is still there, says just this. */
function isDuplicate(call: Call, page: Page, text: string, link: string | null): boolean {
  const last = call.world.publications.findLast(
    (one) =>
      one.deletedAt === null &&
      one.replyTo === null &&
      one.details["kind"] !== "story" &&
      pageOf(one) === page.id,
  );
  return last !== undefined && last.media.length === 0 && last.text === text && last.link === link;
}
