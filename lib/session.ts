import "server-only";
import { headers } from "next/headers";
import { redirect } from "next/navigation";
import { auth } from "@/lib/auth";

/** The signed-in person, as every verb's actor. */
export type SignedIn = {
  type: "user";
  id: string;
  name: string;
  email: string;
  tier: string;
  credits: number;
  sessionId: string;
};

/** Who sent this request; null when nobody is signed in. */
export async function userOf(requestHeaders: Headers): Promise<SignedIn | null> {
  const found = await auth().api.getSession({ headers: requestHeaders });
  if (!found) return null;
  const { user, session } = found;
  return {
    type: "user",
    id: user.id,
    name: user.name,
    email: user.email,
    tier: user.tier ?? "free",
    credits: user.credits ?? 0,
    sessionId: session.id,
  };
}

/** For pages: who is looking, or null. */
export const findUser = async (): Promise<SignedIn | null> => userOf(await headers());

/** For pages that need someone: sends strangers to sign in, and back here afterwards. */
export async function requireUser(): Promise<SignedIn> {
  const requestHeaders = await headers();
  const user = await userOf(requestHeaders);
  if (user) return user;
  const path = requestHeaders.get("x-pathname") ?? "/dashboard";
  redirect(`/sign-in?returnTo=${encodeURIComponent(path)}`);
}

/** Whether whoever sent this signs in with a password; others come by way of Google. */
export async function hasPassword(requestHeaders: Headers): Promise<boolean> {
  const ways = await auth().api.listUserAccounts({ headers: requestHeaders });
  return ways.some(({ providerId }) => providerId === "credential");
}
