import { resolve } from "node:path";
import { z } from "zod";
import { type KeyRing, parseKeyRing } from "@/lib/vault/cipher";

/**
 * The only reader of process.env. Refuses to start when something is missing or weak: the message names the variable,
 * says what to do, and never shows the value. Development needs none of them: the commands make and keep their own.
 */
const optional = z
  .string()
  .optional()
  .transform((value) => value?.trim() || undefined);

/** The two names each platform's app is configured by. A new platform adds its line here. */
const platformApps = {
  threads: ["THREADS_APP_ID", "THREADS_APP_SECRET"],
  twitter: ["TWITTER_CLIENT_ID", "TWITTER_CLIENT_SECRET"],
  linkedin: ["LINKEDIN_CLIENT_ID", "LINKEDIN_CLIENT_SECRET"],
  reddit: ["REDDIT_CLIENT_ID", "REDDIT_CLIENT_SECRET"],
  instagram: ["INSTAGRAM_APP_ID", "INSTAGRAM_APP_SECRET"],
  facebook: ["META_APP_ID", "META_APP_SECRET"],
  tiktok: ["TIKTOK_CLIENT_KEY", "TIKTOK_CLIENT_SECRET"],
} as const satisfies Record<string, readonly [string, string]>;

/** What may be set for a platform besides, by the name its provider reads it under. */
const platformSettings: Record<string, Record<string, string>> = {
  linkedin: { version: "LINKEDIN_VERSION", scopes: "LINKEDIN_SCOPES" },
  reddit: { username: "REDDIT_USERNAME" },
  instagram: { version: "META_GRAPH_VERSION" },
  facebook: { version: "META_GRAPH_VERSION", configId: "META_LOGIN_CONFIG_ID" },
  tiktok: { videoSource: "TIKTOK_VIDEO_SOURCE" },
};

const origin = (name: string) =>
  z.url({
    protocol: /^https?$/,
    error: `${name} must be an absolute address such as https://carillon.example.`,
  });

const Schema = z.object({
  NODE_ENV: z.enum(["development", "test", "production"]).default("development"),
  VERCEL_ENV: optional,
  DATABASE_URL: z
    .string({
      error:
        "DATABASE_URL is missing. Set it to your PostgreSQL address, or use `npm run demo`, which brings its own.",
    })
    .regex(/^postgres(ql)?:\/\//, "DATABASE_URL must start with postgres:// or postgresql://."),
  BETTER_AUTH_URL: origin("BETTER_AUTH_URL").transform((value) => new URL(value).origin),
  BETTER_AUTH_SECRET: secret("BETTER_AUTH_SECRET", 32),
  CRON_SECRET: secret("CRON_SECRET", 16),
  TOKEN_ENCRYPTION_KEY: z.string({ error: missing("TOKEN_ENCRYPTION_KEY", "openssl rand -hex 32") }),
  TOKEN_ENCRYPTION_KEYS_OLD: optional,
  GOOGLE_CLIENT_ID: optional,
  GOOGLE_CLIENT_SECRET: optional,
  SMTP_URL: optional,
  MAIL_FROM: optional,
  OPERATOR_EMAIL: z.email({ error: "OPERATOR_EMAIL must be a mail address." }).optional(),
  PLATFORM_SANDBOX_URL: origin("PLATFORM_SANDBOX_URL").optional(),
  INSTAGRAM_WEBHOOK_VERIFY_TOKEN: optional,
  /** "off" where workers run elsewhere (`npm run worker`, or cron on Vercel). */
  WORKERS: z.enum(["on", "off"]).optional(),
  VERCEL: optional,
  MEDIA_DIR: optional,
  MEDIA_S3_BUCKET: optional,
  MEDIA_S3_ENDPOINT: origin("MEDIA_S3_ENDPOINT").optional(),
  MEDIA_S3_REGION: optional,
  MEDIA_S3_ACCESS_KEY_ID: optional,
  MEDIA_S3_SECRET_ACCESS_KEY: optional,
  BLOB_READ_WRITE_TOKEN: optional,
  AI_BASE_URL: z
    .url({
      protocol: /^https?$/,
      error: "AI_BASE_URL must be a web address such as http://127.0.0.1:11434/v1.",
    })
    .optional(),
  AI_API_KEY: optional,
  AI_MODEL: optional,
  ONLYFANS_RULES_URL: z
    .url({ protocol: /^https?$/, error: "ONLYFANS_RULES_URL must be a web address." })
    .optional(),
  REFRESH_PER_MINUTE: z
    .string()
    .regex(
      /^\s*\w+\s*=\s*[1-9]\d{0,5}(\s*,\s*\w+\s*=\s*[1-9]\d{0,5})*\s*$/,
      "REFRESH_PER_MINUTE must name platforms with whole numbers, such as tiktok=60,reddit=100.",
    )
    .optional()
    .transform(
      (list): Record<string, number> =>
        Object.fromEntries(
          (list?.split(",") ?? []).map((pair) => {
            const [platform = "", count = ""] = pair.split("=");
            return [platform.trim(), Number(count)];
          }),
        ),
    ),
});

export type PlatformApp = {
  clientId: string;
  clientSecret: string;
  settings: Record<string, string | undefined>;
};

export type Env = ReturnType<typeof parseEnv>;

let cached: Env | undefined;

/** The environment, read once. @throws Error naming every variable that is missing or weak */
export function env(): Env {
  cached ??= parseEnv(process.env);
  return cached;
}

const LEVELS = ["debug", "info", "warn", "error", "silent"];

/** How much to log. Readable before the rest is known to be right, so that what is wrong can be logged. */
export const logLevel = (): string => LEVELS.find((level) => level === process.env["LOG_LEVEL"]) ?? "info";

/** Where the app is at home, for answers that must not depend on secrets being right. */
export const publicOrigin = (): URL | null => URL.parse(process.env["BETTER_AUTH_URL"] ?? "");

/** The sandbox's origin for the pages' security policy, which must not depend on secrets being right. */
export const sandboxOrigin = (): string | null =>
  URL.parse(process.env["PLATFORM_SANDBOX_URL"] ?? "")?.origin ?? null;

/** React's development build rebuilds stack traces by eval; nothing else ever may. */
export const allowsEval = (): boolean => process.env.NODE_ENV === "development";

export function parseEnv(source: Record<string, string | undefined>) {
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ""));
  const parsed = Schema.safeParse(given);
  const problems = parsed.success ? [] : parsed.error.issues.map((issue) => issue.message);
  const ring = readKeys(given, problems);
  if (given["VERCEL_ENV"] === "production" && given["PLATFORM_SANDBOX_URL"]) {
    problems.push(
      "PLATFORM_SANDBOX_URL is set, but this is Vercel's production: nothing would leave the machine. Remove it.",
    );
  }
  if ((given["AI_BASE_URL"] || given["AI_API_KEY"]) && !given["AI_MODEL"]?.trim()) {
    problems.push(
      "AI_MODEL is missing: name the model that AI_BASE_URL or AI_API_KEY is for, or remove those.",
    );
  }
  if (!parsed.success || !ring || problems.length > 0) {
    throw new Error(`Carillon cannot start:\n${problems.map((problem) => `  - ${problem}`).join("\n")}`);
  }
  const values = parsed.data;
  const sandboxUrl = values.PLATFORM_SANDBOX_URL?.replace(/\/$/, "");
  return {
    mode: values.NODE_ENV,
    databaseUrl: values.DATABASE_URL,
    /** The app's public origin: the one source of redirect URIs, whatever a request's Host header says. */
    origin: values.BETTER_AUTH_URL,
    authSecret: values.BETTER_AUTH_SECRET,
    cronSecret: values.CRON_SECRET,
    TOKEN_ENCRYPTION_KEYS: ring,
    google:
      values.GOOGLE_CLIENT_ID && values.GOOGLE_CLIENT_SECRET
        ? { clientId: values.GOOGLE_CLIENT_ID, clientSecret: values.GOOGLE_CLIENT_SECRET }
        : null,
    googleEnabled: Boolean(values.GOOGLE_CLIENT_ID && values.GOOGLE_CLIENT_SECRET),
    smtpUrl: values.SMTP_URL,
    mailFrom: values.MAIL_FROM ?? "Carillon <no-reply@localhost>",
    /** Whom to tell when a platform refuses the whole installation. */
    operatorEmail: values.OPERATOR_EMAIL,
    sandboxUrl,
    workersInProcess: values.WORKERS ? values.WORKERS === "on" : !values.VERCEL,
    apps: appsFrom(given, sandboxUrl !== undefined),
    media: mediaFrom(values),
    ai: aiFrom(values),
    onlyfansRulesUrl: values.ONLYFANS_RULES_URL,
    /** Renewals a minute at most, by platform, where the operator knows a limit. */
    refreshPerMinute: values.REFRESH_PER_MINUTE,
    /** What Meta shows when it asks whether the webhook's address is ours. */
    instagramVerifyToken:
      values.INSTAGRAM_WEBHOOK_VERIFY_TOKEN ?? (sandboxUrl ? "CNRY_verify_instagram" : undefined),
  };
}

/** Where a key alone leads to. */
const AI_GATEWAY = "https://ai-gateway.vercel.sh/v1";

/** The model that writes the assistant's replies; null: it answers in the entries' own words. */
function aiFrom(values: z.infer<typeof Schema>) {
  // While a sandbox stands in for the world, a key alone must not lead out of this machine.
  const baseUrl =
    values.AI_BASE_URL ?? (values.AI_API_KEY && !values.PLATFORM_SANDBOX_URL ? AI_GATEWAY : undefined);
  if (!baseUrl || !values.AI_MODEL) return null;
  return { baseUrl: baseUrl.replace(/\/$/, ""), apiKey: values.AI_API_KEY, model: values.AI_MODEL };
}

/** Where files are kept: in a bucket or a blob store when one is named, else in a folder. */
function mediaFrom(values: z.infer<typeof Schema>) {
  if (values.MEDIA_S3_BUCKET) {
    return {
      kind: "s3" as const,
      bucket: values.MEDIA_S3_BUCKET,
      endpoint: values.MEDIA_S3_ENDPOINT,
      region: values.MEDIA_S3_REGION ?? "us-east-1",
      accessKeyId: values.MEDIA_S3_ACCESS_KEY_ID,
      secretAccessKey: values.MEDIA_S3_SECRET_ACCESS_KEY,
    };
  }
  if (values.BLOB_READ_WRITE_TOKEN) return { kind: "blob" as const, token: values.BLOB_READ_WRITE_TOKEN };
  return {
    kind: "disk" as const,
    directory: resolve(values.MEDIA_DIR ?? ".data/media"),
    /** Such a host forgets its disk between two requests. */
    forgetful: values.VERCEL !== undefined,
  };
}

export type AppConfig = { app: PlatformApp | null; missing: string[] };

/** Who we are at each platform; in sandbox mode the sandbox's own defaults stand in. */
function appsFrom(source: Record<string, string | undefined>, sandboxed: boolean): Record<string, AppConfig> {
  return Object.fromEntries(
    Object.entries(platformApps).map(([platform, [idName, secretName]]) => {
      const clientId = source[idName]?.trim() || (sandboxed ? `sandbox-${platform}` : undefined);
      const clientSecret = source[secretName]?.trim() || (sandboxed ? `CNRY_secret_${platform}` : undefined);
      const absent = [...(clientId ? [] : [idName]), ...(clientSecret ? [] : [secretName])];
      const settings = Object.fromEntries(
        Object.entries(platformSettings[platform] ?? {}).map(([name, variable]) => [
          name,
          source[variable]?.trim() || undefined,
        ]),
      );
      return [
        platform,
        { app: clientId && clientSecret ? { clientId, clientSecret, settings } : null, missing: absent },
      ];
    }),
  );
}

function readKeys(source: Record<string, string | undefined>, problems: string[]): KeyRing | null {
  if (!source["TOKEN_ENCRYPTION_KEY"]) return null;
  try {
    return parseKeyRing(source["TOKEN_ENCRYPTION_KEY"], source["TOKEN_ENCRYPTION_KEYS_OLD"]);
  } catch (error) {
    problems.push(error instanceof Error ? error.message : "TOKEN_ENCRYPTION_KEY cannot be read.");
    return null;
  }
}

function missing(name: string, recipe: string): string {
  return `${name} is missing. Make one with: ${recipe}`;
}

function secret(name: string, least: number) {
  return z
    .string({ error: missing(name, "openssl rand -base64 36") })
    .min(least, `${name} is shorter than ${least} characters. Make one with: openssl rand -base64 36`)
    .refine(
      (value) => !looksLikeAnExample(value),
      `${name} looks like an example. Make one with: openssl rand -base64 36`,
    );
}

const looksLikeAnExample = (value: string): boolean =>
  new Set(value).size < 8 ||
  /change.?me|example|placeholder|your[-_ ]|better-auth-secret|default|undefined/i.test(value);
