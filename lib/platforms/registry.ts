import { env } from "@/lib/env";
import type { PlatformSpec, Provider } from "./contract";
import { facebook } from "./facebook/provider";
import { facebookSpec } from "./facebook/spec";
import type { Inbox } from "./inbox-contract";
import { instagram, instagramThroughFacebook } from "./instagram/provider";
import { instagramSpec } from "./instagram/spec";
import { createKit, type Kit } from "./kit";
import { linkedin } from "./linkedin/provider";
import { linkedinSpec } from "./linkedin/spec";
import { onlyfans } from "./onlyfans/provider";
import { onlyfansSpec } from "./onlyfans/spec";
import { reddit } from "./reddit/provider";
import { redditSpec } from "./reddit/spec";
import { threads } from "./threads/provider";
import { threadsSpec } from "./threads/spec";
import { tiktok } from "./tiktok/provider";
import { tiktokSpec } from "./tiktok/spec";
import { twitter } from "./twitter/provider";
import { twitterSpec } from "./twitter/spec";

/** A way into a platform. `app`: under which name env.ts knows who we are there. */
type Way = { id: string; label: string; help: string; app: string; create(kit: Kit): Provider };

type Known = {
  spec: PlatformSpec;
  connects: "consent" | "session";
} & ({ create(kit: Kit): Provider } | { ways: Way[] });

/** Every platform the house knows. A new one is a folder and a line here. */
const platforms: Known[] = [
  {
    spec: instagramSpec,
    connects: "consent",
    ways: [
      {
        id: "instagram",
        label: "with Instagram",
        help: "sign in to one professional account at Instagram itself. It cannot delete posts from here.",
        app: "instagram",
        create: instagram,
      },
      {
        id: "facebook",
        label: "through Facebook",
        help: "sign in to Facebook and choose Pages; the Instagram accounts linked to them are connected, and their posts can be deleted from here.",
        app: "facebook",
        create: instagramThroughFacebook,
      },
    ],
  },
  { spec: facebookSpec, connects: "consent", create: facebook },
  { spec: threadsSpec, connects: "consent", create: threads },
  { spec: twitterSpec, connects: "consent", create: twitter },
  { spec: linkedinSpec, connects: "consent", create: linkedin },
  { spec: tiktokSpec, connects: "consent", create: tiktok },
  { spec: redditSpec, connects: "consent", create: reddit },
  { spec: onlyfansSpec, connects: "session", create: onlyfans },
];

export const platformIds: string[] = platforms.map(({ spec }) => spec.id);

/** By id. Looked up with names that strangers send, so it knows no "constructor" and no "__proto__". */
export const specs: Record<string, PlatformSpec> = Object.assign(
  Object.create(null),
  Object.fromEntries(platforms.map(({ spec }) => [spec.id, spec])),
);

/**
 * The provider of a platform, and the way it goes in by (null where there is one only).
 * @param way which one; null: the first that is set up
 * @returns null when there is no such platform or way, or the operator has not configured its app
 */
export function findProvider(
  platform: string,
  way: string | null = null,
): { provider: Provider; way: string | null } | null {
  const known = platforms.find(({ spec }) => spec.id === platform);
  if (!known) return null;
  const ways = "ways" in known ? known.ways : [{ id: null, app: platform, create: known.create }];
  for (const one of ways) {
    const app = known.connects === "session" ? withoutApp() : env().apps[one.app]?.app;
    if (!app || (way !== null && one.id !== way)) continue;
    return { provider: one.create(createKit({ ...app, sandboxUrl: env().sandboxUrl })), way: one.id };
  }
  return null;
}

/** Nobody registers an app where sessions are pasted; only what its checks need is set. */
const withoutApp = () => ({
  clientId: "",
  clientSecret: "",
  settings: { rulesUrl: env().onlyfansRulesUrl },
});

/** The ways into a platform that has several; empty otherwise. */
export function waysOf(platform: string): Pick<Way, "id" | "label" | "help">[] {
  const known = platforms.find(({ spec }) => spec.id === platform);
  return known && "ways" in known ? known.ways.map(({ id, label, help }) => ({ id, label, help })) : [];
}

/** How people connect to it: by consenting there, or by pasting a session here. */
export const connectsBy = (platform: string): Known["connects"] =>
  platforms.find(({ spec }) => spec.id === platform)?.connects ?? "consent";

/** Names of the variables without which connecting cannot start; empty when this way, or any way, is ready. */
export function missingSettings(platform: string, way: string | null = null): string[] {
  if (connectsBy(platform) === "session") return [];
  const known = platforms.find(({ spec }) => spec.id === platform);
  const apps =
    known && "ways" in known
      ? known.ways.filter(({ id }) => way === null || id === way).map(({ app }) => app)
      : [platform];
  const missing = apps.map((app) => env().apps[app]?.missing ?? []);
  return missing.some((names) => names.length === 0) ? [] : (missing[0] ?? []);
}

/** What holds for a connection that came in by this way: not every way allows the same. */
export const specOf = (platform: string, way: string | null): PlatformSpec | null =>
  findProvider(platform, way)?.provider.spec ?? specs[platform] ?? null;

export const capabilitiesOf = (platform: string, way: string | null): PlatformSpec["capabilities"] | null =>
  specOf(platform, way)?.capabilities ?? null;

/** Messages and comments, as a connection that came in by this way has them; null where there are none. */
export const inboxOf = (platform: string, way: string | null): Inbox | null =>
  findProvider(platform, way)?.provider.inbox ?? null;
