import type { PlatformSpec } from "../contract";

/** OnlyFans as data: an account can be kept here, but nothing is published to it. */
export const onlyfansSpec: PlatformSpec = {
  id: "onlyfans",
  name: "OnlyFans",
  publishes: false,
  // What a post may be is not documented anywhere; nobody is asked to write one.
  text: { max: 1_000, counting: "characters", required: true },
  link: "text",
  maxReplies: 0,
  fields: [],
  capabilities: { delete: false, readBack: false, refresh: false, revoke: false, quota: false },
  removal:
    "The session itself goes on in your browser. To end it, log out of all sessions in your OnlyFans settings.",
  publishScopes: [],
};
