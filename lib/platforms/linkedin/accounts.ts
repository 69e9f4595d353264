import { z } from "zod";
import { type Access, type Credentials, type Health, type Identity, PlatformError } from "../contract";
import { RemoteId } from "../kit";
import { ask, type Linkedin, REST, V2, versioned } from "./rest";

/**
 * Who a grant reaches: the member who consented, and the Pages they may post for. An account's id is its URN, which is also
 * what a post names as its author, and which keeps members and Pages with equal numbers apart.
 */

/** The member first. @param asked the scopes that were asked for: where LinkedIn names none, it granted them all */
export async function accountsOf(
  linkedin: Linkedin,
  { accessToken, scopes }: Credentials,
  asked: string[],
): Promise<{ subject: string; identities: Identity[] }> {
  const granted = scopes ?? asked;
  const member = await memberOf(linkedin, accessToken);
  const identities = [identityOf(member, granted)];
  if (granted.some((scope) => READS_PAGES.includes(scope))) {
    const pages = await unlessRefused(() => pageIdsOf(linkedin, accessToken), []);
    const faces = await pageFacesOf(linkedin, accessToken, pages);
    identities.push(...pages.map((id) => identityOf(pageOf(linkedin, id, faces[id]), granted)));
  }
  return { subject: member.remoteId, identities };
}

/** Whether an account is still there and still ours to post for. The scopes cannot have changed: LinkedIn lists them once. */
export async function healthOf(linkedin: Linkedin, access: Access): Promise<Health> {
  const missing = Missing.parse(access.metadata["missing"]);
  const page = pageIdIn(access.remoteId);
  if (page === null)
    return { ...healthy(await memberOf(linkedin, access.accessToken)), missing, metadata: { missing } };
  const held = (await pageIdsOf(linkedin, access.accessToken)).includes(page);
  const faces = await pageFacesOf(linkedin, access.accessToken, [page]);
  const face = healthy(pageOf(linkedin, page, faces[page]));
  return {
    ...face,
    // Who has lost the role on a Page has lost the permission to post there, whatever was granted.
    missing: held ? missing : [...new Set([...missing, PAGE_SCOPE])],
    metadata: { missing },
  };
}

export const isPage = (remoteId: string): boolean => pageIdIn(remoteId) !== null;

const MEMBER_SCOPE = "w_member_social";
const PAGE_SCOPE = "w_organization_social";
const READS_PAGES = ["rw_organization_admin", "r_organization_admin"];

/** Both spellings occur in LinkedIn's own pages. Who may only post ads (DIRECT_SPONSORED_CONTENT_POSTER) is of no use here. */
const POSTING_ROLES = ["ADMINISTRATOR", "CONTENT_ADMIN", "CONTENT_ADMINISTRATOR"];
const PAGE_SIZE = 20;
const MAX_LISTS = 25;

type Account = Pick<Identity, "remoteId" | "name" | "handle" | "avatarUrl" | "profileUrl">;

const Missing = z.array(z.string()).catch([]);

function identityOf(account: Account, granted: string[]): Identity {
  const needed = isPage(account.remoteId) ? PAGE_SCOPE : MEMBER_SCOPE;
  const missing = granted.includes(needed) ? [] : [needed];
  return { ...account, missing, metadata: { missing } };
}

const healthy = ({ name, handle, avatarUrl }: Account) => ({ name, handle, avatarUrl });

const pageIdIn = (urn: string): string | null => /^urn:li:organization:(\d+)$/.exec(urn)?.[1] ?? null;

const Userinfo = z.object({
  sub: RemoteId,
  name: z.string().optional(),
  given_name: z.string().optional(),
  family_name: z.string().optional(),
  picture: z.string().optional(),
});

const Me = z.object({
  id: RemoteId,
  localizedFirstName: z.string().optional(),
  localizedLastName: z.string().optional(),
  vanityName: z.string().optional(),
});

async function memberOf(linkedin: Linkedin, accessToken: string): Promise<Account> {
  try {
    const me = await ask(linkedin, accessToken, { method: "GET", url: `${V2}/userinfo`, answer: Userinfo });
    return {
      remoteId: `urn:li:person:${me.sub}`,
      name: me.name || nameOf(me.given_name, me.family_name),
      handle: null,
      avatarUrl: me.picture || null,
      profileUrl: null,
    };
  } catch (error) {
    // An app for Pages alone may have no OpenID Connect; with r_basicprofile it may ask the old way.
    if (!isRefused(error)) throw error;
    const me = await ask(linkedin, accessToken, { method: "GET", url: `${V2}/me`, answer: Me });
    return {
      remoteId: `urn:li:person:${me.id}`,
      name: nameOf(me.localizedFirstName, me.localizedLastName),
      handle: me.vanityName || null,
      avatarUrl: null,
      profileUrl: me.vanityName ? profile(linkedin, "in", me.vanityName) : null,
    };
  }
}

const nameOf = (...names: (string | undefined)[]): string =>
  names.filter(Boolean).join(" ") || "LinkedIn member";

const Roles = z.object({
  elements: z.array(
    z.object({
      organization: z.string().optional(),
      organizationTarget: z.string().optional(),
      state: z.string().optional(),
    }),
  ),
  paging: z.object({ links: z.array(z.object({ rel: z.string() })).optional() }).optional(),
});

/** The ids of the Pages a member may post for. LinkedIn lists them per role. */
async function pageIdsOf(linkedin: Linkedin, accessToken: string): Promise<string[]> {
  const ids = await pageIdsByRole(linkedin, accessToken, "ADMINISTRATOR");
  for (const role of POSTING_ROLES.slice(1)) {
    // One of the two spellings is wrong, and LinkedIn may say so.
    ids.push(...(await unlessRefused(() => pageIdsByRole(linkedin, accessToken, role), [])));
  }
  return [...new Set(ids)];
}

async function pageIdsByRole(linkedin: Linkedin, accessToken: string, role: string): Promise<string[]> {
  const ids: string[] = [];
  for (let list = 0; list < MAX_LISTS; list++) {
    const { elements, paging } = await ask(linkedin, accessToken, {
      method: "GET",
      url: `${REST}/organizationAcls`,
      query: {
        q: "roleAssignee",
        role,
        state: "APPROVED",
        count: String(PAGE_SIZE),
        start: String(list * PAGE_SIZE),
      },
      headers: versioned(linkedin.kit),
      answer: Roles,
    });
    for (const { organization, organizationTarget, state = "APPROVED" } of elements) {
      const id = pageIdIn(organization ?? organizationTarget ?? "");
      if (id !== null && state === "APPROVED") ids.push(id);
    }
    if (!paging?.links?.some(({ rel }) => rel === "next")) break;
  }
  return ids;
}

const Face = z.object({ localizedName: z.string().optional(), vanityName: z.string().optional() });
type Face = z.infer<typeof Face>;
type Faces = Record<string, Face | undefined>;

/** What Pages are called, as far as LinkedIn tells: a Page without a name can be posted to all the same. */
async function pageFacesOf(linkedin: Linkedin, accessToken: string, ids: string[]): Promise<Faces> {
  const faces: Faces = {};
  for (let from = 0; from < ids.length; from += PAGE_SIZE) {
    const some = ids.slice(from, from + PAGE_SIZE);
    Object.assign(
      faces,
      await unlessRefused(
        () => facesTogether(linkedin, accessToken, some),
        // An app in LinkedIn's development tier may not ask for several at once.
        () => unlessRefused(() => facesOneByOne(linkedin, accessToken, some), {}),
      ),
    );
  }
  return faces;
}

async function facesTogether(linkedin: Linkedin, accessToken: string, ids: string[]): Promise<Faces> {
  const { results } = await ask(linkedin, accessToken, {
    method: "GET",
    // Not as a `query`: Rest.li reads a list only with its parentheses and commas as they are.
    url: `${REST}/organizations?ids=List(${ids.join(",")})`,
    headers: versioned(linkedin.kit),
    answer: z.object({ results: z.record(z.string(), Face) }),
  });
  return results;
}

async function facesOneByOne(linkedin: Linkedin, accessToken: string, ids: string[]): Promise<Faces> {
  const faces: Faces = {};
  for (const id of ids) {
    faces[id] = await ask(linkedin, accessToken, {
      method: "GET",
      url: `${REST}/organizations/${id}`,
      headers: versioned(linkedin.kit),
      answer: Face,
    });
  }
  return faces;
}

const pageOf = (linkedin: Linkedin, id: string, face: Face | undefined): Account => ({
  remoteId: `urn:li:organization:${id}`,
  name: face?.localizedName || face?.vanityName || `LinkedIn Page ${id}`,
  handle: face?.vanityName || null,
  avatarUrl: null,
  profileUrl: profile(linkedin, "company", face?.vanityName || id),
});

const profile = ({ kit }: Linkedin, kind: "in" | "company", name: string): string =>
  kit.address(`https://www.linkedin.com/${kind}/${encodeURIComponent(name)}/`).href;

const isRefused = (error: unknown): boolean => error instanceof PlatformError && error.kind === "rejected";

/** Does without what LinkedIn will not show this app. What it cannot show just now still fails. */
async function unlessRefused<T>(work: () => Promise<T>, otherwise: T | (() => Promise<T>)): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isRefused(error)) throw error;
    return otherwise instanceof Function ? otherwise() : otherwise;
  }
}
