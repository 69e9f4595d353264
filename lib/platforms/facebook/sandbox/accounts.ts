/** Who is there on the simulated Facebook: the person, their Pages, and the Pages' own tokens. */
import {
  type Answer,
  type Call,
  isAnswer,
  type Json,
  type Person,
  personById,
  shelf,
} from "@/lib/sandbox/kit";
import { facebookPeople, type MetaToken, type Page, pages } from "@/lib/sandbox/meta";
import { findToken, issueToken } from "@/lib/sandbox/oauth";
import { answerList, answerNode, inside, insideData, type Node } from "./fields";
import { admit, admitPerson, missingObject, missingPermission, reachablePages, tasksOf } from "./graph";

export const pictureHost = "scontent.xx.fbcdn.net";

/** The people of meta.ts with their Pages named. `details.lostPages` and `details.tasks` may be set on top. */
export const people: Person[] = facebookPeople.map((person) => ({
  ...person,
  details: {
    pages: pages.filter(({ ownerId }) => ownerId === person.id).map(({ id, name }): Json => ({ id, name })),
  },
}));

/** GET /me, /{person} and /{page} */
export function readAccount(call: Call): Answer {
  const admitted = admit(call);
  if (isAnswer(admitted)) return admitted;
  const { token, params } = admitted;
  const id = call.params["id"] ?? "";
  const pageId = id === "me" ? token.pageId : id;
  const page = reachablePages(call, token).find((one) => one.id === pageId);
  if (page !== undefined) {
    // A Page's own token knows no other Page.
    if (token.pageId !== null && token.pageId !== page.id) return missingObject(id);
    return answerNode(params, "Page", pageNode(call, token, page), ["name", "id"]);
  }
  const person = personById(call, token.personId);
  if (person === null || token.pageId !== null || (id !== "me" && id !== person.id)) return missingObject(id);
  const [first_name, last_name] = person.name.split(" ");
  const node = { id: person.id, name: person.name, first_name, last_name, picture: picture(call, person.id) };
  return answerNode(params, "User", node, ["name", "id"]);
}

/** GET /me/accounts: the ticked Pages. Without pages_show_list the list is empty. */
export function listAccounts(call: Call): Answer {
  const admitted = admitPerson(call);
  if (isAnswer(admitted)) return admitted;
  const { token, params } = admitted;
  const id = call.params["id"] ?? "";
  if (id !== "me" && id !== token.personId) return missingObject(id);
  const mine = token.scopes.includes("pages_show_list") ? reachablePages(call, token) : [];
  return answerList(call, params, {
    type: "Page",
    nodes: mine.map((page) => ({ id: page.id, node: pageNode(call, token, page) })),
    byDefault: ["access_token", "category", "category_list", "name", "id", "tasks"],
  });
}

/** GET /me/businesses: nobody here holds Pages through a business. */
export function listBusinesses(call: Call): Answer {
  const admitted = admitPerson(call);
  if (isAnswer(admitted)) return admitted;
  const { token, params } = admitted;
  const id = call.params["id"] ?? "";
  if (id !== "me" && id !== token.personId) return missingObject(id);
  if (!token.scopes.includes("business_management")) {
    return missingPermission(200, "Requires the permission business_management.");
  }
  return answerList(call, params, { type: "Business", nodes: [], byDefault: ["id", "name"] });
}

/** Whether the id in a path means a person or a Page. */
export const isAccount = (id: string): boolean =>
  id === "me" || [...people, ...pages].some((one) => one.id === id);

/** The picture of a person or a Page: its first letter. */
export function showPicture(call: Call): Answer {
  const named = [...people, ...pages].find(({ id }) => id === call.params["id"]);
  if (named === undefined) return { status: 404, headers: { "content-type": "text/plain" }, body: "" };
  const svg =
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48"><rect width="48" height="48" fill="#2f5d8f"/>' +
    `<text x="24" y="32" font-family="sans-serif" font-size="22" fill="#fff" text-anchor="middle">${named.name.charAt(0)}</text></svg>`;
  return { status: 200, headers: { "content-type": "image/svg+xml" }, body: svg };
}

function pageNode(call: Call, token: MetaToken, page: Page): Node {
  const { instagram } = page;
  return {
    id: page.id,
    name: page.name,
    username: page.username,
    category: page.category,
    category_list: [{ id: "163003840417682", name: page.category }],
    link: `https://www.facebook.com/${page.id}`,
    about: undefined,
    website: undefined,
    is_published: true,
    fan_count: 128,
    followers_count: 131,
    tasks: tasksOf(call, page),
    access_token: () => (token.pageId === null ? pageToken(call, token, page) : token.value),
    picture: picture(call, page.id),
    instagram_business_account:
      instagram === null
        ? undefined
        : inside(
            {
              id: instagram.id,
              username: instagram.username,
              name: instagram.name,
              profile_picture_url: pictureUrl(call, page.id),
              followers_count: 64,
              media_count: 8,
            },
            ["id"],
          ),
  };
}

/** The same one as last time while it lives. Made from a short-lived token, it ends with that; else it has no end. */
function pageToken(call: Call, from: MetaToken, page: Page): string {
  const drawer = shelf<string>(call, "page_tokens");
  const expiresAt = from.kind === "short" ? from.expiresAt : null;
  const known = Object.entries(drawer).find(([value, pageId]) => {
    const found = findToken(call, value);
    return (
      pageId === page.id &&
      found?.state === "live" &&
      found.grant.id === from.grantId &&
      found.token.expiresAt === expiresAt
    );
  });
  if (known !== undefined) return known[0];
  const grant = call.world.grants[from.grantId];
  if (grant === undefined) throw new Error("A live token has a grant.");
  const { value } = issueToken(call, grant, "page", expiresAt === null ? null : expiresAt - call.now);
  drawer[value] = page.id;
  return value;
}

function picture(call: Call, id: string) {
  const node = {
    height: 50,
    is_silhouette: false,
    url: pictureUrl(call, id),
    width: 50,
    cache_key: undefined,
  };
  return insideData(node, ["height", "is_silhouette", "url", "width"]);
}

const pictureUrl = (call: Call, id: string): string =>
  `${call.sandboxOrigin}/${pictureHost}/v/${id}/picture.svg`;
