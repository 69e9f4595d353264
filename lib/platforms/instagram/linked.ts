import { z } from "zod";
import { type Access, type Credentials, type Health, type Identified, PlatformError } from "../contract";
import { type Kit, RemoteId } from "../kit";
import { debugToken, facebookLogin, grantedPermissions, graph, Page, pagesOf, refusedToken } from "../meta";
import { profileUrl } from "./account";
import type { Ask } from "./graph";
import { inboxAllowed, linkedInboxScopes } from "./inbox/scopes";

/** The log-in with Facebook: one grant reaches every professional account that is linked to a Page the person ticked. */

const PUBLISH_SCOPES = [
  "instagram_basic",
  "instagram_content_publish",
  "pages_show_list",
  "pages_read_engagement",
];
/** To publish, and what may be left out: deleting what we published, comments (the first one is ours) and messages. */
const SCOPES = [
  ...new Set([
    ...PUBLISH_SCOPES,
    "instagram_manage_contents",
    ...linkedInboxScopes.comments,
    ...linkedInboxScopes.messages,
    // To answer a comment in private.
    "pages_messaging",
  ]),
];

/** Facebook's log-in, opened where accounts are linked to Pages. */
export const linkedLogin = (kit: Kit) =>
  facebookLogin(kit, { scopes: SCOPES, extras: { setup: { channel: "IG_API_ONBOARDING" } } });

/** Every linked account, each lent with the token of its Page, which has no end. @throws PlatformError */
export async function linkedAccounts(kit: Kit, { accessToken, scopes }: Credentials): Promise<Identified> {
  const person = await graph(kit, {
    method: "GET",
    path: "me",
    token: accessToken,
    query: { fields: "id" },
    answer: z.object({ id: RemoteId }),
  });
  const granted = scopes ?? (await grantedPermissions(kit, accessToken));
  const pages = await pagesOf(kit, accessToken, {
    fields: `id,name,access_token,tasks,instagram_business_account{${FACE_FIELDS}}`,
    page: LinkedPage,
    granted,
  });
  const missing = lacking(granted);
  const allowed = inboxAllowed(linkedInboxScopes, granted);
  const accounts = new Map<string, Identified["identities"][number]>();
  for (const { id: pageId, access_token, instagram_business_account: account } of pages) {
    if (!account || accounts.has(account.id)) continue;
    accounts.set(account.id, {
      remoteId: account.id,
      ...faceOf(account),
      profileUrl: account.username ? profileUrl(kit, account.username) : null,
      missing,
      metadata: { pageId, username: account.username ?? null, ...allowed },
      credentials: { accessToken: access_token, scopes: granted },
    });
  }
  // Set apart from the ids of people who log in with Instagram itself.
  return { subject: `facebook:${person.id}`, identities: [...accounts.values()] };
}

/** @throws PlatformError reconnect when the Page's token is dead or not ours */
export async function linkedHealth(kit: Kit, ask: Ask, access: Access): Promise<Health> {
  const facts = await debugToken(kit, access.accessToken);
  if (!facts.valid) throw refusedToken(facts.error?.code ?? "190", facts.error?.subcode, "Instagram");
  if (facts.appId !== null && facts.appId !== kit.clientId) {
    throw new PlatformError(
      "reconnect",
      "This connection was made for another app. Connect the account again.",
      {
        code: "other_app",
        tokenRefused: true,
      },
    );
  }
  const account = await ask(access, {
    method: "GET",
    path: encodeURIComponent(access.remoteId),
    query: { fields: FACE_FIELDS },
    answer: Account,
  });
  return {
    ...faceOf(account),
    missing: lacking(facts.scopes),
    metadata: {
      pageId: access.metadata["pageId"] ?? null,
      username: account.username ?? null,
      ...inboxAllowed(linkedInboxScopes, facts.scopes),
    },
  };
}

const FACE_FIELDS = "id,username,name,profile_picture_url";

const Account = z.object({
  id: RemoteId,
  username: z.string().optional(),
  name: z.string().optional(),
  profile_picture_url: z.string().optional(),
});
type Account = z.infer<typeof Account>;

const LinkedPage = Page.extend({ instagram_business_account: Account.optional() });

const lacking = (granted: string[]) => PUBLISH_SCOPES.filter((scope) => !granted.includes(scope));

const faceOf = (account: Account) => ({
  name: account.name || account.username || `Instagram account ${account.id}`,
  handle: account.username ?? null,
  avatarUrl: account.profile_picture_url || null,
});
