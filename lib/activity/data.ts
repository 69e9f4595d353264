import "server-only";
import { and, desc, eq, inArray, lt, or, type SQL, sql } from "drizzle-orm";
import { connections } from "@/drizzle/schema/connections";
import { deliveries, posts } from "@/drizzle/schema/posts";
import { audit } from "@/drizzle/schema/system";
import { db } from "@/lib/db";
import { type ActivityDto, type ActivityPage, actionsOf, type ListActivity } from "./schema";

/** The only SQL that reads the trail. */

type AuditRow = typeof audit.$inferSelect;

const PAGE_SIZE = 30;

/** A person's trail, newest first; the cursor is the id of the last one seen, which is in order of time. */
export async function listActivity(userId: string, query: ListActivity): Promise<ActivityPage> {
  const rows = await db()
    .select()
    .from(audit)
    .where(
      and(
        eq(audit.userId, userId),
        query.cursor ? lt(audit.id, query.cursor) : undefined,
        query.kind ? ofKind(actionsOf[query.kind]) : undefined,
        query.connection ? about(userId, query.connection) : undefined,
      ),
    )
    .orderBy(desc(audit.id))
    .limit(PAGE_SIZE + 1);
  const page = rows.slice(0, PAGE_SIZE);
  return {
    activity: await named(userId, page),
    nextCursor: rows.length > PAGE_SIZE ? (page.at(-1)?.id ?? null) : null,
  };
}

const ofKind = (actions: string[]): SQL | undefined =>
  or(
    ...actions.map((action) =>
      action.endsWith(".") ? sql`starts_with(${audit.action}, ${action})` : eq(audit.action, action),
    ),
  );

/** The connection itself, its grant, and what went to it. Of somebody else's it finds nothing. */
const about = (userId: string, connectionId: string): SQL =>
  sql`${audit.subject} in (
    select ${connectionId}
    union all select grant_id::text from ${connections}
      where ${connections.id} = ${connectionId} and ${connections.userId} = ${userId}
    union all select id::text from ${deliveries}
      where ${deliveries.connectionId} = ${connectionId} and ${deliveries.userId} = ${userId}
    union all select post_id::text from ${deliveries}
      where ${deliveries.connectionId} = ${connectionId} and ${deliveries.userId} = ${userId})`;

/** Finds what the lines are about, as far as it is still there. */
async function named(userId: string, rows: AuditRow[]): Promise<ActivityDto[]> {
  const subjects = [...new Set(rows.map(({ subject }) => subject))].filter(isUuid);
  if (subjects.length === 0) return rows.map((row) => toDto(row, null, null));
  const accounts = await db()
    .select({
      id: connections.id,
      grantId: connections.grantId,
      platform: connections.platform,
      name: connections.name,
      handle: connections.handle,
    })
    .from(connections)
    .where(
      and(
        eq(connections.userId, userId),
        or(inArray(connections.id, subjects), inArray(connections.grantId, subjects)),
      ),
    );
  const sent = await db()
    .select({
      id: deliveries.id,
      postId: deliveries.postId,
      platform: deliveries.platform,
      account: deliveries.accountName,
    })
    .from(deliveries)
    .where(and(eq(deliveries.userId, userId), inArray(deliveries.id, subjects)));
  const written = await db()
    .select({ id: posts.id })
    .from(posts)
    .where(and(eq(posts.userId, userId), inArray(posts.id, subjects)));
  return rows.map((row) => {
    const delivery = sent.find(({ id }) => id === row.subject);
    const reached = accounts.filter(({ id, grantId }) => id === row.subject || grantId === row.subject);
    const about = delivery
      ? { platform: delivery.platform, account: delivery.account }
      : reached[0]
        ? {
            platform: reached[0].platform,
            account: reached.map(({ name, handle }) => (handle ? `${name} (@${handle})` : name)).join(", "),
          }
        : null;
    const postId = delivery?.postId ?? written.find(({ id }) => id === row.subject)?.id ?? null;
    return toDto(row, about, postId);
  });
}

function toDto(
  row: AuditRow,
  about: { platform: string; account: string } | null,
  postId: string | null,
): ActivityDto {
  const { platform, account, ...details } = row.details;
  return {
    id: row.id,
    at: row.createdAt.toISOString(),
    actor: {
      // safe: the table's check holds exactly these words
      type: row.actorType as ActivityDto["actor"]["type"],
      name: row.actorName,
    },
    action: row.action,
    details,
    platform: about?.platform ?? (typeof platform === "string" ? platform : null),
    account: about?.account ?? (typeof account === "string" ? account : null),
    postId,
  };
}

const isUuid = (text: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
