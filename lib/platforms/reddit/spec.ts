import type { PlatformSpec } from "../contract";

/** Reddit as data, for the composer and the rules. Pictures, video, galleries and polls are not offered yet. */
export const redditSpec: PlatformSpec = {
  id: "reddit",
  name: "Reddit",
  // A title alone is a post, and so is a title with a link.
  text: { max: 40_000, counting: "characters", required: false },
  link: "field",
  // Comments cannot be read back when an answer is lost, so no chain is offered.
  maxReplies: 0,
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
      name: "title",
      label: "Title",
      required: true,
      kind: "text",
      maxLength: 300,
      refuses: { pattern: "[\\r\\n]", message: "A title on Reddit is a single line." },
    },
    {
      name: "flair_text",
      label: "Flair",
      help: "As the subreddit writes it, or your own words where you also give the id of a flair that allows them.",
      required: false,
      kind: "text",
      maxLength: 64,
    },
    {
      name: "flair_id",
      label: "Flair id",
      help: "Only where two flairs look the same, or where a flair lets you write its text.",
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
    },
  ],
  capabilities: { delete: true, readBack: true, refresh: true, revoke: true, quota: false },
  publishScopes: ["identity", "read", "submit"],
};
