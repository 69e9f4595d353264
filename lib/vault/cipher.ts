import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  type KeyObject,
  randomFillSync,
} from "node:crypto";
import { parseKey } from "./keys";

/**
 * Seals a secret for one place: AES-256-GCM in the envelope `v1.<key id>.<base64url(nonce | ciphertext | tag)>`.
 *
 * - A sealed text opens only where it was sealed: table, row, owner, platform, field and revision are associated data.
 * - Each row has its own key, HKDF(ring key, key id, table, row id). Random 96-bit nonces are safe for 2^32 encryptions
 *   under one key (NIST SP 800-38D, 8.3), and no process can count what the others do. One row will never be saved
 *   2^32 times, so there is nothing to count.
 * - The key id is derived from the key, so it cannot name another one, and only the key it names is ever tried.
 * - GCM alone lets somebody who knows two keys build one ciphertext that opens under both. Here 32 zero bytes stand
 *   before the plaintext: opened under any other key they are not zero ("How to Abuse and Fix Authenticated Encryption
 *   Without Key Commitment", Albertini et al., 2022, the padding fix).
 */

const VERSION = "v1";
const ALGORITHM = "aes-256-gcm";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_ID_BYTES = 8;
const COMMITMENT = Buffer.alloc(32);
const OVERHEAD_BYTES = NONCE_BYTES + COMMITMENT.length + TAG_BYTES;
const PREFIX = `${VERSION}.`;
const BODY_AT = PREFIX.length + KEY_ID_BYTES * 2 + 1;
// Deriving a row's key costs as much as half a decryption. A busy process keeps this many of each table.
const ROW_KEYS_KEPT = 4096;

/** The place a secret is sealed for. `revision` is the row's version, so that an old text of the same row is refused. */
export type Binding = {
  table: string;
  rowId: string;
  userId: string;
  platform: string;
  field: string;
  revision: number;
};

/**
 * malformed: not an envelope of ours (a plain token from elsewhere, a cut or altered text).
 * unknown_key: sealed under a key that this process does not hold.
 * tampered: the envelope is well formed but was not sealed for this place under this key.
 * bad_key: a configured key cannot be used.
 */
type VaultErrorCode = "malformed" | "unknown_key" | "tampered" | "bad_key";

/** What the vault refuses. It carries no cause: the layers below know keys, nonces and plaintext, and logs print causes. */
export class VaultError extends Error {
  override readonly name = "VaultError";
  readonly code: VaultErrorCode;

  constructor(code: VaultErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

type RingKey = {
  readonly id: string;
  /** HKDF's pseudorandom key. A KeyObject: neither JSON nor the console shows what is in it. */
  readonly root: KeyObject;
  /** By table and row id. */
  readonly rowKeys: Map<string, Map<string, KeyObject>>;
};

/** The key that seals, and all that open. */
export type KeyRing = { readonly current: RingKey; readonly byId: ReadonlyMap<string, RingKey> };

/**
 * `current` is TOKEN_ENCRYPTION_KEY; `old` is TOKEN_ENCRYPTION_KEYS_OLD, separated by commas, which open and never seal.
 * Throws VaultError `bad_key`, which names the setting and not its value.
 */
export function parseKeyRing(current: string, old = ""): KeyRing {
  const sealing = ringKey(current, "TOKEN_ENCRYPTION_KEY");
  const byId = new Map([[sealing.id, sealing]]);
  const retired = old.split(",").filter((text) => text.trim() !== "");
  for (const [at, text] of retired.entries()) {
    const key = ringKey(text, `TOKEN_ENCRYPTION_KEYS_OLD (key ${at + 1} of ${retired.length})`);
    // A key that is both current and old is one key.
    if (!byId.has(key.id)) byId.set(key.id, key);
  }
  return { current: sealing, byId };
}

/** Seals under the current key. Throws TypeError for text that UTF-8 cannot carry and for a revision that is no count. */
export function encryptToken(ring: KeyRing, binding: Binding, plaintext: string): string {
  // A lone surrogate would come back as another character: refuse to lose it.
  if (!plaintext.isWellFormed()) throw new TypeError("The vault seals well-formed text only.");
  if (!Number.isSafeInteger(binding.revision))
    throw new TypeError("The vault binds a secret to a whole revision.");
  const key = ring.current;
  const nonce = freshNonce();
  const cipher = createCipheriv(ALGORITHM, rowKey(key, binding), nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(associatedData(key.id, binding));
  const parts = [
    nonce,
    cipher.update(COMMITMENT),
    cipher.update(plaintext, "utf8"),
    cipher.final(),
    cipher.getAuthTag(),
  ];
  return `${VERSION}.${key.id}.${Buffer.concat(parts).toString("base64url")}`;
}

/**
 * Opens what was sealed for this binding. Throws VaultError: `malformed`, `unknown_key` or `tampered`.
 * No other key is tried, and nothing is ever returned as it was found.
 */
export function decryptToken(ring: KeyRing, binding: Binding, sealed: string): string {
  const envelope = parseEnvelope(sealed);
  if (!envelope) throw new VaultError("malformed", "This is not a sealed secret.");
  const key = ring.byId.get(envelope.keyId);
  if (!key) {
    throw new VaultError(
      "unknown_key",
      `This secret was sealed under key ${envelope.keyId}, which is neither in TOKEN_ENCRYPTION_KEY nor in TOKEN_ENCRYPTION_KEYS_OLD.`,
    );
  }
  const opened = open(key, binding, envelope.body);
  if (!opened)
    throw new VaultError("tampered", "This sealed secret was altered, or belongs to another place.");
  return opened.toString("utf8", COMMITMENT.length);
}

/** True for a well-formed envelope of ours, whichever key and place it was sealed for. */
export function isEncrypted(value: unknown): value is string {
  return typeof value === "string" && parseEnvelope(value) !== null;
}

/** The id of the key that seals this. Throws VaultError `malformed`. */
export function keyIdOf(sealed: string): string {
  const envelope = parseEnvelope(sealed);
  if (!envelope) throw new VaultError("malformed", "This is not a sealed secret.");
  return envelope.keyId;
}

function open(key: RingKey, binding: Binding, body: Buffer): Buffer | null {
  const nonce = body.subarray(0, NONCE_BYTES);
  // The tag is the last 16 bytes, whatever the length. Pinned all the same: left alone, Node takes one of four bytes.
  const decipher = createDecipheriv(ALGORITHM, rowKey(key, binding), nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(associatedData(key.id, binding));
  decipher.setAuthTag(body.subarray(-TAG_BYTES));
  const opened = decipher.update(body.subarray(NONCE_BYTES, -TAG_BYTES));
  try {
    decipher.final();
  } catch {
    // GCM fails in one way only, and its error is of no use to a reader.
    return null;
  }
  return opened.subarray(0, COMMITMENT.length).equals(COMMITMENT) ? opened : null;
}

function parseEnvelope(sealed: string): { keyId: string; body: Buffer } | null {
  if (!sealed.startsWith(PREFIX) || sealed[BODY_AT - 1] !== ".") return null;
  const keyId = sealed.slice(PREFIX.length, BODY_AT - 1);
  if (!/^[0-9a-f]+$/.test(keyId)) return null;
  const text = sealed.slice(BODY_AT);
  const body = Buffer.from(text, "base64url");
  // Node skips what is not base64 and ignores spare bits; one secret has one spelling.
  if (body.length < OVERHEAD_BYTES || body.toString("base64url") !== text) return null;
  return { keyId, body };
}

function ringKey(text: string, setting: string): RingKey {
  const parsed = parseKey(text);
  if ("problem" in parsed) {
    throw new VaultError("bad_key", `${setting} ${parsed.problem}. Make a key with: openssl rand -hex 32`);
  }
  // HKDF-Extract with an empty salt (RFC 5869, 2.2), once.
  const root = createSecretKey(createHmac("sha256", Buffer.alloc(32)).update(parsed.key).digest());
  return { id: expand(root, ["key id"]).toString("hex", 0, KEY_ID_BYTES), root, rowKeys: new Map() };
}

function rowKey(key: RingKey, { table, rowId }: Binding): KeyObject {
  // Two maps: looking up one joined name would cost as much as the associated data does.
  const rows = key.rowKeys.get(table) ?? new Map<string, KeyObject>();
  const kept = rows.get(rowId);
  if (kept) return kept;
  const derived = createSecretKey(expand(key.root, ["row", key.id, table, rowId]));
  if (rows.size >= ROW_KEYS_KEPT) {
    const [eldest] = rows.keys();
    if (eldest !== undefined) rows.delete(eldest);
  }
  rows.set(rowId, derived);
  key.rowKeys.set(table, rows);
  return derived;
}

/** HKDF-Expand to one block of 32 bytes (RFC 5869, 2.3). A JSON array has one reading, whatever its texts contain. */
function expand(root: KeyObject, info: string[]): Buffer {
  return createHmac("sha256", root)
    .update(`${JSON.stringify(["carillon vault", VERSION, ...info])}\u0001`)
    .digest();
}

function associatedData(keyId: string, binding: Binding): Buffer {
  const { table, rowId, userId, platform, field, revision } = binding;
  return Buffer.from(JSON.stringify([VERSION, keyId, table, rowId, userId, platform, field, revision]));
}

// Drawing 12 random bytes costs a third of an encryption; drawing them by the hundred costs next to nothing.
// Each is handed out once. They are public, so it does no harm that they lie in memory.
const nonces = Buffer.alloc(NONCE_BYTES * 256);
let noncesUsed = nonces.length;

function freshNonce(): Buffer {
  if (noncesUsed === nonces.length) {
    randomFillSync(nonces);
    noncesUsed = 0;
  }
  noncesUsed += NONCE_BYTES;
  return nonces.subarray(noncesUsed - NONCE_BYTES, noncesUsed);
}
