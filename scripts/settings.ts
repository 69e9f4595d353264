import type { Environment } from "./environment";
import { Problem } from "./problem";

/** Stands in for the embedded server's address, which is not known before it runs. */
const EMBEDDED = "postgres://127.0.0.1/embedded";

/** Asks the app's own schema. @throws Problem naming each variable that is missing or weak, never a value */
export async function refuseUnfitEnvironment(environment: Environment): Promise<void> {
  const { parseEnv } = await import("@/lib/env");
  try {
    parseEnv({ ...environment, DATABASE_URL: environment["DATABASE_URL"] ?? EMBEDDED });
  } catch (error) {
    throw error instanceof Error ? new Problem(error.message, { cause: error }) : error;
  }
}
