CREATE TABLE "answers" (
	"id" uuid PRIMARY KEY NOT NULL,
	"user_id" text NOT NULL,
	"connection_id" uuid NOT NULL,
	"conversation_id" uuid NOT NULL,
	"message_id" uuid NOT NULL,
	"asked" text NOT NULL,
	"outcome" text,
	"attempt" integer DEFAULT 1 NOT NULL,
	"lease_until" timestamp with time zone,
	"reason" text DEFAULT '' NOT NULL,
	"sources" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"confidence" double precision,
	"model" text,
	"text" text,
	"credits" integer DEFAULT 0 NOT NULL,
	"draft" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"decided_at" timestamp with time zone,
	CONSTRAINT "answers_asked" CHECK ("answers"."asked" in ('arrival', 'person')),
	CONSTRAINT "answers_outcome" CHECK ("answers"."outcome" is null or "answers"."outcome" in ('answered', 'suggested', 'handed_over', 'dropped')),
	CONSTRAINT "answers_draft_state" CHECK ("answers"."draft" is null or "answers"."draft" in ('open', 'used', 'dismissed'))
);
--> statement-breakpoint
CREATE TABLE "knowledge" (
	"id" uuid PRIMARY KEY NOT NULL,
	"user_id" text NOT NULL,
	"connection_id" uuid,
	"kind" text NOT NULL,
	"title" text NOT NULL,
	"text" text NOT NULL,
	"used" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "knowledge_kind" CHECK ("knowledge"."kind" in ('answer', 'text'))
);
--> statement-breakpoint
CREATE TABLE "knowledge_passages" (
	"id" uuid PRIMARY KEY NOT NULL,
	"knowledge_id" uuid NOT NULL,
	"user_id" text NOT NULL,
	"position" integer NOT NULL,
	"heading" text NOT NULL,
	"text" text NOT NULL,
	"words" text[] NOT NULL,
	"search" "tsvector" GENERATED ALWAYS AS (array_to_tsvector("words")) STORED
);
--> statement-breakpoint
CREATE TABLE "saved_replies" (
	"id" uuid PRIMARY KEY NOT NULL,
	"user_id" text NOT NULL,
	"title" text NOT NULL,
	"text" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "conversations" (
	"id" uuid PRIMARY KEY NOT NULL,
	"user_id" text NOT NULL,
	"connection_id" uuid NOT NULL,
	"kind" text NOT NULL,
	"remote_key" text NOT NULL,
	"peer_id" text,
	"peer_name" text,
	"peer_handle" text,
	"peer_avatar_url" text,
	"peer_facts" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"profile_at" timestamp with time zone,
	"media_id" text,
	"last_inbound_at" timestamp with time zone,
	"last_message_at" timestamp with time zone NOT NULL,
	"snippet" text,
	"snippet_by" text,
	"unread" integer DEFAULT 0 NOT NULL,
	"read_at" timestamp with time zone,
	"archived_at" timestamp with time zone,
	"mode" text,
	"paused_until" timestamp with time zone,
	"handed_over_at" timestamp with time zone,
	"handed_over_why" text,
	"standby" boolean DEFAULT false NOT NULL,
	"standby_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "conversations_remote" UNIQUE("connection_id","kind","remote_key"),
	CONSTRAINT "conversations_kind" CHECK ("conversations"."kind" in ('direct', 'comment', 'mention')),
	CONSTRAINT "conversations_mode" CHECK ("conversations"."mode" is null or "conversations"."mode" in ('off', 'suggest', 'auto'))
);
--> statement-breakpoint
CREATE TABLE "inbox_accounts" (
	"connection_id" uuid PRIMARY KEY NOT NULL,
	"user_id" text NOT NULL,
	"subscription" text DEFAULT 'off' NOT NULL,
	"subscribed_at" timestamp with time zone,
	"subscription_error" text,
	"backfilled_at" timestamp with time zone,
	"last_event_at" timestamp with time zone,
	"mode" text DEFAULT 'off' NOT NULL,
	"answering" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "inbox_accounts_subscription" CHECK ("inbox_accounts"."subscription" in ('off', 'on', 'failed', 'not_allowed')),
	CONSTRAINT "inbox_accounts_mode" CHECK ("inbox_accounts"."mode" in ('off', 'suggest', 'auto'))
);
--> statement-breakpoint
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
CREATE TABLE "messages" (
	"id" uuid PRIMARY KEY NOT NULL,
	"conversation_id" uuid NOT NULL,
	"user_id" text NOT NULL,
	"connection_id" uuid NOT NULL,
	"remote_id" text,
	"author" text,
	"state" text NOT NULL,
	"text" text,
	"attachments" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"reply_to" jsonb,
	"quick_replies" text[] DEFAULT '{}'::text[] NOT NULL,
	"details" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"reactions" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"edits" integer DEFAULT 0 NOT NULL,
	"edited_at" timestamp with time zone,
	"unsent_at" timestamp with time zone,
	"seen_at" timestamp with time zone,
	"sent_at" timestamp with time zone NOT NULL,
	"wish" uuid,
	"part" integer DEFAULT 0 NOT NULL,
	"attempt" integer DEFAULT 0 NOT NULL,
	"lease_until" timestamp with time zone,
	"fenced_at" timestamp with time zone,
	"due_at" timestamp with time zone,
	"failures" integer DEFAULT 0 NOT NULL,
	"error_kind" text,
	"error_code" text,
	"error_message" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "messages_author" CHECK ("messages"."author" is null or "messages"."author" in ('them', 'person', 'phone', 'assistant')),
	CONSTRAINT "messages_state" CHECK ("messages"."state" in ('received', 'queued', 'sending', 'sent', 'failed', 'uncertain', 'cancelled'))
);
--> statement-breakpoint
CREATE TABLE "webhook_events" (
	"id" uuid PRIMARY KEY NOT NULL,
	"platform" text NOT NULL,
	"account_id" text NOT NULL,
	"digest" text NOT NULL,
	"entry" text NOT NULL,
	"received_at" timestamp with time zone DEFAULT now() NOT NULL,
	"due_at" timestamp with time zone DEFAULT now(),
	"attempts" integer DEFAULT 0 NOT NULL,
	"processed_at" timestamp with time zone,
	"outcome" jsonb,
	"error" text,
	CONSTRAINT "webhook_events_digest_unique" UNIQUE("digest")
);
--> statement-breakpoint
CREATE TABLE "data_deletions" (
	"code" text PRIMARY KEY NOT NULL,
	"platform" text NOT NULL,
	"request_hash" text NOT NULL,
	"state" text DEFAULT 'received' NOT NULL,
	"requested_at" timestamp with time zone DEFAULT now() NOT NULL,
	"completed_at" timestamp with time zone,
	CONSTRAINT "data_deletions_request_hash_unique" UNIQUE("request_hash"),
	CONSTRAINT "data_deletions_state" CHECK ("data_deletions"."state" in ('received', 'completed'))
);
--> statement-breakpoint
CREATE TABLE "refresh_gates" (
	"platform" text PRIMARY KEY NOT NULL,
	"failures" integer DEFAULT 0 NOT NULL,
	"shut_since" timestamp with time zone,
	"probe_at" timestamp with time zone,
	"next_turn_at" timestamp with time zone,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "settings" (
	"user_id" text PRIMARY KEY NOT NULL,
	"notices" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
DROP INDEX "grants_due";--> statement-breakpoint
DROP INDEX "audit_user";--> statement-breakpoint
ALTER TABLE "connections" ADD COLUMN "checked_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "connections" ADD COLUMN "check_claimed_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "grants" ADD COLUMN "renewable" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "grants" ADD COLUMN "asked" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "grants" ADD COLUMN "retry_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "grants" ADD COLUMN "refusals" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "notifications" ADD COLUMN "kind" text DEFAULT 'other' NOT NULL;--> statement-breakpoint
ALTER TABLE "notifications" ADD COLUMN "grant_id" uuid;--> statement-breakpoint
ALTER TABLE "notifications" ADD COLUMN "mail" text DEFAULT 'none' NOT NULL;--> statement-breakpoint
ALTER TABLE "answers" ADD CONSTRAINT "answers_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "answers" ADD CONSTRAINT "answers_connection_id_connections_id_fk" FOREIGN KEY ("connection_id") REFERENCES "public"."connections"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "answers" ADD CONSTRAINT "answers_conversation_id_conversations_id_fk" FOREIGN KEY ("conversation_id") REFERENCES "public"."conversations"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "answers" ADD CONSTRAINT "answers_message_id_messages_id_fk" FOREIGN KEY ("message_id") REFERENCES "public"."messages"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "knowledge" ADD CONSTRAINT "knowledge_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "knowledge" ADD CONSTRAINT "knowledge_connection_id_connections_id_fk" FOREIGN KEY ("connection_id") REFERENCES "public"."connections"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "knowledge_passages" ADD CONSTRAINT "knowledge_passages_knowledge_id_knowledge_id_fk" FOREIGN KEY ("knowledge_id") REFERENCES "public"."knowledge"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "knowledge_passages" ADD CONSTRAINT "knowledge_passages_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "saved_replies" ADD CONSTRAINT "saved_replies_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "conversations" ADD CONSTRAINT "conversations_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "conversations" ADD CONSTRAINT "conversations_connection_id_connections_id_fk" FOREIGN KEY ("connection_id") REFERENCES "public"."connections"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "inbox_accounts" ADD CONSTRAINT "inbox_accounts_connection_id_connections_id_fk" FOREIGN KEY ("connection_id") REFERENCES "public"."connections"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "inbox_accounts" ADD CONSTRAINT "inbox_accounts_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "inbox_files" ADD CONSTRAINT "inbox_files_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "inbox_files" ADD CONSTRAINT "inbox_files_message_id_messages_id_fk" FOREIGN KEY ("message_id") REFERENCES "public"."messages"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "messages" ADD CONSTRAINT "messages_conversation_id_conversations_id_fk" FOREIGN KEY ("conversation_id") REFERENCES "public"."conversations"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "messages" ADD CONSTRAINT "messages_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "messages" ADD CONSTRAINT "messages_connection_id_connections_id_fk" FOREIGN KEY ("connection_id") REFERENCES "public"."connections"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "settings" ADD CONSTRAINT "settings_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "answers_message" ON "answers" USING btree ("message_id") WHERE "answers"."asked" = 'arrival';--> statement-breakpoint
CREATE UNIQUE INDEX "answers_draft" ON "answers" USING btree ("conversation_id") WHERE "answers"."draft" = 'open';--> statement-breakpoint
CREATE INDEX "answers_conversation" ON "answers" USING btree ("conversation_id","id" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "answers_day" ON "answers" USING btree ("connection_id","decided_at") WHERE "answers"."outcome" = 'answered';--> statement-breakpoint
CREATE INDEX "answers_thinking" ON "answers" USING btree ("lease_until") WHERE "answers"."outcome" is null;--> statement-breakpoint
CREATE INDEX "knowledge_user" ON "knowledge" USING btree ("user_id","id" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "knowledge_passages_search" ON "knowledge_passages" USING gin ("search");--> statement-breakpoint
CREATE INDEX "knowledge_passages_user" ON "knowledge_passages" USING btree ("user_id");--> statement-breakpoint
CREATE UNIQUE INDEX "knowledge_passages_position" ON "knowledge_passages" USING btree ("knowledge_id","position");--> statement-breakpoint
CREATE INDEX "saved_replies_user" ON "saved_replies" USING btree ("user_id","title");--> statement-breakpoint
CREATE INDEX "conversations_user" ON "conversations" USING btree ("user_id","last_message_at" DESC NULLS LAST,"id" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "conversations_changed" ON "conversations" USING btree ("user_id","updated_at" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "conversations_peer" ON "conversations" USING btree ("connection_id","peer_id");--> statement-breakpoint
CREATE INDEX "conversations_search" ON "conversations" USING gin (to_tsvector('simple', coalesce("peer_name", '') || ' ' || coalesce("peer_handle", '')));--> statement-breakpoint
CREATE INDEX "inbox_accounts_user" ON "inbox_accounts" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "inbox_files_message" ON "inbox_files" USING btree ("message_id");--> statement-breakpoint
CREATE INDEX "inbox_files_orphans" ON "inbox_files" USING btree ("id") WHERE "inbox_files"."message_id" is null;--> statement-breakpoint
CREATE UNIQUE INDEX "messages_remote" ON "messages" USING btree ("connection_id","remote_id") WHERE "messages"."remote_id" is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "messages_wish" ON "messages" USING btree ("conversation_id","wish","part") WHERE "messages"."wish" is not null;--> statement-breakpoint
CREATE INDEX "messages_conversation" ON "messages" USING btree ("conversation_id","sent_at" DESC NULLS LAST,"id" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "messages_due" ON "messages" USING btree ("due_at") WHERE "messages"."due_at" is not null;--> statement-breakpoint
CREATE INDEX "messages_numbers" ON "messages" USING btree ("user_id","sent_at");--> statement-breakpoint
CREATE INDEX "messages_search" ON "messages" USING gin (to_tsvector('simple', coalesce("text", '')));--> statement-breakpoint
CREATE INDEX "messages_unconfirmed" ON "messages" USING btree ("connection_id") WHERE "messages"."remote_id" is null and "messages"."fenced_at" is not null;--> statement-breakpoint
CREATE INDEX "webhook_events_due" ON "webhook_events" USING btree ("platform","account_id","received_at","id") WHERE "webhook_events"."due_at" is not null;--> statement-breakpoint
CREATE INDEX "webhook_events_account" ON "webhook_events" USING btree ("platform","account_id","received_at" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "webhook_events_received" ON "webhook_events" USING btree ("received_at");--> statement-breakpoint
ALTER TABLE "notifications" ADD CONSTRAINT "notifications_grant_id_grants_id_fk" FOREIGN KEY ("grant_id") REFERENCES "public"."grants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "notifications_grant" ON "notifications" USING btree ("grant_id");--> statement-breakpoint
CREATE INDEX "notifications_mail" ON "notifications" USING btree ("created_at") WHERE "notifications"."mail" = 'due';--> statement-breakpoint
CREATE INDEX "grants_due" ON "grants" USING btree ("platform","refresh_due_at") WHERE "grants"."dead_at" is null and "grants"."refresh_due_at" is not null;--> statement-breakpoint
CREATE INDEX "audit_user" ON "audit" USING btree ("user_id","id" DESC NULLS LAST);--> statement-breakpoint
ALTER TABLE "notifications" ADD CONSTRAINT "notifications_kind" CHECK ("notifications"."kind" in ('ending', 'ended', 'post', 'other'));--> statement-breakpoint
ALTER TABLE "notifications" ADD CONSTRAINT "notifications_mail_state" CHECK ("notifications"."mail" in ('none', 'due', 'sending', 'sent', 'refused'));