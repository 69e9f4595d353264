import "server-only";
import type { Tx } from "@/lib/db";
import { findProvider } from "@/lib/platforms/registry";
import type { ConnectionRow } from "../data";
import type { ConnectionStatus } from "../schema";
import { holdGrant } from "./ends-data";
import { endOf, healthOf, policyOf, WARN_MS } from "./health";

type Facts = {
  userId: string;
  platform: string;
  version: number;
  /** What the platform last refused, in words for its owner. */
  reason: string | null;
  /** Renewals have failed, and still do. */
  failing: boolean;
  /** Its owner last consented then: no end was known before. */
  since: Date;
};

/** A grant that has ended, or is about to: when, as far as that is known, and the accounts that go with it. */
export type AtEnd = Facts & { state: "ended" | "ending"; endsAt: Date | null; touched: ConnectionRow[] };

/** How it stands with a grant's life, for those who tell its owner. */
export type GrantEnd = AtEnd | (Facts & { state: "goes_on" });

/** Holds the grant still until `tx` ends, and says what is to be expected of it; null when it is gone. */
export async function readEnd(tx: Tx, grantId: string, now: Date): Promise<GrantEnd | null> {
  const held = await holdGrant(tx, grantId);
  if (!held || held.connections.length === 0) return null;
  const { grant } = held;
  const policy = policyOf(findProvider(grant.platform, grant.way)?.provider.connector);
  const lives = held.connections.map((connection) => {
    const endsAt = endOf(grant, connection.credentials !== null, policy, now);
    // safe: the table's check holds exactly these words
    const status = connection.status as ConnectionStatus;
    const dead = grant.deadAt !== null;
    const health = healthOf({ status, missing: [], dead, platformPaused: false, endsAt }, now);
    return { connection, endsAt, health };
  });
  const facts = {
    userId: grant.userId,
    platform: grant.platform,
    version: grant.version,
    reason: grant.lastErrorMessage,
    failing: grant.failures > 0,
    since: new Date(Math.max(...held.connections.map(({ connectedAt }) => connectedAt.getTime()))),
  };
  const ended = lives.filter(({ health }) => health === "reconnect");
  const ending = lives.filter(({ endsAt }) => endsAt && endsAt.getTime() - now.getTime() <= WARN_MS);
  const [state, touched] = ended.length > 0 ? (["ended", ended] as const) : (["ending", ending] as const);
  if (touched.length === 0) return { ...facts, state: "goes_on" };
  return {
    ...facts,
    state,
    endsAt: touched[0]?.endsAt ?? null,
    touched: touched.map(({ connection }) => connection),
  };
}
