import type { PlatformSpec } from "../contract";

/** Reddit as data, for the composer and the rules. Sizes of files are told by users of the API, not by Reddit. */
export const redditSpec: PlatformSpec = {
  id: "reddit",
  name: "Reddit",
  // A title alone is a post, and so is a title with a link.
  text: { max: 40_000, counting: "characters", required: false },
  link: "field",
  // Comments cannot be read back when an answer is lost, so no chain is offered.
  maxReplies: 0,
  media: {
    min: 0,
    max: 20,
    mixed: false,
    image: { formats: ["image/jpeg", "image/png"], maxBytes: 20_000_000 },
    gif: { formats: ["image/gif"], max: 1, maxBytes: 100_000_000 },
    video: { formats: ["video/mp4"], max: 1, maxBytes: 1_000_000_000, maxMs: 15 * 60_000 },
  },
  fields: [
    {
      name: "subreddit",
      label: "Subreddit",
      help: "Such as r/bells, or u_ and your own name for your profile.",
      required: true,
      kind: "text",
      maxLength: 30,
      refuses: {
        pattern: "[^A-Za-z0-9_/\\-]",
        message: "A subreddit's name has letters, digits and _ only.",
      },
    },
    {
      name: "flair_id",
      label: "Flair",
      help: "The subreddit's own; some ask for one.",
      required: false,
      kind: "choice",
      options: [],
      live: true,
    },
    {
      name: "title",
      label: "Title",
      required: true,
      kind: "text",
      maxLength: 300,
      refuses: { pattern: "[\\r\\n]", message: "A title on Reddit is a single line." },
    },
    {
      name: "flair_text",
      label: "Flair in your own words",
      help: "Where the chosen flair allows them. Without a choice: the name of a flair, as the subreddit writes it.",
      required: false,
      kind: "text",
      maxLength: 64,
    },
    { name: "nsfw", label: "Not safe for work", required: false, kind: "boolean" },
    { name: "spoiler", label: "Spoiler", required: false, kind: "boolean" },
    {
      // Said the other way round from Reddit's sendreplies, whose default is on: an untouched switch is off.
      name: "mute_replies",
      label: "No notifications about replies",
      required: false,
      kind: "boolean",
    },
    {
      name: "resubmit",
      label: "Post the link even if the subreddit has it already",
      required: false,
      kind: "boolean",
      only: { media: ["none"] },
    },
    {
      name: "poll_options",
      label: "Poll answers",
      help: "Two to six make it a poll, with the title as its question. A link then goes to the end of the text.",
      required: false,
      kind: "list",
      min: 2,
      max: 6,
      // Reddit's own form takes 120; its interface names no length.
      maxLength: 120,
      only: { media: ["none"] },
    },
    {
      name: "poll_days",
      label: "The poll runs for",
      help: "Three days, unless you choose.",
      required: false,
      kind: "number",
      min: 1,
      max: 7,
      unit: "days",
      only: { media: ["none"] },
    },
  ],
  notices: [
    {
      text: "Beside pictures or a video, a link goes to the end of the text.",
      only: { media: ["image", "gif", "video"] },
    },
    {
      text: "Reddit takes no descriptions of pictures for those who cannot see them. Say what matters in the text.",
      only: { media: ["image", "gif", "video"] },
    },
  ],
  capabilities: { delete: true, readBack: true, refresh: true, revoke: true, quota: false },
  removal: "At reddit.com/prefs/apps, choose Carillon and revoke its access.",
  publishScopes: ["identity", "read", "submit"],
};
