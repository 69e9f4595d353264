import { pino } from "pino";
import { logLevel } from "@/lib/env";

/**
 * Events, not sentences: `log.info("delivery.settled", { deliveryId, state })`.
 * Never a body, a token, a cookie, a code or a signed link; the redaction below is the second lock, not the first.
 */
const SECRET_NAMES = [
  "accessToken",
  "access_token",
  "refreshToken",
  "refresh_token",
  "idToken",
  "token",
  "code",
  "codeVerifier",
  "code_verifier",
  "clientSecret",
  "client_secret",
  "password",
  "secret",
  "cookie",
  "authorization",
  "credentials",
  "state",
  "text",
  "body",
];

export type Fields = Record<string, string | number | boolean | null | undefined | Date | Error | unknown>;

const logger = pino({
  level: logLevel(),
  base: null,
  timestamp: pino.stdTimeFunctions.isoTime,
  formatters: { level: (label) => ({ level: label }) },
  redact: { paths: SECRET_NAMES.flatMap((name) => [`*.${name}`, `*.*.${name}`]), censor: "[redacted]" },
  serializers: { error: describeError, cause: describeError },
});

export const log = {
  debug: (event: string, fields: Fields = {}) => logger.debug(fields, event),
  info: (event: string, fields: Fields = {}) => logger.info(fields, event),
  warn: (event: string, fields: Fields = {}) => logger.warn(fields, event),
  error: (event: string, fields: Fields = {}) => logger.error(fields, event),
};

/** What an operator needs of an error: its kind, its code, where it came from, and why. Never query parameters. */
function describeError(error: unknown, depth = 0): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error) };
  const code = "code" in error ? error.code : undefined;
  return {
    name: error.name,
    // A failed query's message carries its parameters: they may be a person's words.
    message: error.message.split("\nparams:")[0],
    ...(code !== undefined && { code }),
    ...(depth === 0 && {
      stack: error.stack
        ?.split("\n")
        .filter((line) => line.trimStart().startsWith("at "))
        .slice(0, 12),
    }),
    ...(error.cause !== undefined && depth < 4 && { cause: describeError(error.cause, depth + 1) }),
  };
}
