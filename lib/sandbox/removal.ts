/**
 * What happens when someone takes the app off their list at the platform: its tokens die, and the platform calls the app's
 * own addresses with a signed request, as Meta describes it.
 */
import { createHmac } from "node:crypto";
import type { Person, Simulator } from "./kit";
import { now, type Sandbox } from "./memory";
import { endGrant } from "./oauth";

export type RemovalKind = "deauthorize" | "data-deletion";

/** What the app answered. */
export type Removal = {
  platform: string;
  person: string;
  kind: RemovalKind;
  at: number;
  /** null: the app did not answer at all */
  status: number | null;
  body: string;
};

/** As far back as the page shows. */
const kept = 20;

/**
 * Ends all that the person consented to at this platform and tells the app.
 * @param userIdAs Meta's documents show a string; bare numbers have been seen
 */
export async function removeApp(
  sandbox: Sandbox,
  simulator: Simulator,
  person: Person,
  kind: RemovalKind,
  userIdAs: "string" | "number" = "string",
): Promise<Removal> {
  const { platform, removal } = simulator;
  const world = sandbox.worlds[platform];
  const client = sandbox.clients[platform];
  if (removal === undefined || world === undefined || client === undefined)
    throw new Error(`${platform} tells no app that it was removed.`);
  for (const grant of Object.values(world.grants))
    if (grant.personId === person.id) endGrant({ now: now(sandbox) }, grant);
  sandbox.changed();
  const signed = signedRequest(client.secret, removal.userId(person.id), userIdAs, now(sandbox));
  const answer = await tell(`${sandbox.appOrigin}${removal.paths[kind]}`, signed);
  const told: Removal = { platform, person: person.id, kind, at: now(sandbox), ...answer };
  sandbox.removals = [told, ...sandbox.removals].slice(0, kept);
  return told;
}

/** People who have consented here at some time, and whether any of that is still alive. */
export function peopleWithApp(sandbox: Sandbox, simulator: Simulator): { person: Person; live: boolean }[] {
  const grants = Object.values(sandbox.worlds[simulator.platform]?.grants ?? {});
  return simulator.people.flatMap((person) => {
    const own = grants.filter(({ personId }) => personId === person.id);
    return own.length === 0 ? [] : [{ person, live: own.some(({ revokedAt }) => revokedAt === null) }];
  });
}

function signedRequest(secret: string, userId: string, userIdAs: "string" | "number", at: number): string {
  const issuedAt = Math.floor(at / 1_000);
  const id = userIdAs === "number" ? userId : JSON.stringify(userId);
  const text = `{"algorithm":"HMAC-SHA256","expires":${issuedAt + 3_600},"issued_at":${issuedAt},"user_id":${id}}`;
  const payload = Buffer.from(text).toString("base64url");
  return `${createHmac("sha256", secret).update(payload).digest("base64url")}.${payload}`;
}

async function tell(url: string, signed_request: string): Promise<{ status: number | null; body: string }> {
  try {
    const response = await fetch(url, {
      method: "POST",
      body: new URLSearchParams({ signed_request }),
      redirect: "manual",
      signal: AbortSignal.timeout(10_000),
    });
    return { status: response.status, body: await response.text() };
  } catch (error) {
    // An app that is down hears nothing; a platform does not mind.
    if (!(error instanceof TypeError || error instanceof DOMException)) throw error;
    return { status: null, body: "" };
  }
}
