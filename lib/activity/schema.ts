import { z } from "zod";

/** The words the trail travels in. Never a secret, an address with a code, or a message's text among them. */

export const activityKinds = ["connections", "renewals", "posts", "replies", "files", "platform"] as const;
export type ActivityKind = (typeof activityKinds)[number];

/** What each kind is made of: an action by its whole name, or everything that begins with one ending in a dot. */
export const actionsOf: Record<ActivityKind, string[]> = {
  connections: ["connection."],
  renewals: ["grant.refresh", "grant.refresh_failed", "grant.end_unsealed"],
  posts: ["post.", "delivery."],
  replies: ["inbox.", "conversation.", "message.", "reply."],
  files: ["media."],
  platform: ["grant.deauthorize", "grant.delete_data"],
};

export const ListActivity = z.object({
  /** The id of the last one seen. */
  cursor: z.uuid().optional(),
  kind: z.enum(activityKinds).optional(),
  /** Only what concerns this connection. */
  connection: z.uuid().optional(),
});
export type ListActivity = z.infer<typeof ListActivity>;

export type ActivityDto = {
  id: string;
  at: string;
  /** By their own hand, by a job of ours, or told by a platform. */
  actor: { type: "user" | "job" | "platform"; name: string };
  /** One of ours, or a later version's. */
  action: string;
  details: Record<string, string | number | boolean | null>;
  platform: string | null;
  /** The account it is about, by the name it has now, or had then. */
  account: string | null;
  /** The post it is about, while it is there. */
  postId: string | null;
};

/** GET /api/activity: newest first. */
export type ActivityPage = { activity: ActivityDto[]; nextCursor: string | null };
