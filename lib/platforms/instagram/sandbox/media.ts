/** Publishing, reading back and deleting on the simulated Instagram, and its daily quota. */
import { shown } from "@/lib/sandbox/files";
import {
  type Answer,
  type Call,
  findPublication,
  isAnswer,
  json,
  knob,
  newId,
  type Publication,
  permalink,
  publish,
  type Shown,
  shelf,
  unpublish,
} from "@/lib/sandbox/kit";
import { DAY } from "@/lib/sandbox/oauth";
import { type Container, isChild, statusOf } from "./containers";
import { invalidParam, missingObject, publishingError } from "./errors";
import {
  accountInPath,
  admit,
  answerEdge,
  answerNode,
  asBoolean,
  facebookHost,
  type Node,
  onShelf,
  timestamp,
} from "./graph";

/** `parentId`: the carousel it is an item of. */
export type Media = { id: string; personId: string; parentId: string | null; nth: number };

/** POST /{account}/media_publish */
export function publishContainer(call: Call): Answer {
  const admitted = admit(call, ["creation_id"], "publish");
  if (isAnswer(admitted)) return admitted;
  const account = accountInPath(call, admitted);
  if (typeof account !== "string") return account;
  const id = admitted.params.get("creation_id");
  if (id === null) return invalidParam("The parameter creation_id is required");
  const container = onShelf<Container>(call, "containers", id);
  if (container === null || container.personId !== account) return publishingError(2207008);
  if (isChild(container)) return invalidParam("An item of a carousel cannot be published by itself");
  const status = statusOf(call, container);
  // A used-up container is answered as one that is gone.
  if (status === "PUBLISHED" || status === "EXPIRED") return publishingError(2207008);
  if (status !== "FINISHED") return publishingError(2207027);
  const ordered = knob(call, "publishError", 0);
  if (ordered !== 0) return publishingError(ordered);
  if (postsSince(call, account, call.now - DAY) >= quotaTotal(call)) return publishingError(2207042);
  return json(200, { id: release(call, container) });
}

/** GET /{account}/content_publishing_limit */
export function readQuota(call: Call): Answer {
  const admitted = admit(call, ["fields", "since"], "publish");
  if (isAnswer(admitted)) return admitted;
  const account = accountInPath(call, admitted);
  if (typeof account !== "string") return account;
  const { params } = admitted;
  const dayAgo = call.now - DAY;
  const since = params.has("since") ? Number(params.get("since")) * 1_000 : dayAgo;
  // A minute of grace for a request on its way; Unix seconds are cut off.
  if (!(since >= dayAgo - 60_000 && since <= call.now)) {
    return invalidParam("since must be a Unix time within the last 24 hours");
  }
  const usage = {
    quota_usage: postsSince(call, account, since),
    config: { quota_total: quotaTotal(call), quota_duration: 86_400 },
  };
  const fields = (params.get("fields") ?? "quota_usage").split(",").map((field) => field.trim());
  const unknown = fields.find((field) => !Object.hasOwn(usage, field));
  if (unknown !== undefined) return invalidParam(`Tried accessing nonexistent field (${unknown})`);
  return json(200, {
    data: [Object.fromEntries(Object.entries(usage).filter(([name]) => fields.includes(name)))],
  });
}

/** GET /{media} */
export function readMedia(call: Call): Answer {
  const admitted = admit(call, ["fields"], "read");
  if (isAnswer(admitted)) return admitted;
  const found = mediaInPath(call, admitted.accounts);
  return isAnswer(found)
    ? found
    : answerNode(admitted.params, mediaNode(call, found.publication, found.media));
}

/** POST /{media}?comment_enabled=… */
export function changeMedia(call: Call): Answer {
  const admitted = admit(call, ["comment_enabled"], "comment");
  if (isAnswer(admitted)) return admitted;
  const found = mediaInPath(call, admitted.accounts);
  if (isAnswer(found)) return found;
  const enabled = asBoolean(admitted.params.get("comment_enabled"));
  if (enabled === null) return invalidParam("The parameter comment_enabled must be a boolean");
  found.publication.details["is_comment_enabled"] = enabled;
  call.effect = true;
  return json(200, { success: true });
}

/** DELETE /{media}: through Facebook only */
export function deleteMedia(call: Call): Answer {
  const admitted = admit(call, [], "delete");
  if (isAnswer(admitted)) return admitted;
  const found = mediaInPath(call, admitted.accounts);
  if (isAnswer(found)) return found;
  if (call.host !== facebookHost) return missingObject(call, found.media.id);
  const ordered = knob(call, "deleteError", 0);
  if (ordered !== 0 || found.media.parentId !== null) return publishingError(ordered || 2207073);
  unpublish(call, found.publication);
  return json(200, { success: true, deleted_id: found.media.id });
}

/** GET /{account}/media, newest first and without stories */
export const listMedia = (call: Call): Answer => list(call, (publication) => !isStory(publication));

/** GET /{account}/stories of the last 24 hours */
export const listStories = (call: Call): Answer =>
  list(call, (publication) => isStory(publication) && publication.createdAt > call.now - DAY);

/** The media in the path with its publication, if one of these accounts made it and it is still there. */
export function mediaInPath(
  call: Call,
  accounts: string[],
): { media: Media; publication: Publication } | Answer {
  const id = call.params["id"] ?? "";
  const media = onShelf<Media>(call, "media", id);
  const publication = media === null ? null : findPublication(call, media.parentId ?? media.id);
  if (media === null || publication === null || !accounts.includes(media.personId)) {
    return missingObject(call, id);
  }
  return { media, publication };
}

export const shortcode = (id: string): string =>
  Buffer.from(BigInt(id).toString(16).padStart(16, "0"), "hex").toString("base64url");

function release(call: Call, container: Container): string {
  const { personId, kind, moving, caption, children, options, cover } = container;
  const items = children.flatMap((id) => onShelf<Container>(call, "containers", id) ?? []);
  const parts = kind === "carousel" ? items : [container];
  const single = moving ? "VIDEO" : "IMAGE";
  const { id } = publish(call, {
    id: newId(call),
    personId,
    text: caption,
    media: parts.flatMap(({ file, alt }): Shown[] => (file === null ? [] : [shown(file, alt)])),
    details: {
      media_type: kind === "carousel" ? "CAROUSEL_ALBUM" : single,
      media_product_type: kind === "reel" ? "REELS" : kind === "story" ? "STORY" : "FEED",
      is_comment_enabled: true,
      ...options,
      ...(cover === null ? {} : { cover_sha256: cover.sha256 }),
      ...(kind === "carousel" ? { children: items.map((item) => item.options) } : {}),
    },
  });
  const media = shelf<Media>(call, "media");
  media[id] = { id, personId, parentId: null, nth: 0 };
  container.mediaId = id;
  items.forEach((item, nth) => {
    const itemId = newId(call);
    media[itemId] = { id: itemId, personId, parentId: id, nth };
    item.mediaId = itemId;
  });
  return id;
}

function list(call: Call, isWanted: (publication: Publication) => boolean): Answer {
  const admitted = admit(call, ["fields", "limit", "after", "before"], "read");
  if (isAnswer(admitted)) return admitted;
  const account = accountInPath(call, admitted);
  if (typeof account !== "string") return account;
  const nodes = postsOf(call, account)
    .filter(
      ({ deletedAt, createdAt }) => deletedAt === null && call.now >= createdAt + knob(call, "listLagMs", 0),
    )
    .filter(isWanted)
    .reverse()
    .flatMap((publication) => {
      const media = onShelf<Media>(call, "media", publication.id);
      return media === null ? [] : [mediaNode(call, publication, media)];
    });
  return answerEdge(call, admitted.params, nodes, { usual: 25, most: 100 });
}

function mediaNode(call: Call, publication: Publication, media: Media): Node & { id: string } {
  const { details } = publication;
  const isItem = media.parentId !== null;
  const file = publication.media[media.nth];
  const isVideo = file !== undefined && !file.mime.startsWith("image/");
  const fileUrl = file === undefined ? undefined : `${call.sandboxOrigin}/_sandbox/files/${file.id}`;
  const isAlbum = !isItem && details["media_type"] === "CAROUSEL_ALBUM";
  const comments = call.world.publications.filter(
    ({ replyTo, deletedAt }) => replyTo === publication.id && deletedAt === null,
  );
  const items = Object.values(shelf<Media>(call, "media")).filter(({ parentId }) => parentId === media.id);
  return {
    id: media.id,
    username: publication.author,
    owner: { id: publication.personId },
    timestamp: timestamp(publication.createdAt),
    media_type: isAlbum ? "CAROUSEL_ALBUM" : isVideo ? "VIDEO" : "IMAGE",
    media_product_type: details["media_product_type"],
    // Items of a carousel have no page of their own.
    permalink: isItem ? undefined : permalink(call, publication.id),
    shortcode: isItem ? undefined : shortcode(media.id),
    caption: isItem || publication.text === "" ? undefined : publication.text,
    comments_count: isItem ? undefined : comments.length,
    like_count: isItem ? undefined : 0,
    is_comment_enabled: isItem ? undefined : details["is_comment_enabled"],
    is_shared_to_feed:
      details["media_product_type"] === "REELS" ? (details["share_to_feed"] ?? true) : undefined,
    media_url: fileUrl,
    thumbnail_url: isVideo ? fileUrl : undefined,
    alt_text: isAlbum ? undefined : (file?.alt ?? undefined),
    children: isAlbum ? items.map((item) => mediaNode(call, publication, item)) : undefined,
  };
}

/** Comments are publications too, but no media; a deleted post still counts for the quota. */
const postsOf = (call: Call, account: string): Publication[] =>
  call.world.publications.filter(
    ({ id, personId }) => personId === account && onShelf<Media>(call, "media", id) !== null,
  );

const postsSince = (call: Call, account: string, since: number): number =>
  postsOf(call, account).filter(({ createdAt }) => createdAt > since).length;

/** Meta's own pages say 25, 50 and 100. */
const quotaTotal = (call: Call): number => knob(call, "quotaTotal", 50);

const isStory = ({ details }: Publication): boolean => details["media_product_type"] === "STORY";
