/**
 * What Facebook's and Instagram's simulators agree on: who lives there, which Page and which professional account
 * belong together, and how graph.facebook.com looks at a token.
 */
import { createHmac } from "node:crypto";
import { type Answer, bearer, type Call, formBody, json, type Person } from "./kit";
import { findToken, sameSecret } from "./oauth";

export type InstagramAccount = {
  /** the professional account's id, the same through both log-ins */
  id: string;
  /** the id that Instagram login's own app sees as `id` */
  appScopedId: string;
  username: string;
  name: string;
};

export type Page = {
  id: string;
  name: string;
  username: string;
  category: string;
  /** the Facebook person who runs it */
  ownerId: string;
  tasks: string[];
  instagram: InstagramAccount | null;
};

const allTasks = ["ANALYZE", "ADVERTISE", "MESSAGING", "MODERATE", "CREATE_CONTENT", "MANAGE"];

// Odd numbers above 2^53: whoever reads them as JavaScript numbers gets other people.
export const facebookPeople: Person[] = [
  { id: "10229384756102937", username: "adabell", name: "Ada Bell" },
  { id: "10229384756102939", username: "chimecafe", name: "Chiara Chime" },
  { id: "10229384756102941", username: "otto_klang", name: "Otto Klang" },
];

export const instagramAccounts: InstagramAccount[] = [
  { id: "17841400012345671", appScopedId: "25025320123456781", username: "adabell", name: "Ada Bell Bells" },
  { id: "17841400012345673", appScopedId: "25025320123456783", username: "chimecafe", name: "Chime Café" },
  { id: "17841400012345677", appScopedId: "25025320123456787", username: "otto_klang", name: "Klang Studio" },
];

const [adaOnInstagram = null, chimeOnInstagram = null, ottoOnInstagram = null] = instagramAccounts;

export const pages: Page[] = [
  {
    id: "61555000111222331",
    name: "Ada Bell Bells",
    username: "adabellbells",
    category: "Local business",
    ownerId: "10229384756102937",
    tasks: allTasks,
    instagram: adaOnInstagram,
  },
  {
    id: "61555000111222333",
    name: "Bell Ringers’ Guild",
    username: "bellringersguild",
    category: "Community",
    ownerId: "10229384756102937",
    tasks: allTasks,
    instagram: null,
  },
  {
    id: "61555000111222337",
    name: "The Old Tower",
    username: "theoldtower",
    category: "Landmark",
    ownerId: "10229384756102937",
    // She may look at its numbers, and post nothing.
    tasks: ["ANALYZE"],
    instagram: null,
  },
  {
    id: "61555000111222339",
    name: "Chime Café",
    username: "chimecafe",
    category: "Café",
    ownerId: "10229384756102939",
    tasks: allTasks,
    instagram: chimeOnInstagram,
  },
  {
    id: "61555000111222341",
    name: "Klang Studio",
    username: "klangstudio",
    category: "Recording studio",
    ownerId: "10229384756102941",
    tasks: allTasks,
    instagram: ottoOnInstagram,
  },
];

/**
 * Who a call to graph.facebook.com acts for. Facebook's simulator issues kind "access" (a person's long-lived token),
 * "short" (a person's first one) and "page" tokens; it notes which Page a "page" token is for on its shelf
 * "page_tokens", and which Pages a grant reaches on its shelf "granted_pages", by grant id.
 */
export type MetaToken = {
  value: string;
  kind: string;
  personId: string;
  grantId: string;
  scopes: string[];
  /** for a Page's own token */
  pageId: string | null;
  /** ids of the Pages the person ticked */
  pageIds: string[];
  /** milliseconds since 1970; null: no end */
  expiresAt: number | null;
};

/**
 * The token of `Authorization: Bearer`, or of the parameter `access_token` in query or form, checked with its
 * `appsecret_proof` (which graph.facebook.com demands here, as with "Require App Secret" switched on).
 */
export function metaToken(call: Call, params: URLSearchParams): MetaToken | Answer {
  const value = bearer(call) ?? params.get("access_token");
  if (value === null || value === "") {
    return graphError(400, {
      message: "An active access token must be used to query information about the current user.",
      type: "OAuthException",
      code: 2500,
    });
  }
  const world = call.worlds["facebook"];
  const app = call.clients["facebook"];
  if (world === undefined || app === undefined) throw new Error("Facebook is not simulated.");
  const found = findToken({ ...call, world }, value);
  if (found === null) {
    return graphError(400, { message: "Invalid OAuth access token.", type: "OAuthException", code: 190 });
  }
  const proof = params.get("appsecret_proof");
  if (proof === null) {
    return graphError(400, {
      message: "API calls from the server require an appsecret_proof argument",
      type: "GraphMethodException",
      code: 100,
    });
  }
  // The newer form binds the proof to a time.
  const time = params.get("appsecret_time");
  const proven = time === null ? value : `${value}|${time}`;
  if (!sameSecret(proof, createHmac("sha256", app.secret).update(proven).digest("hex"))) {
    return graphError(400, {
      message: "Invalid appsecret_proof provided in the API argument",
      type: "GraphMethodException",
      code: 100,
    });
  }
  const { token, grant, state } = found;
  if (state === "expired") {
    return graphError(400, {
      message: "Error validating access token: Session has expired.",
      type: "OAuthException",
      code: 190,
      error_subcode: 463,
    });
  }
  if (state !== "live") {
    return graphError(400, {
      message: "Error validating access token: The user has not authorized application.",
      type: "OAuthException",
      code: 190,
      error_subcode: 458,
    });
  }
  const drawer = (name: string): Record<string, unknown> => world.shelves[name] ?? {};
  const pageId = drawer("page_tokens")[value];
  const pageIds = drawer("granted_pages")[grant.id];
  return {
    value,
    kind: token.kind,
    personId: grant.personId,
    grantId: grant.id,
    scopes: grant.scopes,
    pageId: typeof pageId === "string" ? pageId : null,
    pageIds: Array.isArray(pageIds) ? pageIds.map(String) : [],
    expiresAt: token.expiresAt,
  };
}

/** What is done with a Page and means its Instagram account: nobody's Messenger is simulated. */
const messagingEdges = ["messages", "subscribed_apps", "conversations", "messenger_profile"];

/**
 * Whether a request to a host both simulators answer for is Instagram's: one whose path, after the version, begins with
 * the id of an account, a container, a media, a comment, a message, a conversation or a person there, or ends with an
 * edge for messaging, or an upload to rupload.facebook.com/ig-api-upload.
 */
export function isInstagrams(call: Call): boolean {
  const [first = "", second = "", third = ""] = call.path.split("/").slice(1);
  if (call.host === "rupload.facebook.com") return first === "ig-api-upload";
  if (call.host !== "graph.facebook.com") return false;
  const [id, edge] = /^v\d+\.\d+$/.test(first) ? [second, third] : [first, second];
  const shelves = call.worlds["instagram"]?.shelves ?? {};
  return (
    messagingEdges.includes(edge) ||
    instagramAccounts.some((account) => account.id === id) ||
    ["containers", "media", "comments", "messages", "conversations", "scoped_ids"].some((name) =>
      Object.hasOwn(shelves[name] ?? {}, id),
    )
  );
}

/** Query and form as one; a name in both is there twice. JSON bodies are the caller's to read. */
export function graphParams(call: Call): URLSearchParams {
  const params = new URLSearchParams(call.query);
  for (const [name, value] of formBody(call) ?? []) params.append(name, value);
  for (const { name, filename, text } of call.parts ?? []) if (filename === null) params.append(name, text);
  return params;
}

export type GraphError = {
  message: string;
  type: string;
  code: number;
  error_subcode?: number;
  is_transient?: boolean;
  error_user_title?: string;
  error_user_msg?: string;
};

/** Meta's error in its one shape. */
export const graphError = (status: number, error: GraphError): Answer =>
  json(status, { error: { ...error, fbtrace_id: "Asandbox0fbtrace0id00" } });
