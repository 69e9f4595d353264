import "server-only";
import { type AgedGrant, ageGrants, grantsNow } from "@/lib/connections/demo/age-data";
import { renewDue } from "@/lib/connections/demo/renew-due";
import { db } from "@/lib/db";
import { env } from "@/lib/env";
import { AppError, notFound } from "@/lib/errors";
import { queue } from "@/lib/jobs/queue";
import { toldSince } from "@/lib/notifications/data";
import { announceEnds } from "@/lib/notifications/ends";
import { specs } from "@/lib/platforms/registry";
import type { SignedIn } from "@/lib/session";
import type { ClockMoved } from "./schema";

const DAY_MS = 24 * 60 * 60_000;

/**
 * Lets days pass for the connections of one person of the demo, and does what was due in them. Our own clock stays: what we
 * keep of these connections becomes older, and the sandbox's clock goes on by as much, so that both agree.
 * @throws AppError not_found outside the sandbox
 */
export async function forwardClock(user: SignedIn, days: number): Promise<ClockMoved> {
  const { sandboxUrl } = env();
  if (!sandboxUrl) throw notFound("This page");
  await queue();
  await forwardSandbox(sandboxUrl, days);
  // Read before anyone else can see that something is due: a worker may be quicker than we are.
  const { began, before } = await db().transaction(async (tx) => ({
    began: await ageGrants(tx, user.id, days),
    before: await grantsNow(tx, user.id),
  }));
  await renewDue(user.id);
  await announceEnds();
  const after = await grantsNow(db(), user.id);
  const was = ({ id }: AgedGrant) => before.find((one) => one.id === id);
  return {
    days,
    renewed: named(after.filter((grant) => grant.version > (was(grant)?.version ?? grant.version))),
    failed: named(after.filter((grant) => grant.failures > (was(grant)?.failures ?? grant.failures))),
    told: await toldSince(user.id, began),
  };
}

async function forwardSandbox(sandboxUrl: string, days: number): Promise<void> {
  const response = await fetch(`${sandboxUrl}/_sandbox/clock`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ advanceMs: days * DAY_MS }),
  }).catch((cause: unknown) => {
    throw new AppError(502, "no_sandbox", "The sandbox does not answer, so no time has passed.", {
      remedy: "retry",
      cause,
    });
  });
  await response.body?.cancel();
  if (!response.ok)
    throw new AppError(502, "no_sandbox", "The sandbox refused to move its clock, so no time has passed.");
}

const named = (grants: AgedGrant[]): string[] =>
  grants.map(({ platform, name }) => `${specs[platform]?.name ?? platform}, ${name}`);
