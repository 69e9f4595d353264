/**
 * How the simulated Instagram reads a request and whom it lets in: at graph.instagram.com with a token of its own, at
 * graph.facebook.com with one of Facebook's.
 */
import { createHmac } from "node:crypto";
import {
  type Answer,
  bearer,
  type Call,
  isAnswer,
  json,
  jsonBody,
  knob,
  type Route,
  shelf,
  strangeParam,
} from "@/lib/sandbox/kit";
import { graphError, graphParams, instagramAccounts, metaToken, pages } from "@/lib/sandbox/meta";
import { findToken, sameSecret } from "@/lib/sandbox/oauth";
import { badToken, invalidParam, missingObject, missingPermission, unknownPath } from "./errors";

export const instagramHost = "graph.instagram.com";
export const facebookHost = "graph.facebook.com";
export const uploadHost = "rupload.facebook.com";

/** What a call is about to do; each log-in has names of its own for it. */
export type Need = "read" | "publish" | "comment" | "delete" | "message" | "private_reply" | "subscribe";

/**
 * `accounts`: ids of the professional accounts that the token reaches. `scopes`: what was granted. `pageId`: for a
 * Page's own token.
 */
export type Admitted = {
  params: URLSearchParams;
  accounts: string[];
  scopes: string[];
  pageId: string | null;
};

export type Node = Record<string, unknown>;

const instagramScopes: Record<Need, string[]> = {
  read: ["instagram_business_basic"],
  publish: ["instagram_business_basic", "instagram_business_content_publish"],
  comment: ["instagram_business_basic", "instagram_business_manage_comments"],
  delete: ["instagram_business_basic"],
  message: ["instagram_business_basic", "instagram_business_manage_messages"],
  private_reply: ["instagram_business_basic", "instagram_business_manage_comments"],
  // The fields that are asked for need more.
  subscribe: ["instagram_business_basic"],
};
const facebookScopes: Record<Need, string[]> = {
  read: ["instagram_basic"],
  publish: ["instagram_basic", "instagram_content_publish", "pages_read_engagement"],
  comment: ["instagram_basic", "instagram_manage_comments", "pages_read_engagement"],
  delete: ["instagram_basic", "instagram_manage_contents"],
  message: [
    "instagram_basic",
    "instagram_manage_messages",
    "pages_manage_metadata",
    "pages_read_engagement",
    "pages_show_list",
  ],
  private_reply: ["instagram_basic", "instagram_manage_comments", "pages_messaging"],
  subscribe: ["instagram_basic", "pages_manage_metadata"],
};
/** `pretty` and `debug` are ignored since v26, `date_format` is an error. */
const everywhere = ["access_token", "appsecret_proof", "pretty", "debug"];
const oldestVersion = 21;
const latestVersion = 26;

/** A route of both Graph hosts, with a version in its path and without. */
export function graph(
  method: Route["method"],
  path: string,
  operation: Route["operation"],
  handle: Route["handle"],
  fetches?: Route["fetches"],
): Route[] {
  return ["/:version", ""].map((version) => ({
    operation,
    method,
    path: `${version}${path}`,
    hosts: [instagramHost, facebookHost],
    ...(method === "POST" ? { takes: "parts" } : {}),
    ...(fetches ? { fetches } : {}),
    handle: (call) => (servedVersion(call) === null ? unknownPath() : handle(call)),
  }));
}

/** The version that answers: an old one, or none, gets the oldest usable. null: there is none of that name. */
export function servedVersion(call: Call): string | null {
  const named = call.params["version"];
  if (named === undefined) return `v${oldestVersion}.0`;
  const number = Number(/^v(\d{1,2})\.\d+$/.exec(named)?.[1] ?? Number.NaN);
  return number <= latestVersion ? `v${Math.max(number, oldestVersion)}.0` : null;
}

/** Lets a call in when its parameters are known, its token lives, and everything needed was granted. */
export function admit(call: Call, allowed: readonly string[], need: Need): Admitted | Answer {
  const params = readParams(call);
  const strange = strangeParam(params, [...allowed, ...everywhere]);
  if (strange !== null) return invalidParam(`Unexpected or repeated parameter: ${strange}`);
  return call.host === facebookHost ? admitWithFacebook(call, params, need) : admitOwn(call, params, need);
}

/** Lets in a token that was sent to upload with: no proof goes with it. */
export function admitUpload(call: Call): Admitted | Answer {
  const token = /^OAuth +(\S+)$/i.exec(call.headers.get("authorization") ?? "")?.[1] ?? "";
  const secret = call.clients["facebook"]?.secret ?? "";
  const params = new URLSearchParams({ access_token: token, appsecret_proof: proof(secret, token) });
  return admitWithFacebook(call, params, "publish");
}

/** The account that the path names ("me" only at Instagram's own host), if the token reaches it. */
export function accountInPath(call: Call, { accounts }: Admitted): string | Answer {
  const id = call.params["id"] ?? "";
  const [own] = accounts;
  if (id === "me" && call.host === instagramHost && own !== undefined) return own;
  return accounts.includes(id) ? id : missingObject(call, id);
}

type Shelf = "containers" | "media" | "comments" | "messages" | "conversations" | "scoped_ids";

/** What lies on a shelf under this id. */
export function onShelf<T>(call: Call, name: Shelf, id: string): T | null {
  const drawer = shelf<T>(call, name);
  return Object.hasOwn(drawer, id) ? (drawer[id] ?? null) : null;
}

/** Whose the object in the path is: an account, or what it made. */
export function ownerInPath(call: Call): string | null {
  const id = call.params["id"] ?? "";
  if (instagramAccounts.some((account) => account.id === id)) return id;
  for (const name of ["containers", "media", "comments"] as const) {
    const found = onShelf<{ personId: string }>(call, name, id);
    if (found !== null) return found.personId;
  }
  return null;
}

/** The node with the wanted fields; `id` is always among them. */
export function answerNode(params: URLSearchParams, node: Node): Answer {
  const picked = pickFields(params.get("fields") ?? "id", node);
  return isAnswer(picked) ? picked : json(200, picked);
}

/** One page of an edge, with cursors, and the address of the next one where there is more. */
export function answerEdge(
  call: Call,
  params: URLSearchParams,
  nodes: (Node & { id: string })[],
  limits: { usual: number; most: number },
): Answer {
  const limit = Number(params.get("limit") ?? limits.usual);
  if (!Number.isInteger(limit) || limit < 1) return invalidParam("limit must be a positive number");
  const [after, before] = [params.get("after"), params.get("before")];
  const at = (cursor: string) => nodes.findIndex(({ id }) => cursorOf(id) === cursor);
  if ([after, before].some((cursor) => cursor !== null && at(cursor) < 0)) {
    return invalidParam("Invalid cursors values");
  }
  const size = Math.min(limit, limits.most);
  const end = before === null ? nodes.length : at(before);
  const start = after === null ? (before === null ? 0 : Math.max(0, end - size)) : at(after) + 1;
  const shownNodes = nodes.slice(start, Math.min(end, start + size));
  const data: Node[] = [];
  for (const node of shownNodes) {
    const picked = pickFields(params.get("fields") ?? "id", node);
    if (isAnswer(picked)) return picked;
    data.push(picked);
  }
  const [first, last] = [shownNodes[0], shownNodes.at(-1)];
  if (first === undefined || last === undefined) return json(200, { data });
  const cursors = { before: cursorOf(first.id), after: cursorOf(last.id) };
  if (start + shownNodes.length >= nodes.length) return json(200, { data, paging: { cursors } });
  const next = new URL(call.url);
  next.searchParams.delete("before");
  next.searchParams.delete("appsecret_proof");
  next.searchParams.set("access_token", bearer(call) ?? params.get("access_token") ?? "");
  next.searchParams.set("limit", String(size));
  next.searchParams.set("after", cursors.after);
  return json(200, { data, paging: { cursors, next: next.href } });
}

/** A boolean as Graph reads it; null when it is none. */
export function asBoolean(value: string | null): boolean | null {
  if (value === "true" || value === "1") return true;
  return value === "false" || value === "0" ? false : null;
}

/** ISO 8601 as Graph writes it. */
export const timestamp = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, "+0000");

/** What every answer of the Graph hosts carries. */
export function usageHeaders(call: Call, percent: number, minutesToWait: number): Record<string, string> {
  const used = { call_count: percent, total_cputime: percent, total_time: percent };
  const owner = ownerInPath(call) ?? ownAccount(call);
  return {
    "x-app-usage": JSON.stringify(used),
    ...(owner === null
      ? {}
      : {
          "x-business-use-case-usage": JSON.stringify({
            [owner]: [{ type: "instagram", ...used, estimated_time_to_regain_access: minutesToWait }],
          }),
        }),
  };
}

/** As set by a knob: how much of the limits is used up already, in percent. */
export const usedPercent = (call: Call): number => knob(call, "usedPercent", 3);

function admitOwn(call: Call, params: URLSearchParams, need: Need): Admitted | Answer {
  const value = bearer(call) ?? params.get("access_token");
  if (value === null || value === "") {
    return graphError(400, {
      message: "An access token is required to request this resource.",
      type: "OAuthException",
      code: 104,
      is_transient: false,
    });
  }
  const found = findToken(call, value);
  if (found === null || found.state === "spent") return badToken("Cannot parse access token");
  if (found.state === "expired") return badToken("Session has expired", { error_subcode: 463 });
  if (found.state === "revoked") {
    return badToken("The user has not authorized application", { error_subcode: 458 });
  }
  const given = params.get("appsecret_proof");
  // Nobody has to send a proof here; one that is sent is made with the Instagram app's own secret.
  if (given !== null && !sameSecret(given, proof(call.client.secret, value))) {
    return invalidParam("Invalid appsecret_proof provided in the API argument");
  }
  const { scopes, personId } = found.grant;
  return instagramScopes[need].every((scope) => scopes.includes(scope))
    ? { params, accounts: [personId], scopes, pageId: null }
    : missingPermission(call);
}

function admitWithFacebook(call: Call, params: URLSearchParams, need: Need): Admitted | Answer {
  const token = metaToken(call, params);
  if (isAnswer(token)) return token;
  if (!facebookScopes[need].every((scope) => token.scopes.includes(scope))) return missingPermission(call);
  const reached = pages.filter(({ id, ownerId }) =>
    token.pageId === null ? ownerId === token.personId && token.pageIds.includes(id) : id === token.pageId,
  );
  const accounts = reached.flatMap(({ instagram }) => (instagram === null ? [] : [instagram.id]));
  return { params, accounts, scopes: token.scopes, pageId: token.pageId };
}

/** Query, form and JSON as one; what is no text in JSON stays JSON. */
export function readParams(call: Call): URLSearchParams {
  const params = graphParams(call);
  for (const [name, value] of Object.entries(jsonBody(call) ?? {})) {
    if (value !== null) params.append(name, typeof value === "string" ? value : JSON.stringify(value));
  }
  return params;
}

function pickFields(fields: string, node: Node): Node | Answer {
  const picked: Node = {};
  for (const [name, inner] of wishes(fields)) {
    if (!Object.hasOwn(node, name)) return invalidParam(`Tried accessing nonexistent field (${name})`);
    const value = node[name];
    if (value === undefined) continue;
    if (!Array.isArray(value)) {
      picked[name] = value;
      continue;
    }
    const data: Node[] = [];
    for (const one of value) {
      const within = pickFields(inner ?? "id", one);
      if (isAnswer(within)) return within;
      data.push(within);
    }
    picked[name] = { data };
  }
  return { ...picked, ...(node["id"] === undefined ? {} : { id: node["id"] }) };
}

/** `a,b{c,d},e.limit(2)` as names, each with what is wanted within it. */
function wishes(fields: string): [name: string, inner: string | null][] {
  const parts: string[] = [""];
  let depth = 0;
  for (const sign of fields) {
    if (sign === "{" || sign === "(") depth += 1;
    if (sign === "}" || sign === ")") depth -= 1;
    if (sign === "," && depth === 0) parts.push("");
    else parts.push((parts.pop() ?? "") + sign);
  }
  return parts.map((part) => {
    const [, name = part.trim(), inner = null] =
      /^\s*(\w+)(?:\.\w+\([^)]*\))*(?:\{(.*)\})?\s*$/s.exec(part) ?? [];
    return [name, inner];
  });
}

function ownAccount(call: Call): string | null {
  if (call.host !== instagramHost) return null;
  const value = bearer(call) ?? call.query.get("access_token");
  return findToken(call, value)?.grant.personId ?? null;
}

const cursorOf = (id: string): string => Buffer.from(id).toString("base64url");

const proof = (secret: string, token: string): string =>
  createHmac("sha256", secret).update(token).digest("hex");
