import "server-only";
import { createHash } from "node:crypto";
import { betterAuth } from "better-auth";
import { drizzleAdapter } from "better-auth/adapters/drizzle";
import { APIError, createAuthMiddleware, getSessionFromCtx } from "better-auth/api";
import { accounts, rateLimits, sessions, users, verifications } from "@/drizzle/schema/auth";
import { checkAfterSignIn } from "@/lib/connections/health/due-checks";
import { db } from "@/lib/db";
import { env } from "@/lib/env";
import { finishLeaving, prepareLeaving } from "@/lib/leaving/person";
import { sendMail } from "@/lib/mail";
import { hashPassword, MAX_PASSWORD, MIN_PASSWORD, verifyPassword } from "@/lib/passwords";
import { countSignIn } from "@/lib/sign-in-limit";

const DAY_S = 24 * 60 * 60;

/** Who people are: Better Auth on our database. */
export type Auth = ReturnType<typeof createAuth>;

const shared = globalThis as typeof globalThis & { carillonAuth?: Auth };

export function auth(): Auth {
  shared.carillonAuth ??= createAuth();
  return shared.carillonAuth;
}

type Context = Parameters<Parameters<typeof createAuthMiddleware>[0]>[0];

/** A counter says nothing of whose it is. */
const digest = (text: string): string => createHash("sha256").update(text).digest("base64url");

/** From our own pages only. Who has a password must say it to leave, however freshly signed in; guesses at it are counted. */
async function confirmLeaving(context: Context): Promise<void> {
  const from = context.headers?.get("origin");
  const site = context.headers?.get("sec-fetch-site") ?? "none";
  if ((from && from !== env().origin) || !["same-origin", "none"].includes(site)) {
    throw new APIError("FORBIDDEN", {
      code: "FOREIGN_ORIGIN",
      message: "This request did not come from Carillon's own pages.",
    });
  }
  const session = await getSessionFromCtx(context);
  if (!session) return;
  const account = await context.context.internalAdapter.findCredentialAccount(session.user.id);
  if (!account) return;
  if (!context.body?.password) {
    throw new APIError("BAD_REQUEST", {
      code: "PASSWORD_REQUIRED",
      message: "Type your password to confirm.",
    });
  }
  if (await countSignIn(`/delete-user:${digest(session.user.id)}`)) return;
  throw new APIError("TOO_MANY_REQUESTS", {
    code: "TOO_MANY_TRIES",
    message: "Too many tries. Wait a quarter of an hour, then try again.",
  });
}

function createAuth() {
  const { origin, authSecret, google } = env();
  return betterAuth({
    appName: "Carillon",
    baseURL: origin,
    secret: authSecret,
    trustedOrigins: [origin],
    telemetry: { enabled: false },
    database: drizzleAdapter(db(), {
      provider: "pg",
      schema: {
        user: users,
        session: sessions,
        account: accounts,
        verification: verifications,
        rateLimit: rateLimits,
      },
      transaction: true,
    }),
    user: {
      additionalFields: {
        // Neither can be set from outside: what a person pays for is not theirs to type.
        tier: { type: "string", required: false, defaultValue: "free", input: false },
        credits: { type: "number", required: false, defaultValue: 10, input: false },
      },
      // With their password, or where there is none within a day of signing in.
      deleteUser: { enabled: true, beforeDelete: prepareLeaving, afterDelete: finishLeaving },
    },
    emailAndPassword: {
      enabled: true,
      minPasswordLength: MIN_PASSWORD,
      maxPasswordLength: MAX_PASSWORD,
      revokeSessionsOnPasswordReset: true,
      password: { hash: hashPassword, verify: ({ hash, password }) => verifyPassword(hash, password) },
      sendResetPassword: async ({ user, url }) =>
        sendMail({
          to: user.email,
          subject: "Choose a new password for Carillon",
          text: `Hello ${user.name},\n\nopen this link within an hour to choose a new password:\n\n${url}\n\nIf you did not ask for it, nothing has changed and you can ignore this mail.\n`,
        }),
    },
    emailVerification: {
      sendOnSignUp: true,
      sendVerificationEmail: async ({ user, url }) =>
        sendMail({
          to: user.email,
          subject: "Confirm your address for Carillon",
          text: `Hello ${user.name},\n\nopen this link to confirm that this address is yours:\n\n${url}\n`,
        }),
    },
    ...(google && { socialProviders: { google } }),
    databaseHooks: { session: { create: { after: ({ userId }) => checkAfterSignIn(userId) } } },
    session: { expiresIn: 7 * DAY_S, updateAge: DAY_S },
    advanced: {
      cookiePrefix: "carillon",
      useSecureCookies: origin.startsWith("https:"),
      defaultCookieAttributes: { sameSite: "lax", httpOnly: true },
    },
    // By address: a brake on floods. By account (countSignIn): the limit that holds whatever address a guesser claims.
    rateLimit: {
      enabled: true,
      storage: "database",
      window: 60,
      max: 200,
      customRules: {
        "/sign-in/email": { window: 60, max: 60 },
        "/sign-up/email": { window: 60, max: 60 },
        "/request-password-reset": { window: 60, max: 10 },
      },
    },
    hooks: {
      before: createAuthMiddleware(async (context) => {
        const { path, body } = context;
        if (path === "/delete-user") return confirmLeaving(context);
        if (path !== "/sign-in/email" && path !== "/request-password-reset") return;
        const email: unknown = body?.email;
        if (typeof email !== "string") return;
        if (await countSignIn(`${path}:${digest(email.trim().toLowerCase())}`)) return;
        throw new APIError("TOO_MANY_REQUESTS", {
          code: "TOO_MANY_TRIES",
          message:
            "Too many tries for this account. Wait a quarter of an hour, or choose a new password by mail.",
        });
      }),
    },
  });
}
