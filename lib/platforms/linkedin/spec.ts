import type { PlatformSpec } from "../contract";

/** LinkedIn as data, for the composer and the rules. Where a size is told without saying how it is counted, the stricter reading holds. */
export const linkedinSpec: PlatformSpec = {
  id: "linkedin",
  name: "LinkedIn",
  text: { max: 3_000, counting: "little_text", required: true },
  // LinkedIn makes no card of an address in the text, so the link goes out as a card of its own.
  link: "field",
  // A comment is another kind of thing there, with a permission that ordinary apps do not get.
  maxReplies: 0,
  media: {
    min: 0,
    max: 20,
    mixed: false,
    altMax: 4_086,
    // LinkedIn names no largest picture, only fewer than 36,152,320 pixels.
    image: { formats: ["image/jpeg", "image/png"], maxBytes: 50_000_000, maxPixels: 36_152_319 },
    gif: { formats: ["image/gif"], maxBytes: 50_000_000, maxWidth: 6_012, maxHeight: 6_012 },
    video: {
      formats: ["video/mp4"],
      max: 1,
      minBytes: 75 * 1_024,
      maxBytes: 500_000_000,
      minMs: 3_000,
      maxMs: 30 * 60_000,
    },
    document: { formats: ["application/pdf"], max: 1, maxBytes: 100_000_000 },
  },
  fields: [
    {
      name: "visibility",
      label: "Who can see it",
      help: "Anyone, unless you choose. What a Page posts is always for anyone.",
      required: false,
      kind: "choice",
      options: [
        { value: "PUBLIC", label: "Anyone" },
        { value: "LOGGED_IN", label: "LinkedIn members" },
        { value: "CONNECTIONS", label: "Your connections" },
      ],
    },
    {
      name: "link_title",
      label: "Title of the link",
      help: "LinkedIn does not look the link up: without a title its card shows the site's name. A single picture becomes the card's picture; beside several pictures, a video, a document or a poll, the link goes to the end of the text.",
      required: false,
      kind: "text",
      maxLength: 200,
      only: { media: ["none", "image", "gif"] },
    },
    {
      name: "link_description",
      label: "Description of the link",
      required: false,
      kind: "text",
      maxLength: 300,
      only: { media: ["none", "image", "gif"] },
    },
    {
      name: "document_title",
      label: "Title of the document",
      help: "Shown above its pages. The file's name, unless you write one.",
      required: false,
      kind: "text",
      maxLength: 200,
      only: { media: ["document"] },
    },
    {
      name: "poll_question",
      label: "Poll question",
      help: "A poll has a question and two to four answers, and cannot be changed once it is out.",
      required: false,
      kind: "text",
      maxLength: 140,
      only: { media: ["none"] },
    },
    {
      name: "poll_options",
      label: "Poll answers",
      required: false,
      kind: "list",
      min: 2,
      max: 4,
      maxLength: 30,
      only: { media: ["none"] },
    },
    {
      name: "poll_duration",
      label: "The poll runs for",
      help: "A week, unless you choose.",
      required: false,
      kind: "choice",
      options: [
        { value: "ONE_DAY", label: "A day" },
        { value: "THREE_DAYS", label: "Three days" },
        { value: "SEVEN_DAYS", label: "A week" },
        { value: "FOURTEEN_DAYS", label: "Two weeks" },
      ],
      only: { media: ["none"] },
    },
  ],
  // What a member posted cannot be read back: LinkedIn shows it to no ordinary app.
  capabilities: { delete: true, readBack: false, refresh: true, revoke: true, quota: false },
  removal: "On LinkedIn, open Settings, Data privacy, then Permitted services, and remove Carillon.",
  // The first for the member's own posts, the second for their Pages'.
  publishScopes: ["w_member_social", "w_organization_social"],
};
