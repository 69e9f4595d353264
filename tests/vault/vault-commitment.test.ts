import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { type Binding, decryptToken, parseKeyRing, VaultError } from "@/lib/vault/cipher";

/**
 * GCM does not commit to its key: who knows two keys can build one ciphertext that opens under both, by solving the
 * tag's polynomial for one block (Dodis, Grubbs, Ristenpart, Woodage, "Fast Message Franking", 2018). The vault must
 * open it under one key at most, whichever of its keys the envelope names.
 */
type Lock = { key: Buffer; aad: Buffer };

const place: Binding = {
  table: "grants",
  rowId: "1",
  userId: "ada",
  platform: "x",
  field: "credentials",
  revision: 1,
};

test("one ciphertext opens under one key at most", () => {
  const keys = [randomBytes(32), randomBytes(32)] as const;
  const [ours, theirs] = keys.map(lockOf) as [Lock & { keyId: string }, Lock & { keyId: string }];
  const body = opensUnderBoth(ours, theirs);
  // Raw GCM, with the very keys and associated data of the vault, takes it twice.
  expect(opensRaw(ours, body).subarray(0, 32)).toEqual(Buffer.alloc(32));
  expect(opensRaw(theirs, body).length).toBe(64);

  const ring = parseKeyRing(keys[0].toString("hex"), keys[1].toString("hex"));
  const open = ({ keyId }: { keyId: string }) =>
    decryptToken(ring, place, `v1.${keyId}.${body.toString("base64url")}`);
  expect(open(ours).length).toBeGreaterThan(0);
  expect(() => open(theirs)).toThrow(VaultError);
});

/** The key and the associated data that the vault uses for this place, as its documentation has them. */
function lockOf(key: Buffer): Lock & { keyId: string } {
  const derive = (info: string[], length: number) =>
    Buffer.from(hkdfSync("sha256", key, "", JSON.stringify(["carillon vault", "v1", ...info]), length));
  const keyId = derive(["key id"], 8).toString("hex");
  const { table, rowId, userId, platform, field, revision } = place;
  const aad = Buffer.from(JSON.stringify(["v1", keyId, table, rowId, userId, platform, field, revision]));
  return { keyId, key: derive(["row", keyId, table, rowId], 32), aad };
}

function opensRaw({ key, aad }: Lock, body: Buffer): Buffer {
  const decipher = createDecipheriv("aes-256-gcm", key, body.subarray(0, 12), { authTagLength: 16 });
  decipher.setAAD(aad);
  decipher.setAuthTag(body.subarray(-16));
  return Buffer.concat([decipher.update(body.subarray(12, -16)), decipher.final()]);
}

/** nonce | four blocks | tag. Two blocks open to zeros under `first`, the third is solved for, the fourth is anything. */
function opensUnderBoth(first: Lock, second: Lock): Buffer {
  const nonce = randomBytes(12);
  const zeros = createCipheriv("aes-256-gcm", first.key, nonce).update(Buffer.alloc(32));
  const blocks: Buffer[] = [zeros.subarray(0, 16), zeros.subarray(16), Buffer.alloc(16), randomBytes(16)];
  // Both tags are linear in the third block c, which meets H^3: t1 + c h1^3 = t2 + c h2^3.
  const cubes = [first, second].map(({ key }) => times(times(hashKey(key), hashKey(key)), hashKey(key)));
  const difference = tagOf(first, nonce, blocks) ^ tagOf(second, nonce, blocks);
  blocks[2] = toBlock(times(difference, inverse(cubes.reduce((a, b) => a ^ b))));
  return Buffer.concat([nonce, ...blocks, toBlock(tagOf(first, nonce, blocks))]);
}

// GCM's arithmetic (NIST SP 800-38D, 6.3 and 6.4): blocks are polynomials, the first bit is the constant term.

const ONE = 1n << 127n;

function times(x: bigint, y: bigint): bigint {
  let product = 0n;
  let shifted = y;
  for (let bit = 127n; bit >= 0n; bit -= 1n) {
    if ((x >> bit) & 1n) product ^= shifted;
    shifted = shifted & 1n ? (shifted >> 1n) ^ (0xe1n << 120n) : shifted >> 1n;
  }
  return product;
}

/** x^(2^128 - 2). */
function inverse(x: bigint): bigint {
  let result = ONE;
  let square = x;
  for (let bit = 1; bit < 128; bit += 1) {
    square = times(square, square);
    result = times(result, square);
  }
  return result;
}

function tagOf({ key, aad }: Lock, nonce: Buffer, blocks: Buffer[]): bigint {
  const lengths = Buffer.alloc(16);
  lengths.writeBigUInt64BE(BigInt(aad.length * 8), 0);
  lengths.writeBigUInt64BE(BigInt(blocks.length * 128), 8);
  const padded = Buffer.concat([aad, Buffer.alloc((16 - (aad.length % 16)) % 16), ...blocks, lengths]);
  const h = hashKey(key);
  let sum = 0n;
  for (let at = 0; at < padded.length; at += 16) sum = times(sum ^ toNumber(padded.subarray(at, at + 16)), h);
  return sum ^ toNumber(aesBlock(key, Buffer.concat([nonce, Buffer.from([0, 0, 0, 1])])));
}

function hashKey(key: Buffer): bigint {
  return toNumber(aesBlock(key, Buffer.alloc(16)));
}

function aesBlock(key: Buffer, block: Buffer): Buffer {
  return createCipheriv("aes-256-ecb", key, null).setAutoPadding(false).update(block);
}

function toNumber(block: Buffer): bigint {
  return BigInt(`0x${block.toString("hex")}`);
}

function toBlock(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(32, "0"), "hex");
}
