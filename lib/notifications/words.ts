import type { AtEnd } from "@/lib/connections/health/ends";
import { specs } from "@/lib/platforms/registry";

/** How the end of a connection is said. */

const DAY_MS = 24 * 60 * 60_000;

export function endingWords(
  { platform, touched, reason, failing }: AtEnd,
  endsAt: Date,
  now: Date,
): { title: string; body: string } {
  const days = Math.max(1, Math.ceil((endsAt.getTime() - now.getTime()) / DAY_MS));
  const name = nameOf(platform);
  const why = failing
    ? `Carillon keeps trying to renew it, without success${reason ? `: ${reason}` : "."}`
    : `${name} does not let Carillon renew it.`;
  return {
    title: `${name}: ${accounts(touched)} will be disconnected in ${days === 1 ? "a day" : `${days} days`}`,
    body: `The connection ends on ${DATE.format(endsAt)} UTC. ${why} Reconnect before then, and no post is missed.`,
  };
}

export function endedWords({ platform, touched, reason }: AtEnd): { title: string; body: string } {
  const name = nameOf(platform);
  return {
    title: `${name}: ${accounts(touched)} needs to be reconnected`,
    body: `${reason ?? `The time for which ${name} lets a connection live is over.`} Nothing is published there until you reconnect.`,
  };
}

/** Where one press reconnects: the page shows the account and its button; no address begins a consent by itself. */
export const reconnectPath = (touched: AtEnd["touched"]): string =>
  `/settings/integrations?reconnect=${touched[0]?.id ?? ""}`;

const nameOf = (platform: string): string => specs[platform]?.name ?? platform;

function accounts(touched: AtEnd["touched"]): string {
  const [first, ...others] = touched.map(({ name, handle }) =>
    handle ? `${name} (@${handle.replace(/^@/, "")})` : name,
  );
  return others.length === 0 ? (first ?? "") : `${first} and ${others.length} more`;
}

const DATE = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "long",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  timeZone: "UTC",
});
