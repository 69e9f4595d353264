import type { Only, PlatformSpec } from "../contract";

const SECOND_MS = 1_000;
const MB = 1_000_000;

/** Posting now, which is what happens unless a draft was asked for: "" is an unanswered question. */
const NOW = { name: "mode", values: ["direct", ""] };
const now: Only = { option: NOW };
const videoNow: Only = { media: ["video"], option: NOW };
const photosNow: Only = { media: ["image", "gif"], option: NOW };

/** TikTok as data, for the composer and the rules. */
export const tiktokSpec: PlatformSpec = {
  id: "tiktok",
  name: "TikTok",
  // A video's caption; with pictures TikTok takes 4,000, which one number cannot say.
  text: { max: 2_200, counting: "utf16", required: false },
  link: "text",
  maxReplies: 0,
  media: {
    min: 1,
    max: 35,
    mixed: false,
    image: {
      formats: ["image/jpeg", "image/webp"],
      // Decimal megabytes: less than 20 MB by either way of counting.
      maxBytes: 20 * MB,
      // "Up to 1080p" may mean 1080 × 1920 or 1920 × 1080: what fits upright satisfies both.
      maxWidth: 1_080,
      maxHeight: 1_920,
    },
    video: {
      max: 1,
      formats: ["video/mp4", "video/quicktime", "video/webm"],
      maxBytes: 4_000 * MB,
      maxMs: 600 * SECOND_MS,
      minWidth: 360,
      minHeight: 360,
    },
  },
  fields: [
    {
      name: "mode",
      label: "How it goes out",
      help: "It is posted now, unless you choose a draft.",
      required: false,
      kind: "choice",
      options: [
        { value: "direct", label: "Post it now" },
        { value: "draft", label: "Send a draft to my TikTok inbox" },
      ],
    },
    {
      name: "privacy_level",
      label: "Who can see it",
      help: "TikTok wants you to choose this for every post.",
      required: true,
      kind: "choice",
      options: [],
      live: true,
      only: now,
    },
    {
      name: "title",
      label: "Title",
      help: "Shown above the text of a picture post.",
      required: false,
      kind: "text",
      maxLength: 90,
      only: { media: ["image", "gif"] },
    },
    { name: "allow_comment", label: "Allow comments", required: false, kind: "boolean", only: now },
    { name: "allow_duet", label: "Allow Duet", required: false, kind: "boolean", only: videoNow },
    { name: "allow_stitch", label: "Allow Stitch", required: false, kind: "boolean", only: videoNow },
    {
      name: "disclose",
      label: "This post promotes something",
      help: "Turn it on when the post promotes you, a brand, a product or a service.",
      required: false,
      kind: "boolean",
      only: now,
    },
    {
      name: "brand_organic",
      label: "Your brand",
      help: "You promote yourself or your own business. TikTok labels the post as promotional content.",
      required: false,
      kind: "boolean",
      only: { option: { name: "disclose", values: [true] } },
    },
    {
      name: "brand_content",
      label: "Branded content",
      help: "Someone pays you for it. TikTok labels the post as a paid partnership; it cannot be for only you.",
      required: false,
      kind: "boolean",
      only: { option: { name: "disclose", values: [true] } },
    },
    { name: "is_aigc", label: "Made with AI", required: false, kind: "boolean", only: videoNow },
    {
      name: "cover_second",
      label: "Cover picture",
      help: "The moment of the video to show as its cover. The first one, unless you choose.",
      required: false,
      kind: "number",
      min: 0,
      max: 600,
      unit: "s",
      only: videoNow,
    },
    {
      name: "auto_add_music",
      label: "Let TikTok add music",
      required: false,
      kind: "boolean",
      only: photosNow,
    },
  ],
  notices: [
    {
      text: "By posting, you agree to TikTok's Music Usage Confirmation.",
      href: "https://www.tiktok.com/legal/page/global/music-usage-confirmation/en",
      only: { option: { name: "brand_content", values: [false, ""] } },
    },
    {
      text: "By posting, you agree to TikTok's Branded Content Policy and Music Usage Confirmation.",
      href: "https://www.tiktok.com/legal/page/global/bc-policy/en",
      only: { option: { name: "brand_content", values: [true] } },
    },
    {
      text: "A draft waits in your TikTok inbox until you finish it in the app. The draft of a video has no caption yet.",
      only: { option: { name: "mode", values: ["draft"] } },
    },
    { text: "TikTok may take a few minutes to process a post before it shows on your profile." },
  ],
  capabilities: { delete: false, readBack: true, refresh: true, revoke: true, quota: false },
  removal: "In TikTok, open Settings, Security, then Manage app permissions, and remove Carillon.",
  publishScopes: ["video.publish"],
};
