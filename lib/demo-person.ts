import "server-only";
import { APIError } from "better-auth/api";
import { auth } from "@/lib/auth";
import { DEMO_EMAIL, DEMO_PASSWORD } from "@/lib/demo";

/** In sandbox mode there is someone to sign in as. Nothing they can reach leaves this machine. */
export async function ensureDemoPerson(): Promise<void> {
  try {
    await auth().api.signUpEmail({
      body: { name: "Demo Person", email: DEMO_EMAIL, password: DEMO_PASSWORD },
    });
  } catch (error) {
    // Someone who is there already is what we want.
    if (!(error instanceof APIError) || error.status !== "UNPROCESSABLE_ENTITY") throw error;
  }
}
