import type { ImageRules, MediaRules, Only, PlatformSpec, VideoRules } from "../contract";

const MB = 1024 * 1024;
const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;

/** Instagram scales what is narrower or wider; JPEG is the only format it takes. */
const picture: ImageRules = {
  formats: ["image/jpeg"],
  maxBytes: 8 * MB,
  minWidth: 320,
  maxWidth: 1440,
  minRatio: 4 / 5,
  maxRatio: 1.91,
};

const reel: VideoRules = {
  formats: ["video/mp4", "video/quicktime"],
  maxBytes: 300 * MB,
  minMs: 3 * SECOND_MS,
  maxMs: 15 * MINUTE_MS,
  maxWidth: 1920,
  minRatio: 0.01,
  maxRatio: 10,
};

// No limits of their own are known for videos among several files: those of a reel apply.
const feed: MediaRules = { min: 1, max: 10, mixed: true, image: picture, video: reel, altMax: 1000 };

const notStory: Only = { option: { name: "placement", values: ["", "feed", "reel"] } };

/** Instagram as data. Both ways to connect publish alike; `instagramThroughFacebook` can delete as well. */
export const instagramSpec: PlatformSpec = {
  id: "instagram",
  name: "Instagram",
  // What Instagram counts as a character is not said: UTF-16 units are never fewer than any reading of it.
  text: { max: 2200, counting: "utf16", required: false, maxHashtags: 30, maxMentions: 20 },
  link: "text",
  maxReplies: 0,
  media: feed,
  mediaBy: {
    option: "placement",
    rules: {
      feed,
      reel: { min: 1, max: 1, mixed: false, video: reel },
      story: {
        min: 1,
        max: 1,
        mixed: false,
        // A phone's whole screen (9:16) is what Instagram advises, so a story may be taller than a post.
        image: { ...picture, minRatio: 9 / 16 },
        video: { ...reel, maxBytes: 100 * MB, maxMs: 60 * SECOND_MS },
      },
    },
  },
  fields: [
    {
      name: "placement",
      label: "Where it appears",
      help: "In the feed, unless you choose. A single video in the feed is a reel too.",
      required: false,
      kind: "choice",
      options: [
        { value: "feed", label: "Feed" },
        { value: "reel", label: "Reel" },
        { value: "story", label: "Story" },
      ],
    },
    {
      name: "first_comment",
      label: "First comment",
      help: "Posted by your account right below the post.",
      required: false,
      only: notStory,
      kind: "text",
      // An older limit of the platform: whether it still holds is not known.
      maxLength: 300,
    },
    {
      name: "collaborators",
      label: "Collaborators",
      help: "Up to 3 usernames. They are invited to share the post as theirs.",
      required: false,
      only: notStory,
      kind: "list",
      min: 1,
      max: 3,
      maxLength: 31,
    },
    {
      name: "share_to_feed",
      label: "Show the reel in the feed as well",
      required: false,
      kind: "boolean",
      only: { option: { name: "placement", values: ["reel"] } },
    },
    {
      name: "thumb_offset_ms",
      label: "Cover picture",
      help: "The moment of the video that becomes its cover.",
      required: false,
      kind: "number",
      min: 0,
      max: 15 * MINUTE_MS,
      unit: "ms",
      only: { option: { name: "placement", values: ["reel"] } },
    },
  ],
  notices: [
    {
      text: "A story has no caption: the text and the link are left out.",
      only: { option: { name: "placement", values: ["story"] } },
    },
  ],
  capabilities: { delete: false, readBack: true, refresh: true, revoke: false, quota: true },
  removal: "In Instagram, open Settings, then Apps and websites, and remove Carillon.",
  // Of both ways; each compares its own. The names without "business" belong to the log-in with Facebook.
  publishScopes: [
    "instagram_business_basic",
    "instagram_business_content_publish",
    "instagram_basic",
    "instagram_content_publish",
    "pages_show_list",
    "pages_read_engagement",
  ],
};
