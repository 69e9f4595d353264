import { z } from "zod";
import { MAX_ALT, MediaRef } from "@/lib/media/schema";

/** The words posts travel in, between browser, routes and verbs. */

export const MAX_TEXT = 100_000;
export const MAX_MEDIA = 40;

const Text = z.string().max(MAX_TEXT, "This text is longer than any platform takes.");
/** An absolute web address. */
const Link = z.url({ protocol: /^https?$/, error: "A link starts with https:// or http://." }).max(2048);

export const Content = z.object({
  text: Text.default(""),
  link: Link.optional(),
  /** Further parts, each published as a reply to the one before it. */
  replies: z
    .array(z.object({ text: Text }))
    .max(24)
    .default([]),
  /** Files of the library, in order; they belong to the first part. */
  media: z.array(MediaRef).max(MAX_MEDIA, `A post takes up to ${MAX_MEDIA} files.`).default([]),
});
export type Content = z.infer<typeof Content>;

export const Target = z.object({
  connectionId: z.uuid(),
  /** What differs from the post on this account; absent fields are inherited. */
  content: z
    .object({
      text: Text,
      link: Link.nullable(),
      replies: z.array(z.object({ text: Text })).max(24),
      media: z.array(MediaRef).max(MAX_MEDIA),
    })
    .partial()
    .optional(),
  /** The platform's own fields, by name. */
  options: z.record(z.string(), z.unknown()).default({}),
});
export type Target = z.infer<typeof Target>;

/** A file by its address is fetched into the library first. */
const MediaInput = z.union([MediaRef, z.object({ url: Link, alt: z.string().max(MAX_ALT).optional() })]);

const Full = z.object({
  content: Content.extend({ media: z.array(MediaInput).max(MAX_MEDIA).default([]) }),
  targets: z.array(Target).min(1, "Choose at least one account.").max(50),
  scheduledAt: z.iso.datetime({ offset: true }).optional(),
});

/** The short form: every connection the person has on those platforms. */
const Short = z.object({
  platforms: z.array(z.string()).min(1, "Name at least one platform."),
  content: z.object({
    text: Text.default(""),
    link: Link.optional(),
    imageUrl: Link.optional(),
  }),
  facebookPageIds: z.array(z.string()).optional(),
});

export const CreatePost = z.union([Full, Short], {
  // Each form has reasons of its own to refuse: those of the one that was meant are worth reading.
  error: ({ errors, input }) => {
    const isShort = typeof input === "object" && input !== null && "platforms" in input;
    return Array.isArray(errors) ? errors[isShort ? 1 : 0]?.[0]?.message : undefined;
  },
});
export type CreatePost = z.infer<typeof CreatePost>;

export const RetryPost = z.object({
  deliveryIds: z.array(z.uuid()).min(1).max(50),
  /** Needed for an uncertain delivery: the person has looked and knows that it may go out a second time. */
  confirmUncertain: z.boolean().default(false),
});
export type RetryPost = z.infer<typeof RetryPost>;

export const deliveryStates = [
  "scheduled",
  "queued",
  "sending",
  "processing",
  "published",
  "failed",
  "uncertain",
  "cancelled",
] as const;
export type DeliveryState = (typeof deliveryStates)[number];

/** Still on its way: worth polling for. An uncertain one moves too while read-backs are due. */
export const isMoving = (delivery: Pick<DeliveryDto, "state" | "nextAttemptAt">): boolean =>
  ["queued", "sending", "processing"].includes(delivery.state) ||
  (delivery.state === "uncertain" && delivery.nextAttemptAt !== null);

export type DeliveryDto = {
  id: string;
  /** Null once the account is disconnected. */
  connectionId: string | null;
  platform: string;
  accountName: string;
  content: Content & { options: Record<string, unknown> };
  state: DeliveryState;
  remoteId: string | null;
  url: string | null;
  /** What the person should know about a post that is out. */
  note: string | null;
  error: { kind: string; code: string | null; message: string; remedy: Remedy | null } | null;
  nextAttemptAt: string | null;
  publishedAt: string | null;
  removedAt: string | null;
  /** Whether the platform lets us delete what is out. */
  canDelete: boolean;
};

/** What helps, as the screen offers it. */
export type Remedy = "reconnect" | "retry" | "edit" | "wait" | "look" | "operator";

export type DeliveryEventDto = { at: string; event: string; state: DeliveryState; message: string | null };

export type PostStatus =
  | "scheduled"
  | "publishing"
  | "published"
  | "partial"
  | "failed"
  | "uncertain"
  | "cancelled";

export type PostDto = {
  id: string;
  content: Content;
  status: PostStatus;
  scheduledAt: string | null;
  createdAt: string;
  deliveries: DeliveryDto[];
};

/** GET /api/post: newest first. */
export type PostPage = { posts: PostDto[]; nextCursor: string | null };

/** GET /api/post/[id]: with each delivery's story. */
export type PostDetailDto = PostDto & { events: Record<string, DeliveryEventDto[]> };

/** POST /api/post answers 200 when settled, 202 while something is still under way. */
export type PublishAnswer = {
  id: string;
  success: boolean;
  partial: boolean;
  status: PostStatus;
  results: {
    deliveryId: string;
    connectionId: string | null;
    platform: string;
    accountName: string;
    pageName?: string;
    success: boolean;
    status: DeliveryState;
    postId: string | null;
    url: string | null;
    note?: string;
    error?: { kind: string; code: string | null; message: string; remedy: Remedy | null };
  }[];
};

/** One thing wrong with a post for one account. */
export type Problem = {
  /** null: about the post as a whole. */
  connectionId: string | null;
  /** "text", "link", "replies.0.text", "media", "media.0.alt", "options.subreddit", "connection". */
  field: string;
  code: string;
  message: string;
  /** warning: shown, but it may be sent. */
  severity: "error" | "warning";
};

/** POST /api/post/check answers 200 with this; POST /api/post refuses with 422 and the same list in error.details.problems. */
export type CheckAnswer = { ok: boolean; problems: Problem[] };
