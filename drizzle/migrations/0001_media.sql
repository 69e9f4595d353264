CREATE TABLE "media" (
	"id" uuid PRIMARY KEY NOT NULL,
	"user_id" text NOT NULL,
	"kind" text NOT NULL,
	"mime_type" text NOT NULL,
	"filename" text NOT NULL,
	"bytes" bigint NOT NULL,
	"sha256" text NOT NULL,
	"width" integer,
	"height" integer,
	"duration_ms" integer,
	"alt" text DEFAULT '' NOT NULL,
	"storage_key" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "media_storage_key_unique" UNIQUE("storage_key"),
	CONSTRAINT "media_user_file" UNIQUE("user_id","sha256"),
	CONSTRAINT "media_kind" CHECK ("media"."kind" in ('image', 'gif', 'video', 'document'))
);
--> statement-breakpoint
CREATE TABLE "media_renditions" (
	"id" uuid PRIMARY KEY NOT NULL,
	"media_id" uuid NOT NULL,
	"recipe" text NOT NULL,
	"mime_type" text NOT NULL,
	"bytes" bigint NOT NULL,
	"width" integer NOT NULL,
	"height" integer NOT NULL,
	"storage_key" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "media_renditions_storage_key_unique" UNIQUE("storage_key"),
	CONSTRAINT "media_renditions_recipe" UNIQUE("media_id","recipe")
);
--> statement-breakpoint
ALTER TABLE "grants" ADD COLUMN "way" text;--> statement-breakpoint
ALTER TABLE "oauth_states" ADD COLUMN "way" text;--> statement-breakpoint
ALTER TABLE "deliveries" ADD COLUMN "note" text;--> statement-breakpoint
ALTER TABLE "media" ADD CONSTRAINT "media_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "media_renditions" ADD CONSTRAINT "media_renditions_media_id_media_id_fk" FOREIGN KEY ("media_id") REFERENCES "public"."media"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "media_user" ON "media" USING btree ("user_id","id" DESC NULLS LAST);--> statement-breakpoint
UPDATE "posts" SET "content" = "content" || '{"media": []}'::jsonb WHERE NOT "content" ? 'media';--> statement-breakpoint
UPDATE "deliveries" SET "content" = "content" || '{"media": []}'::jsonb WHERE NOT "content" ? 'media';
