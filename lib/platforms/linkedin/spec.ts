import type { PlatformSpec } from "../contract";

/** LinkedIn as data, for the composer and the rules. Pictures, video, documents and polls are not offered yet. */
export const linkedinSpec: PlatformSpec = {
  id: "linkedin",
  name: "LinkedIn",
  text: { max: 3_000, counting: "little_text", required: true },
  // LinkedIn makes no card of an address in the text, so the link goes out as a card of its own.
  link: "field",
  // A comment is another kind of thing there, with a permission that ordinary apps do not get.
  maxReplies: 0,
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
      help: "LinkedIn does not look the link up: without a title its card shows the site's name.",
      required: false,
      kind: "text",
      maxLength: 200,
    },
  ],
  // What a member posted cannot be read back: LinkedIn shows it to no ordinary app.
  capabilities: { delete: true, readBack: false, refresh: true, revoke: true, quota: false },
  // The first for the member's own posts, the second for their Pages'.
  publishScopes: ["w_member_social", "w_organization_social"],
};
