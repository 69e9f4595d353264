import type { PlatformSpec, PostContent } from "../contract";
import { withLink } from "../counting";

/** X as data, for the composer and the rules. Pictures, video and polls are not offered yet. */
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
  ],
  capabilities: { delete: true, readBack: true, refresh: true, revoke: true, quota: false },
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
