import { createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "vitest";
import type { RunningSandbox } from "./sandbox";

/** The simulated Instagram spoken to as an app would, by hand, and a place where its events arrive. */

export type Body = Record<string, unknown>;
export type Reply = { status: number; headers: Headers; text: string; body: Body };
/** One of the two ways in: a host, a token, the account's id in paths, and what goes with every call. */
export type Door = { host: string; token: string; self: string; proof: Record<string, string> };

/** Ada's business: its id, and its Page's. */
export const ada = "17841400012345671";
export const adasPage = "61555000111222331";
export const chime = "17841400012345673";

const secrets = { instagram: "CNRY_secret_instagram", facebook: "CNRY_secret_facebook" };
const accounts: Record<string, string> = { adabell: ada, chimecafe: chime };

export const ownScopes = [
  "instagram_business_basic",
  "instagram_business_manage_messages",
  "instagram_business_manage_comments",
];
export const facebookScopes = [
  "pages_show_list",
  "pages_read_engagement",
  "pages_manage_metadata",
  "pages_messaging",
  "instagram_basic",
  "instagram_manage_messages",
  "instagram_manage_comments",
];

export const fields =
  "messages,messaging_postbacks,messaging_seen,message_reactions,message_edit,messaging_referral,comments";

export function speaker(sandbox: () => RunningSandbox, appOrigin: () => string) {
  async function send(method: string, address: string, init: RequestInit = {}): Promise<Reply> {
    const response = await fetch(`${sandbox().url}/${address}`, { ...init, method, redirect: "manual" });
    const text = await response.text();
    // safe: every answer asked for here is a JSON object
    return { status: response.status, headers: response.headers, text, body: JSON.parse(text) as Body };
  }

  async function codeFrom(platform: string, address: string, query: Record<string, string>, person: string) {
    const redirect_uri = `${appOrigin()}/api/oauth/${platform}/callback`;
    const params = new URLSearchParams({ redirect_uri, state: "s", response_type: "code", ...query });
    const back = await sandbox().consent({ authorizeUrl: `${sandbox().url}/${address}?${params}`, person });
    return { redirect_uri, code: back.searchParams.get("code") ?? "" };
  }

  /** Through Instagram's own log-in. */
  async function enter(person = "adabell", scopes = ownScopes): Promise<Door> {
    const client_id = "sandbox-instagram";
    const query = { client_id, scope: scopes.join(",") };
    const given = await codeFrom("instagram", "www.instagram.com/oauth/authorize", query, person);
    const form = { client_id, client_secret: secrets.instagram, grant_type: "authorization_code", ...given };
    const { body } = await send("POST", "api.instagram.com/oauth/access_token", {
      body: new URLSearchParams(form),
    });
    const token = String(body["access_token"]);
    return { host: "graph.instagram.com", token, self: accounts[person] ?? "", proof: {} };
  }

  /** Through Facebook, with the token of Ada's Page; `user`: with her own instead. */
  async function enterByPage(scopes = facebookScopes, as: "page" | "user" = "page"): Promise<Door> {
    const client_id = "sandbox-facebook";
    const query = { client_id, scope: scopes.join(",") };
    const given = await codeFrom("facebook", "www.facebook.com/v26.0/dialog/oauth", query, "adabell");
    const asked = new URLSearchParams({ client_id, client_secret: secrets.facebook, ...given });
    const short = await send("GET", `graph.facebook.com/v26.0/oauth/access_token?${asked}`);
    const user = byPage(String(short.body["access_token"]));
    if (as === "user") return user;
    const { body } = await call(user, "GET", "me/accounts", { fields: "id,access_token" });
    const pages = body["data"] as { id: string; access_token: string }[];
    return byPage(pages.find(({ id }) => id === adasPage)?.access_token ?? "");
  }

  const byPage = (token: string): Door => ({
    host: "graph.facebook.com",
    token,
    self: adasPage,
    proof: { appsecret_proof: createHmac("sha256", secrets.facebook).update(token).digest("hex") },
  });

  /** Parameters go into the query; a body goes as JSON. */
  function call(
    door: Door,
    method: string,
    path: string,
    params: Record<string, string> = {},
    body?: unknown,
  ): Promise<Reply> {
    const query = new URLSearchParams({ ...door.proof, ...params });
    const json = body === undefined ? {} : { "content-type": "application/json" };
    return send(method, `${door.host}/v26.0/${path}${query.size > 0 ? `?${query}` : ""}`, {
      headers: { authorization: `Bearer ${door.token}`, ...json },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  return {
    send,
    call,
    enter,
    enterByPage,
    subscribe: async (door: Door, subscribed_fields = fields) => {
      const { text } = await call(door, "POST", `${door.self}/subscribed_apps`, { subscribed_fields });
      expect(text).toBe('{"success":true}');
    },
    say: (door: Door, body: unknown) => call(door, "POST", `${door.self}/messages`, {}, body),
  };
}

export type Hook = { at: number; headers: IncomingHttpHeaders; text: string; json: Body };

/** An app that takes whatever comes to /api/webhooks/instagram. `answer` says with which status, from now on. */
export async function listener() {
  const hooks: Hook[] = [];
  let answer: (nth: number) => number = () => 200;
  let seen = 0;
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      if (request.method === "GET") {
        const query = new URL(request.url ?? "", "http://app").searchParams;
        const isRight = query.get("hub.verify_token") === "CNRY_verify_instagram";
        response.writeHead(isRight ? 200 : 403, { "content-type": "text/plain" });
        response.end(isRight ? query.get("hub.challenge") : "no");
        return;
      }
      const text = Buffer.concat(pieces).toString();
      const status = answer(seen);
      seen += 1;
      // safe: the sandbox posts JSON objects, or one test's list
      hooks.push({ at: Date.now(), headers: request.headers, text, json: JSON.parse(text) as Body });
      response.writeHead(status);
      response.end("noted");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // safe: a server that listens on a port has an address of this kind
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    hooks,
    answers: (next: (nth: number) => number) => {
      answer = next;
      seen = 0;
    },
    forget: () => {
      hooks.length = 0;
      answer = () => 200;
      seen = 0;
    },
    /** What stood under `messaging`, `standby` or `changes`, in the order it came. */
    events: (place = "messaging"): Body[] =>
      hooks.flatMap(({ json }) =>
        ((json["entry"] ?? []) as Body[]).flatMap((entry) => (entry[place] ?? []) as Body[]),
      ),
    stop: () =>
      new Promise<void>((resolve, reject) => {
        server.closeAllConnections();
        server.close((error) => (error ? reject(error) : resolve()));
      }),
  };
}

export const signed = (text: string, by: keyof typeof secrets): string =>
  `sha256=${createHmac("sha256", secrets[by]).update(text).digest("hex")}`;
