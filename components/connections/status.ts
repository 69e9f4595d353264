import type { Tone } from "@/components/ui/badge";
import { sessionFacts } from "@/lib/connections/connect/session-schema";
import type { ConnectionDto, ConnectionStatus } from "@/lib/connections/schema";

/** How a connection's state is said. */
export const statusWords: Record<ConnectionStatus, { label: string; tone: Tone; means: string | null }> = {
  active: { label: "Working", tone: "good", means: null },
  expiring: {
    label: "Expires soon",
    tone: "warn",
    means: "It cannot be renewed from here. Reconnect it before it ends, so that no post is missed.",
  },
  limited: {
    label: "Limited",
    tone: "warn",
    means: "Some permissions were not given, so not everything works.",
  },
  reconnect: {
    label: "Reconnect needed",
    tone: "bad",
    means:
      "The platform no longer accepts this connection. Nothing can be published here until you reconnect.",
  },
  paused: {
    label: "Paused",
    tone: "neutral",
    means:
      "The platform takes no posts from this installation at the moment. Your posts wait, and go out by themselves.",
  },
};

/** The same for one connection: a pasted session is stored, and perhaps checked; it never "works" by itself. */
export function statusOf(connection: ConnectionDto): { label: string; tone: Tone; means: string | null } {
  const facts = sessionFacts(connection);
  if (!facts) return statusWords[connection.status];
  if (connection.status === "reconnect") {
    return {
      ...statusWords.reconnect,
      means: "This session is not used any more. Sign in again in your browser, then paste the new values.",
    };
  }
  return facts.checked
    ? { label: "Stored and checked", tone: "good", means: null }
    : { label: "Stored, not checked", tone: "neutral", means: null };
}

/** Whether there is something to do for its owner; a pause passes without them. */
export const needsAttention = ({ status }: Pick<ConnectionDto, "status">): boolean =>
  status !== "active" && status !== "paused";

/** "Ada Bell (@adabell)": the one way an account is named. */
export const accountLabel = ({ name, handle }: Pick<ConnectionDto, "name" | "handle">): string =>
  handle ? `${name} (@${handle.replace(/^@/, "")})` : name;

/** What a permission lets us do, in plain words; one we have no words for is named as the platform names it. */
export const permissionWords = (scope: string): string => PERMISSIONS[scope] ?? scope;

const PERMISSIONS: Record<string, string> = {
  threads_basic: "see your profile",
  threads_content_publish: "publish posts",
  threads_delete: "delete posts",
  threads_manage_replies: "publish follow-ups",
  threads_read_replies: "see replies",
  "tweet.read": "see posts",
  "tweet.write": "publish and delete posts",
  "users.read": "see your profile",
  "media.write": "send pictures and video",
  instagram_business_basic: "see your profile",
  instagram_business_content_publish: "publish posts",
  instagram_business_manage_comments: "write and answer comments",
  instagram_business_manage_messages: "read and answer messages",
  instagram_basic: "see your profile",
  instagram_content_publish: "publish posts",
  instagram_manage_comments: "write and answer comments",
  instagram_manage_messages: "read and answer messages",
  pages_manage_metadata: "be told of new messages and comments",
  pages_messaging: "answer comments in private",
  instagram_manage_contents: "delete posts",
  pages_show_list: "see your Pages",
  pages_read_engagement: "read your Pages",
  pages_manage_posts: "publish on your Pages",
  pages_manage_engagement: "write first comments",
  CREATE_CONTENT: "create content on this Page (a role its owner gives)",
  "video.publish": "publish posts",
  "video.upload": "send drafts to your inbox",
  "offline.access": "stay connected without asking you every two hours",
};
