/**
 * What becomes of a post on the simulated TikTok. It is decided the moment all its bytes are there: then it is
 * published, a draft, or failed; the status tells of it when processing is over.
 */
import { randomBytes } from "node:crypto";
import { shown } from "@/lib/sandbox/files";
import {
  type Answer,
  type Call,
  isAnswer,
  newId,
  newSecret,
  personById,
  publish,
  type Shown,
  type StoredFile,
  shelf,
} from "@/lib/sandbox/kit";
import { hasPostedEnough } from "./account";
import { type Admitted, admitCounted, bodyOf, invalidParams, ok, okText, refused, setting } from "./answers";
import { pictureFault, videoFault } from "./media";
import { findPost, keepPost, type Post, type Upload, type Wanted } from "./store";

/** A draft in the creator's inbox: nothing the world can see. */
type Draft = { publishId: string; personId: string; text: string; media: Shown[]; sentAt: number };

/** Answers an init whose fields are right. Files TikTok fetches itself are here already. */
export function begin(call: Call, { person, grant }: Admitted, { source, ...wanted }: Wanted): Answer {
  const upload = "addresses" in source ? null : newUpload(call, source);
  const post: Post = {
    ...wanted,
    publishId: `${wanted.kind.charAt(0)}_${wanted.draft ? "inbox" : "pub"}_${upload ? "file" : "url"}~v2-1.${newId(call)}`,
    personId: person.id,
    grantId: grant.id,
    createdAt: call.now,
    upload,
    bytes: 0,
    arrivedAt: null,
    failReason: null,
    publicationId: null,
  };
  keepPost(call, post);
  if ("addresses" in source) {
    arrive(
      call,
      post,
      source.addresses.map((address) => call.fetched[address]?.file ?? null),
    );
  }
  return ok({
    publish_id: post.publishId,
    ...(upload === null ? {} : { upload_url: uploadUrl(call, upload) }),
  });
}

/** All bytes are there; null for a file that could not be fetched. */
export function arrive(call: Call, post: Post, files: (StoredFile | null)[]): void {
  const there = files.filter((file) => file !== null);
  post.bytes = there.reduce((sum, { bytes }) => sum + bytes, 0);
  post.arrivedAt = call.now;
  post.failReason = there.length < files.length ? `${post.kind}_pull_failed` : failReason(call, post, there);
  if (post.failReason !== null) return;
  const { publishId, personId, text, details } = post;
  const media = there.map((file) => shown(file));
  if (post.draft) {
    shelf<Draft>(call, "drafts")[publishId] = { publishId, personId, text, media, sentAt: call.now };
  } else {
    post.publicationId = publish(call, { id: newId(call), personId, text, media, details }).id;
  }
}

/** POST /v2/post/publish/status/fetch/ */
export function fetchStatus(call: Call): Answer {
  const quota = { name: "status", limit: "statusPerMinute", by: "person" } as const;
  const admitted = admitCounted(call, ["video.publish", "video.upload"], quota);
  if (isAnswer(admitted)) return admitted;
  const body = bodyOf(call);
  if (isAnswer(body)) return body;
  const { publish_id: publishId, ...others } = body.fields;
  if (typeof publishId !== "string" || Object.keys(others).length > 0) {
    return invalidParams(call, "Send publish_id, and nothing else.");
  }
  const post = findPost(call, publishId);
  if (post === null) return refused(call, "invalid_publish_id", "The publish_id does not exist.");
  if (post.personId !== admitted.person.id) {
    const code = "token_not_authorized_for_specified_publish_id";
    return refused(call, code, "The access token is not authorized for this publish_id.");
  }
  const status = statusOf(call, post);
  const known = JSON.stringify({
    status,
    ...(status === "FAILED" ? { fail_reason: post.failReason } : {}),
    [post.upload === null ? "downloaded_bytes" : "uploaded_bytes"]: post.bytes,
  });
  // Bare numbers with more digits than JavaScript keeps.
  return okText(`${known.slice(0, -1)},"publicaly_available_post_id":[${publicIds(call, post)}]}`);
}

function statusOf(call: Call, { arrivedAt, upload, failReason: reason, draft }: Post): string {
  if (arrivedAt === null || call.now < arrivedAt + setting(call, "processingMs")) {
    return upload === null ? "PROCESSING_DOWNLOAD" : "PROCESSING_UPLOAD";
  }
  if (reason !== null) return "FAILED";
  return draft ? "SEND_TO_USER_INBOX" : "PUBLISH_COMPLETE";
}

/** Only a public post has one, and only after moderation. */
function publicIds(call: Call, { publicationId, isPublic, arrivedAt }: Post): string {
  const since = (arrivedAt ?? 0) + setting(call, "processingMs") + setting(call, "moderationMs");
  return isPublic && call.now >= since ? (publicationId ?? "") : "";
}

function failReason(call: Call, post: Post, files: StoredFile[]): string | null {
  const ordered = setting(call, "failReason");
  if (ordered !== "") return ordered;
  if ((call.world.grants[post.grantId]?.revokedAt ?? null) !== null) return "auth_removed";
  const person = post.draft ? null : personById(call, post.personId);
  for (const file of files) {
    const fault = post.kind === "video" ? videoFault(file, person) : pictureFault(file);
    if (fault !== null) return fault;
  }
  if (setting(call, "bannedFromPosting")) return "spam_risk_user_banned_from_posting";
  return !post.draft && hasPostedEnough(call, post.personId) ? "spam_risk_too_many_posts" : null;
}

function newUpload(call: Call, size: Pick<Upload, "videoSize" | "chunkSize" | "chunkCount">): Upload {
  return {
    ...size,
    id: `${newId(call)}${randomBytes(4).readUInt32BE()}`,
    token: newSecret(call, "upload_token"),
    expiresAt: call.now + setting(call, "uploadUrlLifeMs"),
    chunks: [],
  };
}

function uploadUrl(call: Call, { id, token }: Upload): string {
  return `${call.sandboxOrigin}/open-upload.tiktokapis.com/video/?upload_id=${id}&upload_token=${token}`;
}
