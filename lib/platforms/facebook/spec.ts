import type { ImageRules, MediaRules, PlatformSpec } from "../contract";

const MB = 1024 * 1024;

/** 10 MB are documented; past 4 MB Facebook has been seen to refuse pictures. */
const image: ImageRules = { formats: ["image/jpeg", "image/png"], maxBytes: 4_000_000 };

/** Facebook names no largest video: this is what its uploads are known to bear. */
const video = { formats: ["video/mp4", "video/quicktime"], maxBytes: 1024 * MB };

/** No limit is documented; the other platforms of Meta take as many characters. */
const ALT_MAX = 1_000;

/** Facebook names no most for one post: ten is what its other platforms began with, and what a feed still shows well. */
const MAX_PICTURES = 10;

const post: MediaRules = {
  min: 0,
  max: MAX_PICTURES,
  mixed: false,
  image,
  video: { ...video, max: 1 },
  altMax: ALT_MAX,
};

const reel: MediaRules = {
  min: 1,
  max: 1,
  mixed: false,
  // 9:16, give or take the pixels that a video's even sides cost. Its 24 to 60 frames a second only Facebook can count.
  video: {
    ...video,
    minMs: 3_000,
    maxMs: 90_000,
    minWidth: 540,
    minHeight: 960,
    minRatio: 0.555,
    maxRatio: 0.57,
  },
};

const story: MediaRules = { min: 1, max: 1, mixed: false, image, video: { ...video, maxMs: 60_000 } };

/** Facebook Pages as data, for the composer and the rules. */
export const facebookSpec: PlatformSpec = {
  id: "facebook",
  name: "Facebook",
  // Undocumented; others who publish there count so, and UTF-16 units are never fewer than characters.
  text: { max: 63_206, counting: "utf16", required: true },
  // Beside pictures or a video Facebook shows no card, so there the link becomes the last word of the text.
  link: "field",
  maxReplies: 0,
  media: post,
  mediaBy: { option: "placement", rules: { post, reel, story } },
  fields: [
    {
      name: "placement",
      label: "Publish as",
      help: "A post, unless you choose.",
      required: false,
      kind: "choice",
      options: [
        { value: "post", label: "Post" },
        { value: "reel", label: "Reel (a vertical video of 3 to 90 seconds)" },
        { value: "story", label: "Story (gone after a day)" },
      ],
    },
    {
      name: "first_comment",
      label: "First comment",
      help: "Written by your Page below the post or reel. A story takes none.",
      required: false,
      kind: "text",
      maxLength: 8_000,
    },
  ],
  notices: [
    {
      text: "A story shows the picture or video alone: your text and link stay out of it.",
      only: { option: { name: "placement", values: ["story"] } },
    },
  ],
  capabilities: { delete: true, readBack: true, refresh: false, revoke: true, quota: false },
  removal: "On Facebook, open Settings, then Apps and Websites, and remove Carillon.",
  // The last is no permission but what the person may do on the Page; without it Facebook refuses all the same.
  publishScopes: ["pages_manage_posts", "pages_read_engagement", "pages_show_list", "CREATE_CONTENT"],
};
