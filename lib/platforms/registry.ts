import { env } from "@/lib/env";
import type { PlatformSpec, Provider } from "./contract";
import { createKit, type Kit } from "./kit";
import { linkedin } from "./linkedin/provider";
import { linkedinSpec } from "./linkedin/spec";
import { reddit } from "./reddit/provider";
import { redditSpec } from "./reddit/spec";
import { threads } from "./threads/provider";
import { threadsSpec } from "./threads/spec";
import { twitter } from "./twitter/provider";
import { twitterSpec } from "./twitter/spec";

/** Every platform the house knows. A new one is a folder and a line here. */
const platforms: { spec: PlatformSpec; create(kit: Kit): Provider }[] = [
  { spec: threadsSpec, create: threads },
  { spec: twitterSpec, create: twitter },
  { spec: linkedinSpec, create: linkedin },
  { spec: redditSpec, create: reddit },
];

export const platformIds: string[] = platforms.map(({ spec }) => spec.id);

/** By id. Looked up with names that strangers send, so it knows no "constructor" and no "__proto__". */
export const specs: Record<string, PlatformSpec> = Object.assign(
  Object.create(null),
  Object.fromEntries(platforms.map(({ spec }) => [spec.id, spec])),
);

/** The provider of a platform; null when there is no such platform, or the operator has not configured its app. */
export function findProvider(platform: string): Provider | null {
  const known = platforms.find(({ spec }) => spec.id === platform);
  const app = env().apps[platform]?.app;
  if (!known || !app) return null;
  return known.create(createKit({ ...app, sandboxUrl: env().sandboxUrl }));
}
