import { createHash, randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseEnv } from "@/lib/env";
import { decryptToken, encryptToken, parseKeyRing, VaultError } from "@/lib/vault/cipher";

/** A key that was not drawn at random never starts the app, and the message says what to do without saying the key. */
const good = randomBytes(32);
const hashOf = (word: string) => createHash("sha256").update(word).digest("hex");
const counting = (first: number, step: number) =>
  Buffer.from(Array.from({ length: 32 }, (_, at) => (first + at * step) % 256)).toString("hex");

const refused: [string, string][] = [
  ["nothing", ""],
  ["31 bytes of hex", good.toString("hex").slice(2)],
  ["33 bytes of hex", `${good.toString("hex")}ab`],
  ["63 characters of hex", good.toString("hex").slice(1)],
  ["31 bytes of base64", good.subarray(1).toString("base64")],
  ["33 bytes of base64", Buffer.concat([good, Buffer.from([1])]).toString("base64")],
  ["hex with a letter too far", `${good.toString("hex").slice(0, -1)}g`],
  ["a pass phrase", "correct horse battery staple again"],
  ["32 plain characters", "f3C!kd9_ak20fkAls)d0#fk2lsd9fk2a"],
  ["two lines", `${good.toString("hex")}\n${good.toString("hex")}`],
  ["all zeros in hex", "0".repeat(64)],
  ["all zeros in base64", Buffer.alloc(32).toString("base64")],
  ["all ones", "f".repeat(64)],
  ["one repeated byte", "5a".repeat(32)],
  ["a repeated word", "deadbeef".repeat(8)],
  ["hex digits in order", "0123456789abcdef".repeat(4)],
  ["half a key, twice", good.toString("hex").slice(0, 32).repeat(2)],
  ["counting up", counting(0, 1)],
  ["counting down", counting(31, 255)],
  ["counting in sevens", counting(3, 7)],
  ["readable text as hex", Buffer.from("Quick brown foxes jump over 1289").toString("hex")],
  ["readable text as base64", Buffer.from("Quick brown foxes jump over 1289").toString("base64")],
  ["a NIST test key", "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"],
  ["a NIST test key in base64url", "YD3rEBXKcb4rc67whX13gR81LAc7YQjXLZgQowkU3_Q"],
  ["the first Hardhat account", "AC0974BEC39A17E36BA4A6B4D238FF944BACB478CBED5EFCAE784D7BF4F2FF80"],
  ["the hash of nothing", hashOf("")],
  ["the hash of a common word", hashOf("changeme")],
];

function refusalOf(attempt: () => unknown): VaultError {
  try {
    attempt();
  } catch (error) {
    if (error instanceof VaultError) return error;
    throw error;
  }
  throw new Error("This key should have been refused.");
}

/** No eight characters of the value may stand in a message. */
function expectSilence(message: string, value: string): void {
  const pieces = Array.from({ length: Math.max(0, value.length - 7) }, (_, at) => value.slice(at, at + 8));
  expect(pieces.filter((piece) => message.includes(piece))).toEqual([]);
}

describe("a key is refused", () => {
  test.each(refused)("%s", (_, value) => {
    const error = refusalOf(() => parseKeyRing(value));
    expect(error.code).toBe("bad_key");
    expect(error.message).toMatch(/^TOKEN_ENCRYPTION_KEY .*openssl rand -hex 32$/);
    expectSilence(error.message, value);
  });

  test.each(refused.filter(([, value]) => value !== ""))("%s, also among the old keys", (_, value) => {
    const error = refusalOf(() =>
      parseKeyRing(good.toString("hex"), `${randomBytes(32).toString("hex")},${value}`),
    );
    expect(error.message).toMatch(/^TOKEN_ENCRYPTION_KEYS_OLD \(key 2 of 2\) /);
    expectSilence(error.message, value);
  });

  test("by the app's start, which names the variable and not its value", () => {
    const weak = "deadbeef".repeat(8);
    const start = (keys: Record<string, string>) => () =>
      parseEnv({
        NODE_ENV: "production",
        DATABASE_URL: "postgres://127.0.0.1/carillon",
        BETTER_AUTH_URL: "https://carillon.example",
        BETTER_AUTH_SECRET: randomBytes(32).toString("base64"),
        CRON_SECRET: randomBytes(32).toString("base64"),
        ...keys,
      });
    expect(start({ TOKEN_ENCRYPTION_KEY: good.toString("hex") })).not.toThrow();
    expect(start({})).toThrow("TOKEN_ENCRYPTION_KEY is missing");
    expect(start({ TOKEN_ENCRYPTION_KEY: weak })).toThrow(/^(?!.*deadbeef).*TOKEN_ENCRYPTION_KEY repeats/s);
    expect(start({ TOKEN_ENCRYPTION_KEY: good.toString("hex"), TOKEN_ENCRYPTION_KEYS_OLD: weak })).toThrow(
      /^(?!.*deadbeef).*TOKEN_ENCRYPTION_KEYS_OLD/s,
    );
  });
});

describe("a key is taken", () => {
  const spellings = [
    good.toString("hex"),
    good.toString("hex").toUpperCase(),
    good.toString("base64"),
    good.toString("base64").replace("=", ""),
    good.toString("base64url"),
    `  ${good.toString("hex")}\n`,
  ];

  test("as the same key in each of its spellings", () => {
    expect(new Set(spellings.map((spelling) => parseKeyRing(spelling).current.id)).size).toBe(1);
    expect(parseKeyRing(randomBytes(32).toString("hex")).current.id).not.toBe(
      parseKeyRing(good.toString("hex")).current.id,
    );
  });

  test("with old ones, whatever blanks and commas are between them", () => {
    const [one, two] = [randomBytes(32).toString("hex"), randomBytes(32).toString("base64url")];
    for (const old of [
      `${one},${two}`,
      ` ${one} , ${two} ,`,
      `,${one},,${two}`,
      `${one},${two},${good.toString("hex")}`,
    ]) {
      const ring = parseKeyRing(good.toString("hex"), old);
      expect(ring.byId.size).toBe(3);
      expect(ring.current.id).toBe(parseKeyRing(good.toString("hex")).current.id);
    }
    for (const none of [undefined, "", " ", ","])
      expect(parseKeyRing(good.toString("hex"), none).byId.size).toBe(1);
  });

  test("whenever it was drawn at random", () => {
    const place = {
      table: "grants",
      rowId: "1",
      userId: "ada",
      platform: "x",
      field: "credentials",
      revision: 1,
    };
    fc.assert(
      fc.property(fc.noShrink(fc.constant(null)), () => {
        const key = randomBytes(32);
        const sealed = encryptToken(parseKeyRing(key.toString("hex")), place, "secret");
        expect(decryptToken(parseKeyRing(key.toString("base64")), place, sealed)).toBe("secret");
      }),
      { numRuns: 1_000 },
    );
  });
});
