/** What the simulated TikTok remembers of a post, from init on. */
import { type Call, type Json, type StoredFile, shelf } from "@/lib/sandbox/kit";
import { DAY } from "@/lib/sandbox/oauth";

/** What an init asks for, after all its fields were checked. */
export type Wanted = {
  kind: "video" | "photo";
  /** true: to the creator's inbox, where they finish it themselves */
  draft: boolean;
  text: string;
  isPublic: boolean;
  details: Record<string, Json>;
  source: { addresses: string[] } | { videoSize: number; chunkSize: number; chunkCount: number };
};

export type Upload = {
  id: string;
  token: string;
  expiresAt: number;
  videoSize: number;
  chunkSize: number;
  chunkCount: number;
  /** in order */
  chunks: StoredFile[];
};

export type Post = Omit<Wanted, "source"> & {
  publishId: string;
  personId: string;
  grantId: string;
  createdAt: number;
  /** null: TikTok fetches the files itself */
  upload: Upload | null;
  /** bytes that came so far, either way */
  bytes: number;
  /** when all of it was there, and processing began */
  arrivedAt: number | null;
  failReason: string | null;
  publicationId: string | null;
};

export function keepPost(call: Call, post: Post): void {
  shelf<Post>(call, "posts")[post.publishId] = post;
}

export function findPost(call: Call, publishId: string): Post | null {
  const posts = shelf<Post>(call, "posts");
  return Object.hasOwn(posts, publishId) ? (posts[publishId] ?? null) : null;
}

export function findUpload(call: Call, uploadId: string | null): { post: Post; upload: Upload } | null {
  for (const post of Object.values(shelf<Post>(call, "posts"))) {
    if (post.upload?.id === uploadId) return { post, upload: post.upload };
  }
  return null;
}

/** What was begun in the last 24 hours, whatever became of it. */
export function recentPosts(call: Call): Post[] {
  return Object.values(shelf<Post>(call, "posts")).filter(({ createdAt }) => createdAt > call.now - DAY);
}
