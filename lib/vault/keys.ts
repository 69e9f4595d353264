import { hash } from "node:crypto";

/** Reads a 32-byte key and refuses what was not drawn at random. */

// 32 random bytes hold about 30 different values; fewer than 20 happens less than once in 10^9 keys.
const MIN_DISTINCT_BYTES = 20;

const PUBLISHED_KEYS = new Set([
  // NIST SP 800-38A, appendix F.
  "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
  // The first development account of the Hardhat and Anvil tutorials.
  "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
]);
// Refused as their SHA-256, which is how people make 32 bytes of a word.
const HASHED_WORDS = [
  "",
  "secret",
  "password",
  "changeme",
  "change-me",
  "test",
  "key",
  "token",
  "example",
  "carillon",
];

/** 64 hex characters, or base64 or base64url of exactly 32 bytes. A problem reads on from the setting's name, without its value. */
export function parseKey(text: string): { key: Buffer } | { problem: string } {
  const key = decode(text.trim());
  if (!key) return { problem: "must be 32 bytes: 64 hex characters, or base64 of exactly 32 bytes" };
  const problem = weaknessOf(key);
  return problem ? { problem } : { key };
}

function decode(text: string): Buffer | null {
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, "hex");
  // 43 characters are 32 bytes and two spare bits. Node reads both base64 alphabets.
  return /^[A-Za-z0-9+/_-]{43}=?$/.test(text) ? Buffer.from(text, "base64") : null;
}

function weaknessOf(key: Buffer): string | null {
  const bytes = [...key];
  if (bytes.every((byte) => byte === 0)) return "is all zeros";
  if (new Set(bytes).size < MIN_DISTINCT_BYTES) return "repeats itself and was not drawn at random";
  const steps = new Set(bytes.slice(1).map((byte, at) => (byte - (bytes[at] ?? 0) + 256) % 256));
  if (steps.size === 1) return "counts up in equal steps and was not drawn at random";
  // 32 random bytes are all printable less than once in 10^13 keys.
  if (bytes.every((byte) => byte >= 0x20 && byte < 0x7f)) return "spells text and was not drawn at random";
  const hex = key.toString("hex");
  if (PUBLISHED_KEYS.has(hex)) return "is a published example";
  if (HASHED_WORDS.some((word) => hash("sha256", word) === hex)) return "is the hash of a common word";
  return null;
}
