import type { PlatformSpec, PostContent } from "../contract";
import { withLink } from "../counting";

const MB = 1024 * 1024;
const MINUTE_MS = 60_000;

/** Without Premium, videos longer than this are refused once the post is made. */
export const FREE_VIDEO_MS = 140_000;
/** The scope that uploads need, and text does not. */
export const MEDIA_SCOPE = "media.write";

/** X as data, for the composer and the rules. */
export const twitterSpec: PlatformSpec = {
  id: "twitter",
  name: "X",
  text: {
    max: 280,
    // Paying members may write 25,000; how X counts those is not documented, so the weighted count stays.
    longer: { metadata: "subscriptionType", values: ["Basic", "Premium", "PremiumPlus"], max: 25_000 },
    counting: "weighted",
    required: true,
    maxCashtags: 1,
  },
  link: "text",
  maxReplies: 24,
  media: {
    min: 0,
    max: 4,
    mixed: false,
    // Which MB is meant is not said; pictures are made to fit, so the smaller one costs nothing.
    image: { formats: ["image/jpeg", "image/png", "image/webp"], maxBytes: 5_000_000, max: 4 },
    gif: { formats: ["image/gif"], maxBytes: 15 * MB, max: 1, maxWidth: 1280, maxHeight: 1080 },
    video: {
      formats: ["video/mp4", "video/quicktime"],
      max: 1,
      maxBytes: 512 * MB,
      minMs: 500,
      // What Premium allows; the rest depends on the account.
      maxMs: 125 * MINUTE_MS,
      // X named 1280 × 1024 as the most and has since raised its limits without naming a size: a larger one is X's to judge.
      minWidth: 32,
      minHeight: 32,
      minRatio: 1 / 3,
      maxRatio: 3,
    },
    altMax: 1000,
  },
  fields: [
    {
      name: "reply_settings",
      label: "Who can reply",
      help: "Everyone, unless you choose.",
      required: false,
      kind: "choice",
      options: [
        { value: "everyone", label: "Everyone" },
        { value: "following", label: "Accounts you follow" },
        { value: "mentionedUsers", label: "Only accounts you mention" },
        { value: "subscribers", label: "Your subscribers" },
        { value: "verified", label: "Verified accounts" },
      ],
    },
    {
      name: "poll_options",
      label: "Poll answers",
      help: "Two to four answers make this post a poll. A poll has no pictures or video.",
      required: false,
      kind: "list",
      min: 2,
      max: 4,
      maxLength: 25,
      only: { media: ["none"] },
    },
    {
      name: "poll_minutes",
      label: "The poll runs for",
      help: "A day (1440 minutes), unless you choose. At most a week (10080).",
      required: false,
      kind: "number",
      min: 5,
      max: 10_080,
      unit: "minutes",
      only: { media: ["none"] },
    },
    {
      name: "made_with_ai",
      label: "Made with AI",
      help: "X shows that this post was made with AI.",
      required: false,
      kind: "boolean",
    },
    {
      name: "paid_partnership",
      label: "Paid partnership",
      help: "X shows that someone paid for this post.",
      required: false,
      kind: "boolean",
    },
  ],
  notices: [
    {
      text: "X takes videos longer than 140 seconds only from accounts with Premium.",
      only: { media: ["video"] },
    },
  ],
  capabilities: { delete: true, readBack: true, refresh: true, revoke: true, quota: false },
  removal: "At x.com/settings/connected_apps, choose Carillon and revoke its access.",
  publishScopes: ["tweet.read", "tweet.write", "users.read"],
};

/** The texts of the chain as they are counted and sent, first post first: the link is the last word of the first. */
export const partsOf = ({
  text,
  link,
  replies,
}: Pick<PostContent, "text" | "link" | "replies">): string[] => [
  withLink(text, link),
  ...replies.map((reply) => reply.text),
];
