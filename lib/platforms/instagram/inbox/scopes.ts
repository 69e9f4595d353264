import type { Inbox } from "../../inbox-contract";

/** What the inbox needs of a person who connects. They may leave it out and publish all the same. */

export const ownInboxScopes: Inbox["scopes"] = {
  messages: ["instagram_business_manage_messages"],
  comments: ["instagram_business_manage_comments"],
};

/** Events come by way of the Page, which must be allowed to ask for them. */
export const linkedInboxScopes: Inbox["scopes"] = {
  messages: ["instagram_manage_messages", "pages_manage_metadata"],
  comments: ["instagram_manage_comments", "pages_manage_metadata"],
};

/** For an identity's metadata: what of the inbox was allowed. */
export const inboxAllowed = (
  { messages, comments }: Inbox["scopes"],
  granted: string[],
): { messaging: boolean; commenting: boolean } => ({
  messaging: messages.every((scope) => granted.includes(scope)),
  commenting: comments.every((scope) => granted.includes(scope)),
});
