import { createHash } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  type Access,
  type Credentials,
  type MediaFile,
  type OAuthConnector,
  PlatformError,
  type PostContent,
  type Provider,
  type PublishStep,
  type Resume,
} from "@/lib/platforms/contract";
import { challengeOf, createVerifier } from "@/lib/platforms/oauth";
import { connectsBy, platformIds } from "@/lib/platforms/registry";
import { type FileServer, picture, serveFiles, video } from "../support/media";
import { askedOptions } from "../support/posting";
import { type RunningSandbox, startSandbox } from "../support/sandbox";

/** What every provider that is connected by consent promises, whatever its platform: run against the sandbox, over real HTTP. */
const appOrigin = "http://127.0.0.1:3000";
const redirectUri = (platform: string) => `${appOrigin}/api/oauth/${platform}/callback`;

let sandbox: RunningSandbox;
let files: FileServer;

beforeAll(async () => {
  files = await serveFiles();
  sandbox = await startSandbox({ appOrigin });
  process.env["PLATFORM_SANDBOX_URL"] = sandbox.url;
  process.env["DATABASE_URL"] ??= "postgres://nobody@127.0.0.1:1/none";
});
afterAll(async () => {
  await sandbox.stop();
  await files.stop();
});
beforeEach(async () => {
  await sandbox.reset();
  // TikTok fetches from places only that it knows to be ours.
  await sandbox.settings({ platform: "tiktok", own: { verifiedPrefixes: files.url, initPerMinute: 1_000 } });
});

describe.each(platformIds.filter((id) => connectsBy(id) === "consent"))("%s", (platform) => {
  const provider = async (): Promise<Provider> => {
    const { findProvider } = await import("@/lib/platforms/registry");
    const found = findProvider(platform);
    if (!found) throw new Error(`${platform} is not configured`);
    return found.provider;
  };

  async function oauth(): Promise<OAuthConnector> {
    const { connector } = await provider();
    if (connector.kind !== "oauth") throw new Error(`${platform} has no OAuth`);
    return connector;
  }

  async function consent(wanted: { person?: string; decision?: "allow" | "deny" } = {}) {
    const connector = await oauth();
    const codeVerifier = createVerifier();
    const url = connector.authorizeUrl({
      state: "s".repeat(43),
      redirectUri: redirectUri(platform),
      codeChallenge: await challengeOf(codeVerifier),
    });
    const back = await sandbox.consent({ authorizeUrl: url.href, ...wanted });
    return { back, codeVerifier, connector, code: back.searchParams.get("code") ?? "" };
  }

  async function granted(person?: string): Promise<Credentials> {
    const { code, codeVerifier, connector } = await consent(person ? { person } : {});
    return connector.exchange({ code, redirectUri: redirectUri(platform), codeVerifier });
  }

  async function connected(): Promise<{ held: Provider; access: Access; credentials: Credentials }> {
    const held = await provider();
    const credentials = await granted();
    const identity = (await held.identify(credentials)).identities.find(
      ({ missing }) => missing.length === 0,
    );
    if (!identity) throw new Error("nobody was identified who may post");
    const access = {
      // A Page has a token of its own.
      accessToken: (identity.credentials ?? credentials).accessToken,
      remoteId: identity.remoteId,
      metadata: { ...identity.metadata, handle: identity.handle },
    };
    return { held, access, credentials };
  }

  const written = (text: string, more: Partial<PostContent> = {}): PostContent => ({
    text,
    replies: [],
    media: [],
    options: askedOptions[platform] ?? {},
    ...more,
  });

  /** A post of these words, with a picture where the platform has none without. */
  const aPost = async (text: string, more: Partial<PostContent> = {}): Promise<PostContent> => {
    const { spec } = await provider();
    return written(text, { ...(spec.media?.min ? { media: [await aPicture()] } : {}), ...more });
  };

  const aPicture = async (alt = "", size = 1_080): Promise<MediaFile> =>
    files.file(await picture("jpeg", { width: size, height: size }), {
      mimeType: "image/jpeg",
      width: size,
      height: size,
      alt,
    });

  const digest = async (file: MediaFile): Promise<string> => {
    const hash = createHash("sha256");
    for await (const piece of file.open()) hash.update(piece);
    return hash.digest("hex");
  };

  /** Steps until it is out, as the engine does, counting the fences drawn on the way. */
  async function publish(held: Provider, access: Access, content: PostContent, from: Resume | null = null) {
    let fences = 0;
    let resume = from;
    for (let step = 0; step < 200; step++) {
      const visible = (await sandbox.effects(platform)).length;
      const before = fences;
      const done: PublishStep = await held.publish({
        access,
        content,
        resume,
        sending: async () => {
          fences += 1;
        },
      });
      const shown = (await sandbox.effects(platform)).length - visible;
      // Nothing may be seen that no fence announced.
      expect(shown).toBeLessThanOrEqual(fences - before);
      if (done.state === "published") return { ...done, fences };
      resume = done.resume;
      // The sandbox's clock goes where the platform asks us to wait.
      await new Promise((resolve) => setTimeout(resolve, Math.min(done.checkAfterMs, 150)));
    }
    throw new Error("it never came out");
  }

  const failure = async (work: Promise<unknown>): Promise<PlatformError> => {
    const error = await work.then(
      () => null,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(PlatformError);
    return error as PlatformError;
  };

  test("its spec is complete and knows itself", async () => {
    const { spec } = await provider();
    expect(spec.id).toBe(platform);
    expect(spec.text.max).toBeGreaterThan(0);
    expect(spec.publishScopes.length).toBeGreaterThan(0);
    expect(JSON.parse(JSON.stringify(spec))).toEqual(spec);
    const held = await provider();
    const connector = await oauth();
    expect(spec.capabilities).toEqual({
      delete: held.remove !== undefined,
      readBack: held.locate !== undefined,
      refresh: connector.refresh !== undefined,
      revoke: connector.revoke !== undefined,
      quota: held.quota !== undefined,
    });
  });

  test("the consent page is asked for with our state, our redirect address and the least it needs", async () => {
    const connector = await oauth();
    const url = connector.authorizeUrl({
      state: "st-1",
      redirectUri: redirectUri(platform),
      codeChallenge: "ch-1",
    });
    expect(url.searchParams.get("state")).toBe("st-1");
    expect(url.searchParams.get("redirect_uri")).toBe(redirectUri(platform));
    expect(url.searchParams.get("response_type")).toBe("code");
    expect(url.search).not.toContain("+");
    expect(url.searchParams.get("code_challenge")).toBe(connector.pkce === "S256" ? "ch-1" : null);
    expect(url.searchParams.get("code_challenge_method")).toBe(connector.pkce === "S256" ? "S256" : null);
  });

  test("a granted code becomes an identity that can post", async () => {
    const { held, access, credentials } = await connected();
    expect(credentials.accessExpiresAt?.getTime()).toBeGreaterThan(Date.now());
    const { subject, identities } = await held.identify(credentials);
    expect(subject).not.toBe("");
    expect(identities.find(({ remoteId }) => remoteId === access.remoteId)).toMatchObject({
      missing: [],
      name: expect.stringMatching(/\S/),
    });
    const people = (await sandbox.people()).filter((person) => person.platform === platform);
    // The id is theirs, or their Page's, to the last digit, though it is beyond what a double can hold.
    expect(JSON.stringify(people)).toContain(`"${access.remoteId}"`);
    expect(Number.isSafeInteger(Number(access.remoteId))).toBe(false);
  });

  test("a code is good once, and for our redirect address only", async () => {
    const { code, codeVerifier, connector } = await consent();
    await failure(connector.exchange({ code, redirectUri: "https://evil.example/cb", codeVerifier }));
    const other = await consent();
    await other.connector.exchange({
      code: other.code,
      redirectUri: redirectUri(platform),
      codeVerifier: other.codeVerifier,
    });
    const again = await failure(
      other.connector.exchange({
        code: other.code,
        redirectUri: redirectUri(platform),
        codeVerifier: other.codeVerifier,
      }),
    );
    expect(again).toMatchObject({ kind: "reconnect", effect: "definite" });
  });

  test("a redirecting token endpoint is not followed, and learns nothing more", async () => {
    const { code, codeVerifier, connector } = await consent();
    await sandbox.fault({
      platform,
      operation: "token",
      kind: "redirect",
      url: `${sandbox.url}/evil.example/take`,
      times: 1,
    });
    await failure(connector.exchange({ code, redirectUri: redirectUri(platform), codeVerifier }));
    expect(await sandbox.requests({ platform: "evil" })).toEqual([]);
  });

  test("text arrives byte for byte, has an address, and can be taken back", async () => {
    const { held, access } = await connected();
    const text = 'Ding 🔔 👩‍👩‍👧‍👦 שלום – é & <b> "quoted" \\ 你好';
    const out = await publish(held, access, await aPost(text));
    const effects = await sandbox.effects(platform);
    expect(effects.map((effect) => [effect.id, effect.text])).toEqual([[out.remoteId, text]]);
    expect(out.fences).toBe(1);
    const page = await fetch(out.url ?? "");
    expect(page.status).toBe(200);
    expect(await page.text()).toContain("שלום");
    await held.remove?.(access, out.remoteId);
    expect((await sandbox.effects(platform)).every(({ deleted }) => deleted)).toBe(Boolean(held.remove));
  });

  test("a link travels with the text", async () => {
    const { held, access } = await connected();
    await publish(held, access, await aPost("Read this", { link: "https://carillon.example/bells?a=1&b=2" }));
    const [effect] = await sandbox.effects(platform);
    expect(held.spec.link === "field" ? effect?.link : effect?.text).toContain(
      "https://carillon.example/bells?a=1&b=2",
    );
  });

  test("pictures arrive byte for byte, in order, with what they show", async () => {
    const { held, access } = await connected();
    const { media } = held.spec;
    if (!media?.image) return;
    const shown = await Promise.all(
      ["a bell", "a tower", "a rope"].map((alt, nth) => aPicture(alt, 1_000 - nth)),
    );
    const most = Math.min(media.max, media.image.max ?? media.max);
    for (const pictures of [shown.slice(0, 1), ...(most > 2 ? [shown] : [])]) {
      const text = `${pictures.length} pictures`;
      const out = await publish(held, access, written(text, { media: pictures }));
      const effect = (await sandbox.effects(platform)).find(({ id }) => id === out.remoteId);
      expect(effect?.media.map(({ sha256, alt }) => ({ sha256, alt: alt ?? "" }))).toEqual(
        await Promise.all(
          pictures.map(async (file) => ({
            sha256: await digest(file),
            alt: media.altMax === undefined ? "" : file.alt,
          })),
        ),
      );
      expect(out.fences).toBe(1);
    }
  });

  test("a video arrives byte for byte", async () => {
    const { held, access } = await connected();
    if (!held.spec.media?.video) return;
    const size = { width: 720, height: 1_280 };
    const film = files.file(await video({ seconds: 10, bytes: 6_000_000, ...size }), {
      mimeType: "video/mp4",
      durationMs: 10_000,
      ...size,
    });
    const out = await publish(held, access, written("A bell, ringing", { media: [film] }));
    const effect = (await sandbox.effects(platform)).find(({ id }) => id === out.remoteId);
    expect(effect?.media.map(({ sha256 }) => sha256)).toEqual([await digest(film)]);
    expect(effect?.text).toContain("A bell, ringing");
  });

  test("follow-ups hang below each other, each behind a fence of its own", async () => {
    const { held, access } = await connected();
    if (held.spec.maxReplies === 0) return;
    const out = await publish(
      held,
      access,
      written("one", { replies: [{ text: "two" }, { text: "three" }] }),
    );
    const effects = await sandbox.effects(platform);
    expect(effects.map(({ text }) => text)).toEqual(["one", "two", "three"]);
    expect(effects.map(({ replyTo }) => replyTo)).toEqual([null, effects[0]?.id, effects[1]?.id]);
    expect(out.remoteId).toBe(effects[0]?.id);
    expect(out.parts).toEqual(effects.map(({ id }) => id));
    expect(out.fences).toBe(3);
  });

  test("what went out is found again; what did not is not", async () => {
    const { held, access } = await connected();
    if (!held.locate) return;
    const since = new Date(Date.now() - 1_000);
    const content = await aPost("Lost and found");
    // Where the platform works in steps, the last resume before the visible write is what the engine has on record.
    let resume: Resume | null = null;
    let out: PublishStep | null = null;
    for (let step = 0; step < 100 && out?.state !== "published"; step++) {
      if (out?.state === "processing") resume = out.resume;
      out = await held.publish({ access, content, resume, sending: async () => {} });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const found = await held.locate({ access, content, resume, since, known: [] });
    expect(found).toMatchObject({
      state: "published",
      remoteId: out?.state === "published" ? out.remoteId : "?",
    });
    const other = await held.locate({
      access,
      content: await aPost("Never sent"),
      resume: null,
      since,
      known: [],
    });
    expect(other?.state === "published").toBe(false);
  });

  test("an ended access token is refused without effect, and renewing it helps", async () => {
    const { held, access, credentials } = await connected();
    const connector = await oauth();
    await sandbox.expire({ platform, kind: "access" });
    const refused = await failure(publish(held, access, await aPost("Too late")));
    expect(refused).toMatchObject({ kind: "reconnect", effect: "definite", tokenRefused: true });
    expect(await sandbox.effects(platform)).toEqual([]);
    if (!connector.refresh || !credentials.refreshToken) return;
    const renewed = await connector.refresh(credentials);
    expect(renewed.accessToken === credentials.accessToken).toBe(false);
    await publish(held, { ...access, accessToken: renewed.accessToken }, await aPost("In time"));
    expect(await sandbox.effects(platform)).toHaveLength(1);
  });

  test("renewing gives another lifetime, and an ended grant says reconnect", async () => {
    const connector = await oauth();
    if (!connector.refresh) return;
    const credentials = await granted();
    await sandbox.advanceClock(Math.max(connector.refreshPolicy.minAgeMs, 60_000) + 60_000);
    const renewed = await connector.refresh(credentials);
    expect(renewed.accessExpiresAt?.getTime()).toBeGreaterThan(Date.now());
    await sandbox.expire({ platform, kind: "grant" });
    // One day before its end no platform may call it too young to renew.
    const old = { ...renewed, accessExpiresAt: new Date(Date.now() + 86_400_000) };
    expect(await failure(connector.refresh(old))).toMatchObject({
      kind: "reconnect",
      effect: "definite",
    });
  });

  test("revoking ends the grant at the platform", async () => {
    const { held, access, credentials } = await connected();
    const connector = await oauth();
    if (!connector.revoke) return;
    await connector.revoke(credentials);
    expect(await failure(publish(held, access, await aPost("After the end")))).toMatchObject({
      kind: "reconnect",
    });
    expect(await sandbox.effects(platform)).toEqual([]);
  });

  test.each([
    ["a plain server error", { kind: "status", status: 503 }, "unavailable"],
    ["a page instead of JSON", { kind: "html_error" }, "unavailable"],
    ["too many requests", { kind: "rate_limit", retryAfterMs: 7_000 }, "slow_down"],
    ["a cut connection", { kind: "reset" }, "unavailable"],
    ["broken JSON", { kind: "malformed_json" }, "unavailable"],
  ] as const)(
    "while identifying, %s is named by its remedy and never ends a grant",
    async (_name, fault, kind) => {
      const held = await provider();
      const credentials = await granted();
      await sandbox.fault({ platform, operation: "me", ...fault });
      const error = await failure(held.identify(credentials));
      expect(error).toMatchObject({ kind, effect: "definite" });
      if (kind === "slow_down") expect(error.retryAfterMs).toBeGreaterThan(5_000);
    },
  );

  test("no error carries a secret", async () => {
    const held = await provider();
    const credentials = await granted();
    await sandbox.fault({ platform, operation: "*", kind: "reset" });
    const error = await failure(held.identify(credentials));
    const told: string[] = [];
    for (let cause: unknown = error; cause instanceof Error; cause = cause.cause)
      told.push(cause.message, cause.stack ?? "");
    expect(told.join("\n")).not.toContain("CNRY_");
  });
});
