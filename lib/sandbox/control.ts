/** The sandbox's own door for tests: /_sandbox/… . JSON in, JSON out. */
import { type Context, Hono } from "hono";
import { z } from "zod";
import { promptsOf } from "./ai";
import { input, Refused } from "./control-input";
import { messagingControls } from "./control-messaging";
import { decide, newCall, newEntry, realAddress } from "./engine";
import { parseFault } from "./faults";
import { forgetFiles } from "./files";
import type { Answer, Call, Person, Simulator, World } from "./kit";
import { record, redacted } from "./log";
import { newWorld, now, type Sandbox } from "./memory";
import { endGrant } from "./oauth";
import { phoneRoutes } from "./phone";
import { removeApp } from "./removal";

const ConsentRequested = z.strictObject({
  /** as the platform's real address or the sandbox's */
  authorizeUrl: z.string(),
  /** id or username; absent: the first one */
  person: z.string().optional(),
  /** absent: all that were asked for */
  scopes: z.array(z.string()).optional(),
  /** ids of the Pages and the like; absent: all of the person's */
  assets: z.array(z.string()).optional(),
  decision: z.enum(["allow", "deny"]).default("allow"),
});

const ClockChange = z.union([
  z.strictObject({ advanceMs: z.number().min(0) }),
  z.strictObject({ reset: z.literal(true) }),
]);

const TokenExpiry = z.strictObject({
  platform: z.string(),
  /** access: every token that is not a refresh token; grant: the consent itself, as if the app had been removed */
  kind: z.enum(["access", "refresh", "grant"]),
  /** id or username; absent: everyone */
  person: z.string().optional(),
});

const RemovalWanted = z.strictObject({
  platform: z.string(),
  /** id or username */
  person: z.string(),
  kind: z.enum(["deauthorize", "data-deletion"]),
  userIdAs: z.enum(["string", "number"]).optional(),
});

const Details = z.record(z.string(), z.json());

const SettingsChange = z.strictObject({
  platform: z.string(),
  rotation: z.enum(["never", "always", "reuse_kills_family", "grace"]).nullable().optional(),
  iss: z.string().optional(),
  dropScopes: z.array(z.string()).optional(),
  ignorePkce: z.boolean().optional(),
  /** by id or username; laid over what is set already */
  people: z.record(z.string(), Details).optional(),
  own: Details.optional(),
});

export function controlRoutes(sandbox: Sandbox): Hono {
  const app = new Hono();

  app.onError((error, c) => {
    if (error instanceof Refused) return c.json({ error: error.message }, error.status);
    if (error instanceof z.ZodError) return c.json({ error: z.prettifyError(error) }, 400);
    throw error;
  });

  app.use(async (c, next) => {
    refuseStrangers(sandbox, c);
    await next();
  });

  app.post("/removals", async (c) => {
    const { platform, person, kind, userIdAs } = RemovalWanted.parse(await input(c));
    const simulator = simulatorOf(sandbox, platform);
    if (simulator.removal === undefined) throw new Refused(400, `${platform} tells nobody.`);
    return c.json(await removeApp(sandbox, simulator, personOf(sandbox, platform, person), kind, userIdAs));
  });

  app.get("/health", (c) =>
    c.json({ ok: true, platforms: sandbox.simulators.map(({ platform }) => platform), now: now(sandbox) }),
  );

  app.get("/people", (c) =>
    c.json(sandbox.simulators.flatMap(({ platform, people }) => people.map((one) => ({ platform, ...one })))),
  );

  app.post("/consent", async (c) => {
    const wanted = ConsentRequested.parse(await input(c));
    const { simulator, call } = consentCall(sandbox, wanted.authorizeUrl);
    const decided = decide(simulator, call, {
      allow: wanted.decision === "allow",
      person: wanted.person ?? null,
      scopes: wanted.scopes ?? null,
      assets: wanted.assets ?? null,
    });
    const refused = "refusal" in decided ? decided.refusal.status : null;
    record(sandbox.log, { ...newEntry(sandbox, call), operation: "authorize", status: refused ?? 200 });
    if (refused === null) {
      record(sandbox.log, { ...newEntry(sandbox, call), operation: "consent", method: "POST", status: 302 });
    }
    if ("location" in decided) return c.json({ location: decided.location });
    return c.json({ refused: refusal(decided.refusal) }, 400);
  });

  app.post("/clock", async (c) => {
    const change = ClockChange.parse(await input(c));
    sandbox.clock.aheadMs = "reset" in change ? 0 : sandbox.clock.aheadMs + change.advanceMs;
    sandbox.changed();
    return c.json({ aheadMs: sandbox.clock.aheadMs, now: now(sandbox) });
  });

  app.get("/faults", (c) => c.json(sandbox.faults));

  app.post("/faults", async (c) => {
    sandbox.sequence += 1;
    const fault = parseFault(await input(c), sandbox.sequence);
    const { operations } = simulatorOf(sandbox, fault.platform);
    const known = ["*", "authorize", "consent", ...operations];
    if (!known.includes(fault.operation)) {
      throw new Refused(400, `${fault.platform} has these operations: ${known.join(", ")}.`);
    }
    if (fault.what.kind === "kill" && fault.what.pid === process.pid) {
      throw new Refused(400, "The sandbox does not end itself.");
    }
    sandbox.faults.push(fault);
    return c.json(fault, 201);
  });

  app.delete("/faults", (c) => {
    const { platform, operation } = c.req.query();
    sandbox.faults = sandbox.faults.filter(
      (fault) =>
        (platform !== undefined && fault.platform !== platform) ||
        (operation !== undefined && fault.operation !== operation),
    );
    return c.json({ left: sandbox.faults.length });
  });

  app.get("/requests", (c) => {
    const { platform, operation, since, raw } = c.req.query();
    const entries = sandbox.log.filter(
      (entry) =>
        (platform === undefined || entry.platform === platform) &&
        (operation === undefined || entry.operation === operation) &&
        (since === undefined || entry.sequence > Number(since)),
    );
    return c.json(raw === "1" ? entries : entries.map(redacted));
  });

  app.get("/issued", (c) => {
    const secrets = sandbox.simulators.map(({ platform }) => ({
      platform,
      kind: "client_secret",
      value: sandbox.clients[platform]?.secret ?? "",
      at: 0,
    }));
    const issued = Object.values(sandbox.worlds).flatMap(({ platform, issued: all }) =>
      all.map((one) => ({ platform, ...one })),
    );
    const verify = { platform: "instagram", kind: "verify_token", value: sandbox.verifyToken, at: 0 };
    return c.json([...secrets, verify, ...issued]);
  });

  app.get("/effects", (c) => {
    const platform = c.req.query("platform");
    const all = Object.values(sandbox.worlds).flatMap((world) => world.publications);
    const wanted = platform === undefined ? all : worldOf(sandbox, platform).publications;
    return c.json(
      wanted
        .toSorted((a, b) => a.createdAt - b.createdAt)
        .map(({ createdAt, deletedAt, ...rest }) => ({
          ...rest,
          createdAt: new Date(createdAt).toISOString(),
          deleted: deletedAt !== null,
          deletedAt: deletedAt === null ? null : new Date(deletedAt).toISOString(),
        })),
    );
  });

  app.delete("/log", (c) => {
    sandbox.log = [];
    sandbox.deliveries = [];
    return c.json({ sequence: sandbox.sequence });
  });

  app.post("/reset", (c) => {
    for (const simulator of sandbox.simulators) sandbox.worlds[simulator.platform] = newWorld(simulator);
    sandbox.clock.aheadMs = 0;
    sandbox.faults = [];
    sandbox.log = [];
    sandbox.removals = [];
    sandbox.deliveries = [];
    forgetFiles(sandbox.fileDirectory);
    sandbox.changed();
    return c.json({ sequence: sandbox.sequence });
  });

  app.post("/tokens/expire", async (c) => {
    const wanted = TokenExpiry.parse(await input(c));
    const world = worldOf(sandbox, wanted.platform);
    const person = wanted.person === undefined ? null : personOf(sandbox, wanted.platform, wanted.person);
    const expired = expire(world, wanted.kind, person, now(sandbox));
    sandbox.changed();
    return c.json({ expired });
  });

  app.get("/settings", (c) => c.json(worldOf(sandbox, c.req.query("platform") ?? "").settings));

  app.post("/settings", async (c) => {
    const { platform, people, own, ...plain } = SettingsChange.parse(await input(c));
    const { settings } = worldOf(sandbox, platform);
    const given = Object.entries(plain).filter(([, value]) => value !== undefined);
    Object.assign(settings, Object.fromEntries(given));
    Object.assign(settings.own, own);
    for (const [name, details] of Object.entries(people ?? {})) {
      const { id } = personOf(sandbox, platform, name);
      settings.people[id] = { ...settings.people[id], ...details };
    }
    sandbox.changed();
    return c.json(settings);
  });

  app.route("/", messagingControls(sandbox));
  app.route("/", phoneRoutes(sandbox));

  app.get("/ai/requests", (c) => c.json(promptsOf({ world: worldOf(sandbox, "ai") })));

  app.all("*", (c) => c.json({ error: "The sandbox has no such control." }, 404));
  return app;
}

/** The same by a form on the sandbox's own page. */
export async function removeByForm(sandbox: Sandbox, c: Context): Promise<Response> {
  refuseStrangers(sandbox, c);
  const form = await c.req.raw.formData();
  const { platform, person, kind } = RemovalWanted.parse(Object.fromEntries(form));
  await removeApp(sandbox, simulatorOf(sandbox, platform), personOf(sandbox, platform, person), kind);
  return c.redirect("/apps", 303);
}

function refuseStrangers(sandbox: Sandbox, c: Context): void {
  if (!isOwnHost(sandbox, c.req.header("host"))) throw new Refused(403, "Not by this name.");
  const site = c.req.header("sec-fetch-site");
  const origin = c.req.header("origin");
  // A form on a page that gives no referrer comes with the origin "null": whose it is, browsers say in Sec-Fetch-Site.
  const foreign =
    site === undefined
      ? origin !== undefined && URL.parse(origin)?.host !== c.req.header("host")
      : site !== "same-origin" && site !== "none";
  if (foreign) {
    throw new Refused(403, "Not from another site.");
  }
}

function expire(
  world: World,
  kind: "access" | "refresh" | "grant",
  person: Person | null,
  at: number,
): number {
  const grants = Object.values(world.grants).filter((one) => person === null || one.personId === person.id);
  if (kind === "grant") {
    for (const grant of grants) endGrant({ now: at }, grant);
    return grants.length;
  }
  const ids = new Set(grants.map(({ id }) => id));
  const tokens = Object.values(world.tokens).filter(
    (token) => ids.has(token.grantId) && (token.kind === "refresh") === (kind === "refresh"),
  );
  for (const token of tokens) token.expiresAt = Math.min(token.expiresAt ?? at, at);
  return tokens.length;
}

/** A page on the web must not steer the sandbox by giving this machine a name of its own (DNS rebinding). */
function isOwnHost(sandbox: Sandbox, host: string | undefined): boolean {
  const name = URL.parse(`http://${host ?? ""}`)?.hostname ?? "";
  return ["127.0.0.1", "localhost", "[::1]", new URL(sandbox.origin).hostname].includes(name);
}

function consentCall(sandbox: Sandbox, authorizeUrl: string): { simulator: Simulator; call: Call } {
  const plain = URL.parse(authorizeUrl);
  const isReal = sandbox.simulators.some(({ hosts }) => plain !== null && hosts.includes(plain.host));
  const address = isReal ? plain : realAddress(authorizeUrl);
  const simulator = sandbox.simulators.find(
    ({ consent }) =>
      address !== null && consent?.path === address.pathname && consent.hosts.includes(address.host),
  );
  if (address === null || simulator === undefined)
    throw new Refused(404, "No platform asks for consent there.");
  return { simulator, call: newCall(sandbox, simulator, null, address) };
}

function refusal({ status, body }: Answer): { status: number; body: string } {
  return { status, body: typeof body === "string" ? body : new TextDecoder().decode(body) };
}

function simulatorOf(sandbox: Sandbox, platform: string): Simulator {
  const found = sandbox.simulators.find((one) => one.platform === platform);
  if (found === undefined) throw new Refused(404, "The sandbox has no such platform.");
  return found;
}

function worldOf(sandbox: Sandbox, platform: string): World {
  const world = sandbox.worlds[simulatorOf(sandbox, platform).platform];
  if (world === undefined) throw new Refused(404, "The sandbox has no such platform.");
  return world;
}

function personOf(sandbox: Sandbox, platform: string, name: string): Person {
  const found = simulatorOf(sandbox, platform).people.find(
    ({ id, username }) => id === name || username === name,
  );
  if (found === undefined) throw new Refused(404, "Nobody there has that name.");
  return found;
}
