CREATE TABLE "inbox_files" (
	"id" uuid PRIMARY KEY NOT NULL,
	"user_id" text NOT NULL,
	"message_id" uuid,
	"mime_type" text NOT NULL,
	"bytes" integer NOT NULL,
	"storage_key" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "inbox_files_storage_key_unique" UNIQUE("storage_key")
);
--> statement-breakpoint
DROP INDEX "webhook_events_due";--> statement-breakpoint
ALTER TABLE "conversations" ADD COLUMN "snippet" text;--> statement-breakpoint
ALTER TABLE "conversations" ADD COLUMN "snippet_by" text;--> statement-breakpoint
ALTER TABLE "conversations" ADD COLUMN "read_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "conversations" ADD COLUMN "standby_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "inbox_files" ADD CONSTRAINT "inbox_files_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "inbox_files" ADD CONSTRAINT "inbox_files_message_id_messages_id_fk" FOREIGN KEY ("message_id") REFERENCES "public"."messages"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "inbox_files_message" ON "inbox_files" USING btree ("message_id");--> statement-breakpoint
CREATE INDEX "inbox_files_orphans" ON "inbox_files" USING btree ("id") WHERE "inbox_files"."message_id" is null;--> statement-breakpoint
CREATE INDEX "conversations_peer" ON "conversations" USING btree ("connection_id","peer_id");--> statement-breakpoint
CREATE INDEX "conversations_search" ON "conversations" USING gin (to_tsvector('simple', coalesce("peer_name", '') || ' ' || coalesce("peer_handle", '')));--> statement-breakpoint
CREATE INDEX "messages_search" ON "messages" USING gin (to_tsvector('simple', coalesce("text", '')));--> statement-breakpoint
CREATE INDEX "messages_unconfirmed" ON "messages" USING btree ("connection_id") WHERE "messages"."remote_id" is null and "messages"."fenced_at" is not null;--> statement-breakpoint
CREATE INDEX "webhook_events_due" ON "webhook_events" USING btree ("platform","account_id","received_at","id") WHERE "webhook_events"."due_at" is not null;