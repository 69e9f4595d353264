import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { type Binding, decryptToken, encryptToken, parseKeyRing } from "@/lib/vault/cipher";

/** A nonce never comes twice under one key, however many processes seal; and rows do not share a key. */
const PROCESSES = 2;
const SEALS = 500_000;
const KEY = "8f1c5ad37be24096c1f0a97e33d2b8465cfe19720bd86a4fe5937c10d4ab6285";

const writer = `
  import { encryptToken, parseKeyRing } from "./lib/vault/cipher.ts";
  const ring = parseKeyRing(${JSON.stringify(KEY)});
  const place = { table: "grants", rowId: "1", userId: "ada", platform: "x", field: "credentials", revision: 1 };
  const nonces = Buffer.alloc(12 * ${SEALS});
  for (let at = 0; at < nonces.length; at += 12) {
    nonces.write(encryptToken(ring, place, "a token").split(".")[2].slice(0, 16), at, "base64url");
  }
  process.stdout.write(nonces);
`;

async function noncesOfOneProcess(): Promise<Buffer> {
  const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "--eval", writer], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const closed = once(child, "close");
  const parts: Buffer[] = [];
  for await (const part of child.stdout) parts.push(part);
  expect(await closed).toEqual([0, null]);
  return Buffer.concat(parts);
}

/** How many of these 12-byte nonces stand there already. */
function repeats(nonces: Buffer): number {
  const all = Array.from({ length: nonces.length / 12 }, (_, at) =>
    nonces.toString("latin1", at * 12, at * 12 + 12),
  );
  return all.length - new Set(all).size;
}

test("no nonce is used twice under one key, over two processes", { timeout: 120_000 }, async () => {
  const written = await Promise.all(Array.from({ length: PROCESSES }, noncesOfOneProcess));
  const nonces = Buffer.concat(written);
  expect(nonces.length).toBe(PROCESSES * SEALS * 12);
  expect(repeats(nonces)).toBe(0);
  // The count itself can see a repeat.
  expect(repeats(Buffer.concat([nonces, nonces.subarray(-12)]))).toBe(1);
});

test("more rows than are kept in memory still open, in any order", () => {
  const ring = parseKeyRing(KEY);
  const places = Array.from({ length: 10_000 }, (_, at): Binding => {
    return {
      table: "grants",
      rowId: `${at}`,
      userId: "ada",
      platform: "x",
      field: "credentials",
      revision: 1,
    };
  });
  const sealed = places.map((place) => encryptToken(ring, place, place.rowId));
  const opened = places.map((place, at) => decryptToken(ring, place, sealed[at] ?? ""));
  expect(opened).toEqual(places.map((place) => place.rowId));
  expect(ring.current.rowKeys.get("grants")?.size).toBeLessThan(5_000);
});
