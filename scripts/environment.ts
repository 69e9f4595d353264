import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { dataDirectory, root } from "./paths";
import { diskProblem, Problem } from "./problem";

/** What the processes we start find in their environment. */
export type Environment = Record<string, string | undefined>;

/** The person's own environment: the shell's, then .env.local, then .env. An empty value counts as absent. */
export function givenEnvironment(): Environment {
  const files = [".env", ".env.local"].map((name) => join(root, name)).filter(existsSync);
  const written = files.map((file) => parseEnv(readFileSync(file, "utf8")));
  const all: Environment = Object.assign({}, ...written, process.env);
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined && value !== ""));
}

const SECRETS = ["BETTER_AUTH_SECRET", "TOKEN_ENCRYPTION_KEY", "CRON_SECRET"] as const;

/**
 * Secrets for this machine alone: made once, strong, kept in `.data/secrets.json` (mode 600), so that what the vault sealed
 * yesterday opens today.
 */
export function localSecrets(): Record<(typeof SECRETS)[number], string> {
  const file = join(dataDirectory(), "secrets.json");
  const known = existsSync(file) ? readSecrets(file) : {};
  const complete = Object.fromEntries(
    SECRETS.map((name) => [name, known[name] ?? randomBytes(32).toString("hex")]),
  );
  if (SECRETS.some((name) => known[name] === undefined)) {
    try {
      mkdirSync(dataDirectory(), { recursive: true, mode: 0o711 });
      writeFileSync(`${file}.new`, JSON.stringify(complete, null, 2), { mode: 0o600 });
      renameSync(`${file}.new`, file);
    } catch (error) {
      throw diskProblem(error, file);
    }
  }
  // safe: made from SECRETS two lines up
  return complete as Record<(typeof SECRETS)[number], string>;
}

/** The environment of a local run: what the person gave, and our own secrets and addresses where they gave none. */
export function localEnvironment(addresses: {
  origin: string;
  sandboxUrl?: string;
  databaseUrl: string;
}): Environment {
  const given = givenEnvironment();
  return {
    BETTER_AUTH_URL: addresses.origin,
    ...(addresses.sandboxUrl && {
      PLATFORM_SANDBOX_URL: addresses.sandboxUrl,
      // The sandbox publishes its own rules for signing, as somebody on the web does for the real OnlyFans.
      ONLYFANS_RULES_URL: `${addresses.sandboxUrl}/rules.onlyfans.example/rules.json`,
    }),
    ...localSecrets(),
    ...given,
    DATABASE_URL: addresses.databaseUrl,
  };
}

function readSecrets(file: string): Partial<Record<string, string>> {
  try {
    // safe: we are its only writer
    return JSON.parse(readFileSync(file, "utf8")) as Partial<Record<string, string>>;
  } catch (error) {
    if (error instanceof SyntaxError)
      throw new Problem(`${file} is damaged. To start afresh: npm run demo -- --reset`);
    throw diskProblem(error, file);
  }
}
