import "server-only";
import { findEnded } from "@/lib/connections/refresh-data";
import { db } from "@/lib/db";
import type { Jobs } from "@/lib/jobs/queue";
import { specs } from "@/lib/platforms/registry";
import { notify } from "./data";

/** Tells a person that a connection of theirs has ended: once per incident, and not when they have brought it back already. */
export async function tellEnded({ grantId, incident }: Jobs["connection.ended"]): Promise<void> {
  const ended = await findEnded(grantId);
  if (!ended) return;
  const { userId, platform, accounts, message } = ended;
  await notify(db(), userId, {
    incident,
    title: `Connect ${[accounts.join(", "), specs[platform]?.name ?? platform].filter(Boolean).join(" on ")} again`,
    body: message ?? "This connection has ended. Nothing can be posted there until you connect it again.",
    href: "/settings/integrations",
  });
}
