import { createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Binding,
  decryptToken,
  encryptToken,
  isEncrypted,
  type KeyRing,
  keyIdOf,
  parseKeyRing,
  VaultError,
} from "@/lib/vault/cipher";

/** A secret opens where it was sealed, under the key it names, and nowhere else. */
const rawKey = randomBytes(32);
const ring = parseKeyRing(rawKey.toString("hex"));
const place: Binding = {
  table: "grants",
  rowId: "0193a1b2-0000-7000-8000-000000000001",
  userId: "ada",
  platform: "threads",
  field: "credentials",
  revision: 7,
};

function refusalOf(sealed: string, binding: Binding = place, keys: KeyRing = ring): string {
  try {
    decryptToken(keys, binding, sealed);
    return "opened";
  } catch (error) {
    return error instanceof VaultError ? error.code : `crashed: ${String(error)}`;
  }
}

function bodyOf(sealed: string): Buffer {
  return Buffer.from(sealed.split(".")[2] ?? "", "base64url");
}

function withBody(sealed: string, body: Buffer): string {
  return [...sealed.split(".").slice(0, 2), body.toString("base64url")].join(".");
}

describe("a sealed secret", () => {
  test("comes back whole, whatever its text", () => {
    const text = fc.string({ unit: "binary", maxLength: 2_000 });
    fc.assert(
      fc.property(text, (plaintext) => {
        expect(decryptToken(ring, place, encryptToken(ring, place, plaintext))).toBe(plaintext);
      }),
    );
  });

  test("is never the same twice, and shows nothing of the secret but its length", () => {
    const sealed = Array.from({ length: 100 }, () => encryptToken(ring, place, "same"));
    expect(new Set(sealed).size).toBe(100);
    expect(new Set(sealed.map((text) => text.length)).size).toBe(1);
  });

  test.each(["first", "second"])("follows the envelope as written down: row %s", (rowId) => {
    // Read here with HKDF and GCM alone. Two rows, so that each is seen to have its own key.
    const sealed = encryptToken(ring, { ...place, rowId }, "an access token");
    const [version, keyId = ""] = sealed.split(".");
    const derive = (info: string[], length: number) =>
      Buffer.from(hkdfSync("sha256", rawKey, "", JSON.stringify(["carillon vault", "v1", ...info]), length));
    expect(version).toBe("v1");
    expect(keyId).toBe(derive(["key id"], 8).toString("hex"));
    const { table, userId, platform, field, revision } = place;
    const body = bodyOf(sealed);
    const rowKey = derive(["row", keyId, table, rowId], 32);
    const decipher = createDecipheriv("aes-256-gcm", rowKey, body.subarray(0, 12), { authTagLength: 16 });
    decipher.setAAD(
      Buffer.from(JSON.stringify(["v1", keyId, table, rowId, userId, platform, field, revision])),
    );
    decipher.setAuthTag(body.subarray(-16));
    const opened = Buffer.concat([decipher.update(body.subarray(12, -16)), decipher.final()]);
    expect(opened.toString()).toBe(`${"\0".repeat(32)}an access token`);
  });

  test("is not made of text that would come back different", () => {
    expect(() => encryptToken(ring, place, "cut in half: \ud83d")).toThrow(TypeError);
  });

  test.each([Number.NaN, 1.5, Number.POSITIVE_INFINITY])("is not bound to %s as a revision", (revision) => {
    expect(() => encryptToken(ring, { ...place, revision }, "secret")).toThrow(TypeError);
  });
});

describe("a sealed secret that was changed does not open", () => {
  test("whichever bit of its text was flipped", { timeout: 60_000 }, () => {
    const answers = new Set<string>();
    for (let token = 0; token < 50; token += 1) {
      const sealed = encryptToken(ring, place, randomBytes(token).toString("base64url"));
      for (let at = 0; at < sealed.length; at += 1) {
        for (let bit = 0; bit < 8; bit += 1) {
          const flipped = String.fromCharCode(sealed.charCodeAt(at) ^ (1 << bit));
          answers.add(refusalOf(sealed.slice(0, at) + flipped + sealed.slice(at + 1)));
        }
      }
    }
    expect([...answers].sort()).toEqual(["malformed", "tampered", "unknown_key"]);
  });

  test("whichever bit of nonce, ciphertext or tag was flipped", { timeout: 60_000 }, () => {
    const answers = new Set<string>();
    for (let token = 0; token < 50; token += 1) {
      const sealed = encryptToken(ring, place, randomBytes(token).toString("base64url"));
      const body = bodyOf(sealed);
      for (let bit = 0; bit < body.length * 8; bit += 1) {
        const flipped = Buffer.from(body);
        flipped.writeUInt8(body.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
        answers.add(refusalOf(withBody(sealed, flipped)));
      }
    }
    expect([...answers]).toEqual(["tampered"]);
  });

  test("at any other length, shortened tags included", () => {
    const sealed = encryptToken(ring, place, "a token of some length");
    const body = bodyOf(sealed);
    const long = Buffer.concat([body, randomBytes(32)]);
    const lengths = Array.from({ length: long.length + 1 }, (_, length) => length);
    const answers = lengths.map((length) => refusalOf(withBody(sealed, long.subarray(0, length))));
    expect(answers.flatMap((answer, length) => (answer === "opened" ? [length] : []))).toEqual([body.length]);
    expect(new Set(answers)).toEqual(new Set(["malformed", "tampered", "opened"]));
    for (const tagBytes of [4, 8, 12]) {
      const shortTag = body.subarray(0, body.length - 16 + tagBytes);
      expect(refusalOf(withBody(sealed, shortTag))).toBe("tampered");
    }
    expect(refusalOf(withBody(encryptToken(ring, place, ""), body.subarray(0, 59)))).toBe("malformed");
  });

  test("in any other spelling of the same bytes", () => {
    // 61 bytes leave two spare bits in the last character, which a lenient reader ignores.
    const sealed = encryptToken(ring, place, "x");
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const last = alphabet.indexOf(sealed.slice(-1));
    const respelled = sealed.slice(0, -1) + alphabet.charAt(last + 1);
    expect(bodyOf(respelled)).toEqual(bodyOf(sealed));
    for (const other of [respelled, `${sealed}=`, `${sealed}\n`, ` ${sealed}`, sealed.toUpperCase()]) {
      expect(refusalOf(other)).toBe("malformed");
    }
  });
});

describe("a sealed secret that was moved does not open", () => {
  test("in any other row, user, platform, field or revision", () => {
    const choices = ["users", "platforms", "rows", "fields", "revisions"].length;
    const places = Array.from({ length: 2 ** choices }, (_, at): Binding => {
      const pick = (bit: number, one: string, other: string) => ((at >> bit) & 1 ? one : other);
      return {
        table: "grants",
        rowId: pick(0, "row-1", "row-2"),
        userId: pick(1, "ada", "bob"),
        platform: pick(2, "threads", "twitter"),
        field: pick(3, "access", "refresh"),
        revision: Number(pick(4, "1", "2")),
      };
    });
    const sealed = places.map((binding) => encryptToken(ring, binding, JSON.stringify(binding)));
    const answers = sealed.map((text) => places.map((binding) => refusalOf(text, binding)));
    const expected = places.map((_, row) =>
      places.map((_, column) => (row === column ? "opened" : "tampered")),
    );
    expect(answers).toEqual(expected);
  });

  test("wherever two places differ, however their names run together", () => {
    const name = fc.string({
      unit: fc.constantFrom("a", '"', ",", ".", "\\", "\ud800", "\ufffd", "1"),
      maxLength: 3,
    });
    const anyPlace = fc.record({
      table: name,
      rowId: name,
      userId: name,
      platform: name,
      field: name,
      revision: fc.nat({ max: 11 }),
    });
    fc.assert(
      fc.property(anyPlace, anyPlace, (here, there) => {
        const same = Object.entries(here).every(([key, value]) => there[key as keyof Binding] === value);
        expect(refusalOf(encryptToken(ring, here, "secret"), there)).toBe(same ? "opened" : "tampered");
      }),
      { numRuns: 2_000 },
    );
    // What a plain concatenation would confuse.
    const sealed = encryptToken(ring, { ...place, table: "ab", rowId: "c", userId: "d" }, "secret");
    expect(refusalOf(sealed, { ...place, table: "a", rowId: "bc", userId: "d" })).toBe("tampered");
    expect(refusalOf(sealed, { ...place, table: "ab", rowId: "cd", userId: "" })).toBe("tampered");
  });
});

describe("keys", () => {
  const [first, second, third] = [randomBytes(32), randomBytes(32), randomBytes(32)].map((key) =>
    key.toString("base64"),
  );
  const before = parseKeyRing(first ?? "");
  const rotated = parseKeyRing(second ?? "", `${third},${first}`);
  const after = parseKeyRing(second ?? "");

  test("an old key opens what it sealed, and the current one seals", () => {
    const old = encryptToken(before, place, "from before");
    expect(decryptToken(rotated, place, old)).toBe("from before");
    const fresh = encryptToken(rotated, place, "from after");
    expect(keyIdOf(old)).toBe(before.current.id);
    expect(keyIdOf(fresh)).toBe(rotated.current.id);
    expect(keyIdOf(fresh)).toBe(after.current.id);
    expect(decryptToken(after, place, fresh)).toBe("from after");
  });

  test("a key that is gone opens nothing, and the message says which setting to mend", () => {
    const old = encryptToken(before, place, "from before");
    expect(refusalOf(old, place, after)).toBe("unknown_key");
    expect(() => decryptToken(after, place, old)).toThrow(/TOKEN_ENCRYPTION_KEYS_OLD/);
  });

  test("only the key that is named is tried", () => {
    const sealed = encryptToken(rotated, place, "secret");
    const relabelled = sealed.replace(rotated.current.id, before.current.id);
    expect(refusalOf(relabelled, place, rotated)).toBe("tampered");
  });

  test.each([
    "__proto__",
    "constructor",
    "toString",
    "../../etc/keys",
    "",
    "0".repeat(16),
    "0".repeat(15),
    "v1",
  ])("a key named %j is no key", (name) => {
    const [, , body] = encryptToken(ring, place, "secret").split(".");
    expect(["malformed", "unknown_key"]).toContain(refusalOf(`v1.${name}.${body}`));
  });

  test.each(["v0", "v2", "V1", "", "v1.v1"])("version %j is not read", (version) => {
    const [, keyId, body] = encryptToken(ring, place, "secret").split(".");
    expect(refusalOf(`${version}.${keyId}.${body}`)).toBe("malformed");
  });
});

describe("plain tokens are never taken for sealed ones", () => {
  const plain = [
    "",
    "EAAGm0PX4ZCpsBAKZC",
    "ya29.a0AfH6SMBx-_x",
    "deadbeef".repeat(32),
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJlLW9mLXNvbWUtbGVuZ3RoLXRvLXRlc3Q",
    `v1.${"0".repeat(16)}.c2hvcnQ`,
    `v1.not-a-key-of-us!.${"A".repeat(80)}`,
    "$ba$1$00112233445566778899aabbccddeeff",
  ];

  test.each(plain)("%j", (text) => {
    expect(isEncrypted(text)).toBe(false);
    expect(refusalOf(text)).toBe("malformed");
    expect(() => keyIdOf(text)).toThrow(VaultError);
  });

  test("and what is no text at all is not sealed", () => {
    expect([null, undefined, 7, {}, Buffer.from("v1")].some(isEncrypted)).toBe(false);
  });

  test("a sealed one is known without its key", () => {
    expect(isEncrypted(encryptToken(ring, place, ""))).toBe(true);
    expect(isEncrypted(encryptToken(ring, place, "secret"))).toBe(true);
  });
});

describe("nothing secret is said", () => {
  const canary = "CNRY_plaintext_of_a_token";
  const spelled = (bytes: Buffer) => [
    bytes.toString("hex"),
    bytes.toString("base64").slice(0, 40),
    bytes.toString("hex").replaceAll(/..(?!$)/g, "$& "),
    bytes.join(","),
    bytes.join(", "),
  ];
  const everythingIn = (value: unknown) =>
    inspect(value, { depth: null, showHidden: true, maxArrayLength: null });

  test("by any refusal", () => {
    const sealed = encryptToken(ring, place, canary);
    const body = bodyOf(sealed);
    const secrets = [canary, ...spelled(rawKey), ...spelled(body.subarray(0, 12)), ...spelled(body)];
    const attempts: [string, Binding, KeyRing][] = [
      [sealed, { ...place, revision: 8 }, ring],
      [sealed, place, parseKeyRing(randomBytes(32).toString("hex"))],
      [`${sealed}!`, place, ring],
      [canary, place, ring],
    ];
    for (const [text, binding, keys] of attempts) {
      const error = (() => {
        try {
          return decryptToken(keys, binding, text);
        } catch (refused) {
          return refused;
        }
      })();
      if (!(error instanceof VaultError)) throw new Error("This should have been refused.");
      expect(error.cause).toBeUndefined();
      const said = everythingIn(error) + String(error.stack) + JSON.stringify(error);
      expect(secrets.filter((secret) => said.includes(secret))).toEqual([]);
    }
  });

  test("by a key ring that is printed by mistake", () => {
    encryptToken(ring, place, canary);
    const said = everythingIn(ring) + JSON.stringify(ring);
    expect(spelled(rawKey).filter((secret) => said.includes(secret))).toEqual([]);
  });
});
