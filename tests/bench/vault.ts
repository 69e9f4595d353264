import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomBytes } from "node:crypto";
import { symmetricDecrypt, symmetricEncrypt } from "better-auth/crypto";
import { type Binding, decryptToken, encryptToken, parseKeyRing } from "../../lib/vault/cipher";
import { compare, perCpuSecond, report } from "./harness";

/**
 * What does the vault cost over Node's own AES-256-GCM, which does less (no binding, no key id, no commitment)? Raw GCM
 * runs twice: with the key as bytes, as most examples have it, and as a KeyObject, which is the fastest that Node can do.
 */
const BYTES = "raw GCM, key as bytes";
const OBJECT = "raw GCM, KeyObject";
const PEER = "better-auth symmetric";
// More rows than the vault keeps keys for, visited in turn: every visit derives the row's key anew.
const ROWS = 10_000;

const key = randomBytes(32);
const keyObject = createSecretKey(key);
const ring = parseKeyRing(key.toString("hex"));
const peerKey = key.toString("hex");
const place: Binding = {
  table: "grants",
  rowId: "0193a1b2-0000-7000-8000-000000000001",
  userId: "Zk3vYc0WmQ8sT1rB",
  platform: "threads",
  field: "credentials",
  revision: 7,
};
const places = Array.from({ length: ROWS }, (_, at) => ({
  ...place,
  rowId: `${place.rowId.slice(0, -5)}${10_000 + at}`,
}));

function rawEncrypt(secret: KeyObject | Buffer, text: string): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", secret, nonce);
  return Buffer.concat([nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]).toString(
    "base64url",
  );
}

function rawDecrypt(secret: KeyObject | Buffer, sealed: string): string {
  const body = Buffer.from(sealed, "base64url");
  const decipher = createDecipheriv("aes-256-gcm", secret, body.subarray(0, 12), { authTagLength: 16 });
  decipher.setAuthTag(body.subarray(-16));
  return Buffer.concat([decipher.update(body.subarray(12, -16)), decipher.final()]).toString("utf8");
}

function inTurn<T>(items: T[], work: (item: T) => unknown): () => unknown {
  let at = 0;
  return () => {
    at = (at + 1) % items.length;
    const item = items[at];
    return item === undefined ? undefined : work(item);
  };
}

async function encrypting(bytes: number) {
  const text = randomBytes(bytes).toString("base64url").slice(0, bytes);
  return compare({
    title: `Encrypt ${bytes} bytes`,
    unit: "per CPU second",
    rounds: 31,
    against: [OBJECT, BYTES, PEER],
    contestants: [
      { name: OBJECT, measure: () => perCpuSecond(() => rawEncrypt(keyObject, text)) },
      { name: BYTES, measure: () => perCpuSecond(() => rawEncrypt(key, text)) },
      { name: "vault, same row", measure: () => perCpuSecond(() => encryptToken(ring, place, text)) },
      {
        name: "vault, each row new",
        measure: () => perCpuSecond(inTurn(places, (row) => encryptToken(ring, row, text))),
      },
      { name: PEER, measure: () => perCpuSecond(() => symmetricEncrypt({ key: peerKey, data: text })) },
    ],
  });
}

async function decrypting(bytes: number) {
  const text = randomBytes(bytes).toString("base64url").slice(0, bytes);
  const raw = rawEncrypt(key, text);
  const sealed = encryptToken(ring, place, text);
  const rows = places.map((row) => ({ row, sealed: encryptToken(ring, row, text) }));
  const peer = await symmetricEncrypt({ key: peerKey, data: text });
  return compare({
    title: `Decrypt ${bytes} bytes`,
    unit: "per CPU second",
    rounds: 31,
    against: [OBJECT, BYTES, PEER],
    contestants: [
      { name: OBJECT, measure: () => perCpuSecond(() => rawDecrypt(keyObject, raw)) },
      { name: BYTES, measure: () => perCpuSecond(() => rawDecrypt(key, raw)) },
      { name: "vault, same row", measure: () => perCpuSecond(() => decryptToken(ring, place, sealed)) },
      {
        name: "vault, each row new",
        measure: () => perCpuSecond(inTurn(rows, (one) => decryptToken(ring, one.row, one.sealed))),
      },
      { name: PEER, measure: () => perCpuSecond(() => symmetricDecrypt({ key: peerKey, data: peer })) },
    ],
  });
}

const comparisons = [
  await encrypting(200),
  await decrypting(200),
  await encrypting(2_000),
  await decrypting(2_000),
];
report("npm run bench:vault", comparisons, [
  "Higher is better. 200 bytes is a usual access token; 2,000 bytes a set of credentials with long ones, or a browser session.",
]);
