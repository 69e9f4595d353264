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
  publish,
  shelf,
  unpublish,
} from "@/lib/sandbox/kit";
import { invalidParam, missingObject } from "./sandbox-errors";
import { admit, answerEdge, answerNode, asBoolean, type Node, onShelf, timestamp } from "./sandbox-graph";
import { mediaInPath } from "./sandbox-media";

/** `parentId`: the top-level comment it answers. */
type Comment = { id: string; personId: string; mediaId: string; parentId: string | null; hidden: boolean };

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
  shelf<Comment>(call, "comments")[id] = { id, personId, mediaId, parentId, hidden: false };
  return json(200, { id });
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
  const { id, personId, mediaId, parentId, hidden } = comment;
  return {
    id,
    text: publication.text,
    timestamp: timestamp(publication.createdAt),
    username: publication.author,
    from: { id: personId, username: publication.author },
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
