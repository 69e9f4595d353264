import type { PlatformSpec } from "../contract";

const MB = 1024 * 1024;

/** Threads as data, for the composer and the rules. */
export const threadsSpec: PlatformSpec = {
  id: "threads",
  name: "Threads",
  text: { max: 500, counting: "emoji_bytes", required: true, maxLinks: 5 },
  link: "field",
  maxReplies: 24,
  media: {
    min: 0,
    max: 20,
    mixed: true,
    image: {
      formats: ["image/jpeg", "image/png"],
      // Which MB is meant is not said; pictures are made to fit, so the smaller one costs nothing.
      maxBytes: 8_000_000,
      minWidth: 320,
      maxWidth: 1440,
      minRatio: 0.1,
      maxRatio: 10,
    },
    video: {
      formats: ["video/mp4", "video/quicktime"],
      maxBytes: 1024 * MB,
      minMs: 1,
      maxMs: 5 * 60_000,
      maxWidth: 1920,
      minRatio: 0.01,
      maxRatio: 10,
    },
    altMax: 1000,
  },
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
      name: "poll_options",
      label: "Poll answers",
      help: "Two to four answers make this post a poll. A poll has no pictures or video.",
      required: false,
      kind: "list",
      min: 2,
      max: 4,
      // How long an answer may be is not documented; this is what X takes.
      maxLength: 25,
      only: { media: ["none"] },
    },
    {
      name: "enable_reply_approvals",
      label: "Approve replies before others see them",
      required: false,
      kind: "boolean",
    },
  ],
  capabilities: { delete: true, readBack: true, refresh: true, revoke: false, quota: true },
  removal: "In Threads, open Settings, then Website permissions, and remove Carillon.",
  publishScopes: ["threads_basic", "threads_content_publish"],
};
