import { createAuthClient } from "better-auth/react";

/** The browser's way to Better Auth: sign in and up, sign out, choose a new password. */
export const authClient = createAuthClient();
