import "server-only";
import { hash, verify } from "@node-rs/argon2";
import { dictionary } from "@zxcvbn-ts/language-common";
import { APIError } from "better-auth/api";
import pLimit from "p-limit";

/** argon2id with OWASP's first parameters: 19 MiB, two passes, one lane. */
const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

export const MIN_PASSWORD = 8;
export const MAX_PASSWORD = 128;

// Each hash fills a core and 19 MiB: a burst of sign-ins waits in line instead of starving everything else.
const inLine = pLimit(2);

// ASVS 6.2.4: passwords known from breaches are refused; compared without case.
const breached = new Set(dictionary["passwords-common"].map((word) => String(word).toLowerCase()));

/** @throws APIError when the password is on the list of those known from breaches */
export async function hashPassword(password: string): Promise<string> {
  if (breached.has(password.toLowerCase())) {
    throw new APIError("BAD_REQUEST", {
      code: "PASSWORD_BREACHED",
      message:
        "This password is on the lists that attackers try first. Choose another; a few unrelated words work well.",
    });
  }
  return inLine(() => hash(password, PARAMETERS));
}

export const verifyPassword = (sealed: string, password: string): Promise<boolean> =>
  inLine(() => verify(sealed, password));
