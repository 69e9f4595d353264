import type { PlatformSpec } from "../contract";

/** Threads as data, for the composer and the rules. Pictures, video, carousels and polls are not offered yet. */
export const threadsSpec: PlatformSpec = {
  id: "threads",
  name: "Threads",
  text: { max: 500, counting: "emoji_bytes", required: true, maxLinks: 5 },
  link: "field",
  maxReplies: 24,
  fields: [
    {
      name: "reply_control",
      label: "Who can reply",
      help: "Everyone, unless you choose.",
      required: false,
      kind: "choice",
      options: [
        { value: "everyone", label: "Everyone" },
        { value: "followers_only", label: "Your followers" },
        { value: "accounts_you_follow", label: "Profiles you follow" },
        { value: "mentioned_only", label: "Only profiles you mention" },
        { value: "parent_post_author_only", label: "Only the author of the post above" },
      ],
    },
    {
      name: "topic_tag",
      label: "Topic",
      help: "One topic, without . or &. If you leave this empty, Threads makes the first #tag in the text the topic.",
      required: false,
      kind: "text",
      maxLength: 50,
    },
    {
      name: "enable_reply_approvals",
      label: "Approve replies before others see them",
      required: false,
      kind: "boolean",
    },
  ],
  capabilities: { delete: true, readBack: true, refresh: true, revoke: false, quota: true },
  publishScopes: ["threads_basic", "threads_content_publish"],
};
