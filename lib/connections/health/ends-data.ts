import "server-only";
import { and, asc, eq, gte, isNotNull, isNull, lte, or } from "drizzle-orm";
import { connections, grants } from "@/drizzle/schema/connections";
import { db, type Tx } from "@/lib/db";
import type { ConnectionRow, GrantRow } from "../data";
import { KEEPS_FAILING } from "./health";

/** The only SQL about ends of grants. */

/** Grants that may end before then although they are cared for; endOf() says whether they do. */
export async function grantsNearEnd(before: Date): Promise<string[]> {
  const accessEnds = lte(grants.accessExpiresAt, before);
  const rows = await db()
    .select({ id: grants.id })
    .from(grants)
    .where(
      and(
        isNull(grants.deadAt),
        or(
          and(eq(grants.renewable, false), isNotNull(grants.accessExpiresAt), accessEnds),
          and(gte(grants.failures, KEEPS_FAILING), accessEnds),
          lte(grants.refreshExpiresAt, before),
        ),
      ),
    )
    .orderBy(asc(grants.id));
  return rows.map(({ id }) => id);
}

/** A grant with its connections, held still until `tx` ends: nobody renews it or connects it anew meanwhile. */
export async function holdGrant(
  tx: Tx,
  id: string,
): Promise<{ grant: GrantRow; connections: ConnectionRow[] } | null> {
  const [grant] = await tx.select().from(grants).where(eq(grants.id, id)).for("update");
  if (!grant) return null;
  const rows = await tx
    .select()
    .from(connections)
    .where(eq(connections.grantId, id))
    .orderBy(asc(connections.connectedAt), asc(connections.id));
  return { grant, connections: rows };
}
