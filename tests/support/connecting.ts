import { Pool } from "pg";
import { afterAll, beforeAll, beforeEach, expect } from "vitest";
import type { CallbackError, ConnectionDto, ConnectionsAnswer } from "@/lib/connections/schema";
import { type DeliveryDto, isMoving, type PostDto, type PublishAnswer } from "@/lib/posts/schema";
import { waitUntil } from "@/scripts/wait";
import { picture, uploadFile } from "./media";
import { type PersonAtApp, signUp } from "./people";
import { createDatabase } from "./postgres";
import { askedOptions } from "./posting";
import type { Consent, RunningSandbox } from "./sandbox";
import { startSite } from "./site";

/** Trips to a platform's consent page and back, over HTTP, and counts of what they left behind. */

/**
 * Every platform that is connected by consent, and what its own documents say: whether it checks PKCE, the permission
 * without which it publishes nothing, whether it takes tokens back (each by itself, or the whole consent with one), whether
 * its documents put the code into the query of the token call, and the calls that follow the exchange of the code. Said here a second time on purpose; a test compares the list with the registry.
 */
export const oauthPlatforms: {
  id: string;
  pkce: boolean;
  publishing: string;
  revokes: "each" | "all" | null;
  codeInQuery?: true;
  calls: string[];
}[] = [
  {
    id: "threads",
    pkce: false,
    publishing: "threads_content_publish",
    revokes: null,
    calls: ["exchange_long", "me"],
  },
  { id: "twitter", pkce: true, publishing: "tweet.write", revokes: "each", calls: ["me"] },
  { id: "linkedin", pkce: false, publishing: "w_member_social", revokes: "each", calls: ["me"] },
  { id: "reddit", pkce: false, publishing: "submit", revokes: "each", calls: ["me"] },
  {
    id: "instagram",
    pkce: false,
    publishing: "instagram_business_content_publish",
    revokes: null,
    calls: ["exchange_long", "me"],
  },
  {
    id: "facebook",
    pkce: false,
    publishing: "pages_manage_posts",
    revokes: "all",
    codeInQuery: true,
    calls: ["exchange_long", "me", "accounts"],
  },
  { id: "tiktok", pkce: false, publishing: "video.publish", revokes: "all", calls: ["me"] },
];

/** They publish nothing without a picture. */
const needPicture = ["instagram", "tiktok"];

/** A trip under way, as its consent address tells. */
export type Trip = { authorizeUrl: string; query: URLSearchParams; state: string };

type Start = { returnTo?: string; connection?: string };
type Decision = Omit<Consent, "authorizeUrl">;

export type Site = Awaited<ReturnType<typeof open>>;

/** What a refused trip leaves behind. */
export const nothing = { tokenRequests: 0, grants: 0, connections: 0 };

/** An app, its sandbox and two signed-in people for this file. Each test finds both worlds as new, except for the two. */
export function siteForFile(): () => Site {
  let site: Site | undefined;
  const current = (): Site => {
    if (!site) throw new Error("The site is there once beforeAll has run.");
    return site;
  };
  beforeAll(async () => {
    site = await open();
  });
  beforeEach(() => current().forget());
  afterAll(() => site?.stop());
  return current;
}

/** Every refusal looks the same: a 303 to a clean page of ours that gets one of our own words. */
export function expectRefused(response: Response, platform: string, code: CallbackError): void {
  expect({ status: response.status, location: response.headers.get("location") }).toEqual({
    status: 303,
    location: `/oauth/callback/error?platform=${platform}&error=${code}`,
  });
}

/** The trip that leads to this consent address. */
export function tripTo(authorizeUrl: string): Trip {
  const query = new URL(authorizeUrl).searchParams;
  return { authorizeUrl, query, state: query.get("state") ?? "" };
}

/** The ids of the connections that a finished trip made. @throws when it was refused */
export function connectedBy(response: Response): string[] {
  const location = response.headers.get("location") ?? "";
  const landed = new URL(location, "http://app.test");
  if (response.status !== 303 || landed.pathname !== "/oauth/callback/success")
    throw new Error(`Not connected: ${response.status} ${location}`);
  return (landed.searchParams.get("connection") ?? "").split(",");
}

async function open() {
  const database = await createDatabase();
  // What works in the background would find a dead grant before the test does.
  const { app, sandbox, stop } = await startSite(database.url, { WORKERS: "off" });
  const pool = new Pool({ connectionString: database.url, max: 2 });
  const ada = await signUp(app.url, { name: "Ada Bell" });
  const otto = await signUp(app.url, { name: "Otto Klang" });
  const people = await sandbox.people();
  // One Page each, so that one trip connects one account here as everywhere; facebook-pages.test.ts is about several.
  const assets = people.flatMap(({ details }) => {
    const pages = details?.["pages"];
    const [first] = Array.isArray(pages) ? pages : [];
    return typeof first === "object" && first !== null && "id" in first ? [String(first["id"])] : [];
  });

  /** Starts a trip as the app's own pages do. */
  const begin = async (person: PersonAtApp, platform: string, start: Start = {}): Promise<Trip> => {
    const response = await person.send("POST", `/api/oauth/${platform}/connect`, start);
    if (response.status !== 200) throw new Error(`Not begun: ${response.status} ${await response.text()}`);
    return tripTo((await answer<{ authUrl: string }>(response)).authUrl);
  };

  /** The platform's answer to a trip: the address it sends the browser back to. */
  const consent = (trip: Trip, decision: Decision = {}): Promise<URL> =>
    sandbox.consent({ authorizeUrl: trip.authorizeUrl, assets, ...decision });

  const finish = async (person: PersonAtApp, platform: string, start: Start = {}, decision: Decision = {}) =>
    person.fetch((await consent(await begin(person, platform, start), decision)).href);

  const rows = async (table: "grants" | "connections" | "oauth_states"): Promise<Record<string, unknown>[]> =>
    (await pool.query<Record<string, unknown>>(`select * from ${table} order by id`)).rows;

  const tokenRequests = async (platform?: string) =>
    (await sandbox.requests({ operation: "token", raw: true, ...(platform && { platform }) })).length;

  return {
    app,
    sandbox,
    database: pool,
    databaseUrl: database.url,
    ada,
    otto,
    begin,
    consent,
    /** A whole trip. The answer is the callback's. */
    finish,
    rows,
    tokenRequests,

    /** A whole trip that must work. Returns the new connection's id. */
    connect: async (person: PersonAtApp, platform: string, decision: Decision = {}): Promise<string> => {
      const [id = ""] = connectedBy(await finish(person, platform, {}, decision));
      return id;
    },

    /** The username of the first, second or third person who lives on this platform. */
    account: (platform: string, index: 0 | 1 | 2): string => {
      const found = people.filter((one) => one.platform === platform)[index];
      if (!found) throw new Error(`Too few people live on ${platform}.`);
      return found.username;
    },

    /** What has happened since the test began: codes handed in anywhere, and rows in the database. */
    traces: async () => ({
      tokenRequests: await tokenRequests(),
      grants: (await rows("grants")).length,
      connections: (await rows("connections")).length,
    }),

    connectionsOf: async (person: PersonAtApp): Promise<ConnectionDto[]> =>
      (await answer<ConnectionsAnswer>(await person.fetch("/api/connections"))).connections,

    /** Publishes and waits until the one delivery has settled. */
    publish: (person: PersonAtApp, connectionId: string, text: string) => publish(person, connectionId, text),

    forget: () => forget(pool, sandbox),

    stop: async () => {
      await stop();
      await pool.end();
      await database.drop();
    },
  };
}

async function publish(person: PersonAtApp, connectionId: string, text: string): Promise<DeliveryDto> {
  // The list, which asks no platform anything.
  const { connections } = await answer<ConnectionsAnswer>(await person.fetch("/api/connections"));
  const platform = connections.find(({ id }) => id === connectionId)?.platform ?? "";
  const response = await person.send(
    "POST",
    "/api/post",
    await draftFor(person, { platform, connectionId, text }),
  );
  if (!response.ok) throw new Error(`Not published: ${response.status} ${await response.text()}`);
  const { id } = await answer<PublishAnswer>(response);
  return waitUntil(
    async () => {
      const post = await answer<PostDto>(await person.fetch(`/api/post/${id}`));
      const [delivery] = post.deliveries;
      return delivery && !isMoving(delivery) ? delivery : null;
    },
    { withinMs: 20_000, otherwise: "The post did not settle." },
  );
}

/** The body of a post to one account, with a picture where the platform asks for one. */
export async function draftFor(
  person: PersonAtApp,
  to: { platform: string; connectionId: string; text: string },
) {
  const media = needPicture.includes(to.platform)
    ? [{ id: (await uploadFile(person, await picture("jpeg"), "bell.jpg")).id }]
    : [];
  return {
    content: { text: to.text, media },
    targets: [{ connectionId: to.connectionId, options: askedOptions[to.platform] ?? {} }],
  };
}

/** Nothing connected, nothing published, nobody's tries counted; people stay signed in. */
async function forget(pool: Pool, sandbox: RunningSandbox): Promise<void> {
  await pool.query("truncate grants, oauth_states, posts, rate_limits cascade");
  await sandbox.reset();
  // Sixty trips in one test are more than LinkedIn allows one member in a day.
  await sandbox.settings({ platform: "linkedin", own: { memberDailyLimit: 10_000 } });
}

/** The app's JSON. */
export async function answer<T>(response: Response): Promise<T> {
  // safe: each caller names the DTO of the route it asked
  return (await response.json()) as T;
}
