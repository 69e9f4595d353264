import { z } from "zod";
import type { Access, PostContent, PublishStep } from "../contract";
import { type Kit, RemoteId } from "../kit";
import { ask } from "./api";
import { readOptions } from "./options";
import { videoOf } from "./posts";

/** How a post is doing at TikTok, by the publish_id it began with. */

export type Status = z.infer<typeof Status>;

/** @throws PlatformError */
export const statusOf = (kit: Kit, access: Access, publishId: string): Promise<Status> =>
  ask(kit, access, { path: "status/fetch", body: { publish_id: publishId }, data: Status });

/** The id a public post has once TikTok has checked it; null before that, and for every other post. */
export const postIdOf = ({ publicaly_available_post_id: ids }: Status): string | null => ids?.[0] ?? null;

type Out = {
  kit: Kit;
  access: Access;
  content: PostContent;
  publishId: string;
  postId: string | null;
  /** As TikTok told it right before. */
  username: string | null | undefined;
};

/** It is out. Without an id of its own the post is known by its publish_id, and has no address. */
export function published(out: Out): PublishStep & { state: "published" } {
  const { kit, access, content, publishId, postId } = out;
  const username = out.username || Names.parse(access.metadata).username;
  if (postId === null) {
    return { state: "published", remoteId: publishId, url: null, note: noAddress(content) };
  }
  const kind = videoOf(content) ? "video" : "photo";
  const url = `https://www.tiktok.com/@${encodeURIComponent(username ?? "")}/${kind}/${postId}`;
  return { state: "published", remoteId: postId, url: username ? kit.address(url).href : null };
}

/** A draft reached the person's inbox: the rest is theirs. */
export const handedOver = (publishId: string): PublishStep & { state: "published" } => ({
  state: "published",
  remoteId: publishId,
  url: null,
  note: "It waits in your TikTok inbox: open the app to finish it.",
});

export const isForEveryone = ({ options }: PostContent): boolean =>
  readOptions(options).privacy_level === "PUBLIC_TO_EVERYONE";

const Status = z.object({
  status: z.string(),
  fail_reason: z.string().nullish(),
  // The name is TikTok's own spelling.
  publicaly_available_post_id: z.array(RemoteId).nullish(),
  uploaded_bytes: z.number().nullish().catch(null),
});

const Names = z.object({ username: z.string().optional().catch(undefined) });

const noAddress = (content: PostContent): string =>
  isForEveryone(content)
    ? "It is posted, and TikTok is still checking it. Its address will not appear here later: find the post in the TikTok app."
    : "It is posted. TikTok gives addresses only to posts that everyone can see: find it in the TikTok app.";
