import { createHash } from "node:crypto";
import { z } from "zod";

/** How the web app of OnlyFans signs its requests: rules that change with each of its builds, and a formula that stays. */
export type SigningRules = {
  staticParam: string;
  prefix: string;
  suffix: string;
  checksumIndexes: number[];
  checksumConstant: number;
  appToken: string;
  /** Names of headers to leave out, in lower case. */
  removeHeaders: string[];
};

/** The same in every source from 2023 on; a rules file may name another. */
const APP_TOKEN = "33d57ade8c02dbc5a333db99ff9ae26a";

// What becomes part of a header is plain, so that a strange file cannot write headers of its own.
const Plain = z.string().regex(/^[\w.-]{1,128}$/);
const File = z.object({
  static_param: z.string().regex(/^[ -~]{1,256}$/),
  format: z.string().max(300).optional(),
  prefix: Plain.optional(),
  suffix: Plain.optional(),
  start: Plain.optional(),
  end: Plain.optional(),
  checksum_indexes: z.array(z.int().min(0).max(39)).length(32),
  checksum_constant: z.int().optional(),
  checksum_constants: z.array(z.int()).max(64).optional(),
  app_token: Plain.optional(),
  "app-token": Plain.optional(),
  remove_headers: z.array(z.string().max(64)).max(32).default([]),
});

/** Reads a rules file in either of its spellings; null when it is none, or contradicts itself. */
export function readRules(file: unknown): SigningRules | null {
  const parsed = File.safeParse(file);
  if (!parsed.success) return null;
  const rules = parsed.data;
  const format = rules.format === undefined ? null : /^([\w.-]+):\{\}:\{:x\}:([\w.-]+)$/.exec(rules.format);
  if (rules.format !== undefined && !format) return null;
  const prefix = format?.[1] ?? rules.prefix ?? rules.start;
  const suffix = format?.[2] ?? rules.suffix ?? rules.end;
  const sum = rules.checksum_constants?.reduce((total, one) => total + one, 0);
  const checksumConstant = rules.checksum_constant ?? sum;
  if (prefix === undefined || suffix === undefined || checksumConstant === undefined) return null;
  // The two are one fact in two spellings: where they differ, the file mixes two builds.
  if (sum !== undefined && sum !== checksumConstant) return null;
  return {
    staticParam: rules.static_param,
    prefix,
    suffix,
    checksumIndexes: rules.checksum_indexes,
    checksumConstant,
    appToken: rules.app_token ?? rules["app-token"] ?? APP_TOKEN,
    removeHeaders: rules.remove_headers.map((name) => name.toLowerCase()),
  };
}

/**
 * The `sign` header that goes with this `time`.
 * @param path with its query, without the host
 * @param userId the account's number when the header user-id is sent, else "0"
 * @param time Unix time in milliseconds
 */
export function signatureOf(
  rules: SigningRules,
  { path, userId, time }: { path: string; userId: string; time: string },
): string {
  const message = [rules.staticParam, time, path, userId].join("\n");
  const hash = createHash("sha1").update(message, "utf8").digest("hex");
  const sum = rules.checksumIndexes.reduce(
    (total, index) => total + hash.charCodeAt(index),
    rules.checksumConstant,
  );
  return [rules.prefix, hash, Math.abs(sum).toString(16), rules.suffix].join(":");
}
