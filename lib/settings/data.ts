import "server-only";
import { eq, sql } from "drizzle-orm";
import { settings } from "@/drizzle/schema/system";
import { db, type Queryable } from "@/lib/db";
import { type ChangeSettings, channels, defaultNotices, type NoticeSettings, noticeKinds } from "./schema";

/** The only SQL about settings. */

/** How a person wants to hear of things. */
export async function noticeSettings(tx: Queryable, userId: string): Promise<NoticeSettings> {
  const [row] = await tx
    .select({ notices: settings.notices })
    .from(settings)
    .where(eq(settings.userId, userId));
  return withDefaults(row?.notices ?? {});
}

/** Lays a change over what is set; of two at the same moment neither is lost. */
export async function changeNotices(userId: string, change: ChangeSettings["notices"]): Promise<void> {
  const flat = Object.fromEntries(
    noticeKinds.flatMap((kind) =>
      channels.flatMap((channel) => {
        const value = change[kind]?.[channel];
        return value === undefined ? [] : [[`${kind}.${channel}`, value]];
      }),
    ),
  );
  await db()
    .insert(settings)
    .values({ userId, notices: flat })
    .onConflictDoUpdate({
      target: settings.userId,
      set: { notices: sql`${settings.notices} || excluded.notices`, updatedAt: sql`now()` },
    });
}

function withDefaults(set: Record<string, boolean>): NoticeSettings {
  const of = (kind: keyof NoticeSettings) => ({
    app: set[`${kind}.app`] ?? defaultNotices[kind].app,
    mail: set[`${kind}.mail`] ?? defaultNotices[kind].mail,
  });
  return { ending: of("ending"), ended: of("ended"), post: of("post") };
}
