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
DROP INDEX "audit_user";--> statement-breakpoint
CREATE INDEX "audit_user" ON "audit" USING btree ("user_id","id" DESC NULLS LAST);