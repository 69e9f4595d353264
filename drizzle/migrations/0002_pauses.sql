CREATE TABLE "platform_pauses" (
	"platform" text PRIMARY KEY NOT NULL,
	"code" text,
	"message" text NOT NULL,
	"since" timestamp with time zone DEFAULT now() NOT NULL,
	"until" timestamp with time zone NOT NULL,
	"probe" uuid
);
