/** Comments on the simulated Instagram: the first one, replies, hiding, deleting, reading. */
import {
  type Answer,
  type Call,
  findPublication,
  isAnswer,
  json,
  knob,
  newId,
  type Publication,
  personById,
  publish,
  shelf,
  unpublish,
} from "@/lib/sandbox/kit";
import { invalidParam, missingObject } from "./errors";
import { admit, answerEdge, answerNode, asBoolean, type Node, onShelf, timestamp } from "./graph";
import { mediaInPath } from "./media";
import { introduce, scopedId } from "./messaging/people";
import { tellChange } from "./messaging/webhooks";

/** `parentId`: the top-level comment it answers. `personId`: whose post it is under. */
type Comment = {
  id: string;
  personId: string;
  mediaId: string;
  parentId: string | null;
  hidden: boolean;
  /** absent: the business wrote it itself */
  username?: string;
};

type Found = { comment: Comment; publication: Publication };

/** POST /{media}/comments */
export function addComment(call: Call): Answer {
  const admitted = admit(call, ["message"], "comment");
  if (isAnswer(admitted)) return admitted;
  const found = mediaInPath(call, admitted.accounts);
  if (isAnswer(found)) return found;
  if (found.media.parentId !== null) return missingObject(call, found.media.id);
  if (found.publication.details["is_comment_enabled"] === false) {
    return invalidParam("Comments are turned off for this media");
  }
  return write(call, found.media.personId, found.media.id, null, admitted.params.get("message"));
}

/** POST /{comment}/replies. A reply to a reply belongs to the comment at the top. */
export function addReply(call: Call): Answer {
  const admitted = admit(call, ["message"], "comment");
  if (isAnswer(admitted)) return admitted;
  const found = commentInPath(call, admitted.accounts);
  if (isAnswer(found)) return found;
  const { comment } = found;
  if (comment.hidden) return invalidParam("A hidden comment cannot be answered");
  const top = comment.parentId ?? comment.id;
  return write(call, comment.personId, comment.mediaId, top, admitted.params.get("message"));
}

/** GET /{media}/comments: newest first, at most 50, without replies */
export function listComments(call: Call): Answer {
  const admitted = admit(call, ["fields", "limit", "after", "before"], "comment");
  if (isAnswer(admitted)) return admitted;
  const found = mediaInPath(call, admitted.accounts);
  if (isAnswer(found)) return found;
  const nodes = livingComments(call)
    .filter(({ comment }) => comment.mediaId === found.media.id && comment.parentId === null)
    .map((one) => commentNode(call, one));
  return answerEdge(call, admitted.params, nodes, { usual: 25, most: 50 });
}

/** GET /{comment}/replies */
export function listReplies(call: Call): Answer {
  const admitted = admit(call, ["fields", "limit", "after", "before"], "comment");
  if (isAnswer(admitted)) return admitted;
  const found = commentInPath(call, admitted.accounts);
  if (isAnswer(found)) return found;
  const nodes = repliesTo(call, found.comment).map((one) => commentNode(call, one));
  return answerEdge(call, admitted.params, nodes, { usual: 25, most: 50 });
}

/** GET /{comment} */
export function readComment(call: Call): Answer {
  const admitted = admit(call, ["fields"], "comment");
  if (isAnswer(admitted)) return admitted;
  const found = commentInPath(call, admitted.accounts);
  return isAnswer(found) ? found : answerNode(admitted.params, commentNode(call, found));
}

/** POST /{comment}?hide=… */
export function hideComment(call: Call): Answer {
  const admitted = admit(call, ["hide"], "comment");
  if (isAnswer(admitted)) return admitted;
  const found = commentInPath(call, admitted.accounts);
  if (isAnswer(found)) return found;
  const hidden = asBoolean(admitted.params.get("hide"));
  if (hidden === null) return invalidParam("The parameter hide must be a boolean");
  found.comment.hidden = hidden;
  found.publication.details["hidden"] = hidden;
  call.effect = true;
  return json(200, { success: true });
}

/** DELETE /{comment}, through both log-ins; its replies go with it */
export function deleteComment(call: Call): Answer {
  const admitted = admit(call, [], "comment");
  if (isAnswer(admitted)) return admitted;
  const found = commentInPath(call, admitted.accounts);
  if (isAnswer(found)) return found;
  for (const { publication } of repliesTo(call, found.comment)) unpublish(call, publication);
  unpublish(call, found.publication);
  return json(200, { success: true });
}

function write(
  call: Call,
  personId: string,
  mediaId: string,
  parentId: string | null,
  message: string | null,
): Answer {
  if (message === null || message.trim() === "") return invalidParam("The parameter message is required");
  // These numbers stand in older pages of Meta's only; they are the careful reading.
  if (
    knob(call, "commentLimits", true) &&
    ([...message].length > 300 ||
      (message.match(/#[\p{L}\p{N}_]+/gu) ?? []).length > 4 ||
      (message.match(/https?:\/\/\S+/giu) ?? []).length > 1)
  ) {
    return invalidParam("A comment has at most 300 characters, 4 hashtags and 1 link");
  }
  const { id } = publish(call, { id: newId(call), personId, text: message, replyTo: parentId ?? mediaId });
  const comment: Comment = { id, personId, mediaId, parentId, hidden: false };
  shelf<Comment>(call, "comments")[id] = comment;
  announce(call, comment, message);
  return json(200, { id });
}

/** Somebody writes under a post of the business, or under a comment there, on their phone. */
export function writeAsCustomer(
  call: Call,
  what: { account: string; mediaId: string; parentId: string | null; username: string; text: string },
): string {
  const { account, mediaId, parentId, username, text } = what;
  const personId = introduce(call, account, username);
  const publication = publish(call, { id: newId(call), personId, text, replyTo: parentId ?? mediaId });
  publication.author = username;
  const comment: Comment = {
    id: publication.id,
    personId: account,
    mediaId,
    parentId,
    hidden: false,
    username,
  };
  shelf<Comment>(call, "comments")[comment.id] = comment;
  announce(call, comment, text);
  return comment.id;
}

/** The top-level comment that a reply to this one belongs to; null when there is no such comment on the account's posts. */
export function topComment(call: Call, account: string, id: string): { id: string; mediaId: string } | null {
  const comment = onShelf<Comment>(call, "comments", id);
  if (comment?.personId !== account || findPublication(call, id) === null) return null;
  return { id: comment.parentId ?? comment.id, mediaId: comment.mediaId };
}

/** The event of a comment; the account's own ones make it too. */
function announce(call: Call, comment: Comment, text: string): void {
  const { id, mediaId, parentId } = comment;
  const idKey = knob<string>(call, "commentIdKey", "id");
  const product = findPublication(call, mediaId)?.details["media_product_type"] ?? "FEED";
  tellChange(call, comment.personId, "comments", {
    [idKey]: id,
    from: authorOf(call, comment),
    text,
    ...(parentId === null ? {} : { parent_id: parentId }),
    media: { id: mediaId, media_product_type: product },
  });
}

function authorOf(call: Call, { personId, username }: Comment): { id: string; username: string } {
  if (username !== undefined) return { id: scopedId(personId, username), username };
  return { id: personId, username: personById(call, personId)?.username ?? "" };
}

function commentInPath(call: Call, accounts: string[]): Found | Answer {
  const id = call.params["id"] ?? "";
  const comment = onShelf<Comment>(call, "comments", id);
  const publication = comment === null ? null : findPublication(call, id);
  if (comment === null || publication === null || !accounts.includes(comment.personId)) {
    return missingObject(call, id);
  }
  return { comment, publication };
}

function commentNode(call: Call, { comment, publication }: Found): Node & { id: string } {
  const { id, mediaId, parentId, hidden } = comment;
  return {
    id,
    text: publication.text,
    timestamp: timestamp(publication.createdAt),
    username: publication.author,
    from: authorOf(call, comment),
    hidden,
    like_count: 0,
    media: { id: mediaId },
    parent_id: parentId ?? undefined,
    replies: repliesTo(call, comment).map((one) => commentNode(call, one)),
  };
}

const repliesTo = (call: Call, { id }: Comment): Found[] =>
  livingComments(call).filter(({ comment }) => comment.parentId === id);

/** Newest first. One goes with the post it stands under. */
function livingComments(call: Call): Found[] {
  return Object.values(shelf<Comment>(call, "comments"))
    .flatMap((comment) => {
      const publication = findPublication(call, comment.id);
      return publication === null || findPublication(call, comment.mediaId) === null
        ? []
        : [{ comment, publication }];
    })
    .sort((one, other) => Number(BigInt(other.comment.id) - BigInt(one.comment.id)));
}
