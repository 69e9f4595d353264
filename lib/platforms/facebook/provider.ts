import { z } from "zod";
import {
  type Access,
  type Credentials,
  type Health,
  type Identified,
  PlatformError,
  type Provider,
} from "../contract";
import { type Kit, RemoteId } from "../kit";
import {
  Done,
  debugToken,
  facebookLogin,
  graph,
  isMissing,
  Page,
  pagesOf,
  refusedToken,
  type TokenFacts,
} from "../meta";
import { locateStep } from "./locate";
import { ask, onPost } from "./page";
import { publishStep } from "./publish";
import { facebookSpec } from "./spec";

/** Find the Pages, those a business holds as well; publish, read back what was lost, and write a first comment. */
const SCOPES = [
  "pages_show_list",
  "pages_read_engagement",
  "pages_manage_posts",
  "pages_manage_engagement",
  "business_management",
];
/** What a person must be allowed to do on a Page to post there. */
const POSTING_TASK = "CREATE_CONTENT";

/** Facebook Pages (Graph API): one grant reaches every Page the person ticked, each with a token of its own. */
export function facebook(kit: Kit): Provider {
  return {
    spec: facebookSpec,
    connector: facebookLogin(kit, { scopes: SCOPES }),

    identify: (credentials) => identify(kit, credentials),

    check: (access) => check(kit, access),

    publish: (request) => publishStep(kit, request),

    locate: (request) => locateStep(kit, request),

    async remove(access, remoteId) {
      try {
        await onPost(access, remoteId, (path) => ask(kit, access, { method: "DELETE", path, answer: Done }));
      } catch (error) {
        // Someone deleted it before us.
        if (!isMissing(error)) throw error;
      }
    },
  };
}

const FACE = "id,name,username,picture{url}";

const Face = Page.extend({
  username: z.string().optional(),
  picture: z
    .object({ data: z.object({ url: z.string().optional() }) })
    .optional()
    .catch(undefined),
});
type Face = z.infer<typeof Face>;

async function identify(kit: Kit, { accessToken }: Credentials): Promise<Identified> {
  const facts = await goodToken(kit, accessToken);
  const me = await graph(kit, {
    method: "GET",
    path: "me",
    token: accessToken,
    query: { fields: "id" },
    answer: z.object({ id: RemoteId }),
  });
  const pages = await pagesOf(kit, accessToken, {
    fields: `${FACE},access_token,tasks`,
    page: Face,
    granted: facts.scopes,
  });
  return {
    subject: me.id,
    identities: pages.map((page) => ({
      remoteId: page.id,
      ...faceOf(page),
      profileUrl: kit.address(`https://www.facebook.com/${encodeURIComponent(page.username || page.id)}`)
        .href,
      metadata: metadataOf(page.id, page.tasks),
      missing: missingOf(facts, page.id, page.tasks),
      // A Page's token made of a long-lived one has no end, whatever becomes of that one.
      credentials: { accessToken: page.access_token, scopes: facts.scopes },
    })),
  };
}

/** A Page's token has no end and cannot be renewed: all there is to do is to look whether it still works. */
async function check(kit: Kit, access: Access): Promise<Health> {
  const facts = await goodToken(kit, access.accessToken);
  const page = await ask(kit, access, {
    method: "GET",
    path: encodeURIComponent(access.remoteId),
    query: { fields: FACE },
    answer: Face,
  });
  // What the person may do there is told in their own list of Pages only; who loses every role loses the token.
  const { tasks } = Held.parse(access.metadata);
  return {
    ...faceOf(page),
    metadata: metadataOf(access.remoteId, tasks),
    missing: missingOf(facts, access.remoteId, tasks),
  };
}

const Held = z.object({ tasks: z.array(z.string()).optional().catch(undefined) });

/** @throws PlatformError reconnect where Facebook calls the token dead, or another app's */
async function goodToken(kit: Kit, token: string): Promise<TokenFacts> {
  const facts = await debugToken(kit, token);
  if (!facts.valid) throw refusedToken(facts.error?.code ?? "190", facts.error?.subcode);
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
  return facts;
}

function missingOf({ scopes, targets }: TokenFacts, pageId: string, tasks: string[] | undefined): string[] {
  const given = (scope: string) => scopes.includes(scope) && (targets[scope]?.includes(pageId) ?? true);
  return facebookSpec.publishScopes.filter((needed) =>
    needed === POSTING_TASK ? tasks !== undefined && !tasks.includes(POSTING_TASK) : !given(needed),
  );
}

const metadataOf = (pageId: string, tasks: string[] | undefined) => ({ pageId, ...(tasks && { tasks }) });

const faceOf = ({ name, username, picture }: Face) => ({
  name,
  handle: username || null,
  avatarUrl: picture?.data.url ?? null,
});
