import "server-only";
import { v7 as uuid } from "uuid";
import { audit as auditTable } from "@/drizzle/schema/system";
import type { Queryable } from "@/lib/db";

/** Who acts: a person by their own hand, a job on their behalf, or a platform that tells us what happened there. */
export type Actor =
  | { type: "user"; id: string; name: string }
  | { type: "job"; name: string }
  | { type: "platform"; name: string };

export type AuditAction =
  | "connection.connect"
  | "connection.reconnect"
  | "connection.disconnect"
  | "connection.check"
  | "grant.refresh"
  | "grant.refresh_failed"
  | "grant.deauthorize"
  | "grant.delete_data"
  | "grant.end_unsealed"
  | "post.create"
  | "post.delete"
  | "delivery.retry"
  | "delivery.settle"
  | "delivery.remove"
  | "media.add"
  | "media.delete"
  | "message.reply"
  | "message.failed"
  | "message.settle"
  | "inbox.subscribe"
  | "inbox.replay"
  | "knowledge.add"
  | "knowledge.change"
  | "knowledge.delete"
  | "inbox.answering";

/** Writes one line of the trail, in the transaction of the change it tells of. */
export async function audit(
  tx: Queryable,
  actor: Actor,
  userId: string,
  action: AuditAction,
  subject: string,
  details: Record<string, string | number | boolean | null> = {},
): Promise<void> {
  await tx.insert(auditTable).values({
    id: uuid(),
    userId,
    actorType: actor.type,
    actorName: actor.name,
    action,
    subject,
    details,
  });
}
