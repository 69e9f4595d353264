CREATE TABLE "refresh_gates" (
	"platform" text PRIMARY KEY NOT NULL,
	"failures" integer DEFAULT 0 NOT NULL,
	"shut_since" timestamp with time zone,
	"probe_at" timestamp with time zone,
	"next_turn_at" timestamp with time zone,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
DROP INDEX "grants_due";--> statement-breakpoint
ALTER TABLE "grants" ADD COLUMN "asked" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "grants" ADD COLUMN "retry_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "grants" ADD COLUMN "refusals" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX "grants_due" ON "grants" USING btree ("platform","refresh_due_at") WHERE "grants"."dead_at" is null and "grants"."refresh_due_at" is not null;