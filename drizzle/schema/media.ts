import { sql } from "drizzle-orm";
import { bigint, check, index, integer, pgTable, text, timestamp, unique, uuid } from "drizzle-orm/pg-core";
import { users } from "./auth";

/** The files people keep for their posts (media), and each picture as platforms want it (media_renditions). */
const instant = (name: string) => timestamp(name, { withTimezone: true });

export const media = pgTable(
  "media",
  {
    id: uuid("id").primaryKey(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    kind: text("kind").notNull(),
    /** By content, not by name. */
    mimeType: text("mime_type").notNull(),
    filename: text("filename").notNull(),
    bytes: bigint("bytes", { mode: "number" }).notNull(),
    /** Hex, of the file as it came: the same file twice is one. */
    sha256: text("sha256").notNull(),
    /** Upright pixels. */
    width: integer("width"),
    height: integer("height"),
    durationMs: integer("duration_ms"),
    alt: text("alt").notNull().default(""),
    storageKey: text("storage_key").notNull().unique(),
    createdAt: instant("created_at").notNull().defaultNow(),
  },
  (table) => [
    index("media_user").on(table.userId, table.id.desc()),
    unique("media_user_file").on(table.userId, table.sha256),
    check("media_kind", sql`${table.kind} in ('image', 'gif', 'video', 'document')`),
  ],
);

export const mediaRenditions = pgTable(
  "media_renditions",
  {
    id: uuid("id").primaryKey(),
    mediaId: uuid("media_id")
      .notNull()
      .references(() => media.id, { onDelete: "cascade" }),
    /** Names the rules it was made by; the same rules need it once. */
    recipe: text("recipe").notNull(),
    mimeType: text("mime_type").notNull(),
    bytes: bigint("bytes", { mode: "number" }).notNull(),
    width: integer("width").notNull(),
    height: integer("height").notNull(),
    storageKey: text("storage_key").notNull().unique(),
    createdAt: instant("created_at").notNull().defaultNow(),
  },
  (table) => [unique("media_renditions_recipe").on(table.mediaId, table.recipe)],
);
