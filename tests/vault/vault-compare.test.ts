import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { secretsEqual } from "@/lib/vault/compare";

describe("two secrets are equal", () => {
  test("when they are the same text, and only then", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        expect(secretsEqual(a, a)).toBe(true);
        expect(secretsEqual(a, b)).toBe(a === b);
      }),
    );
  });

  test.each([
    ["secret", "Secret"],
    ["secret", "secret "],
    ["secret", ""],
    ["secret", "secretsecret"],
    ["é", "e\u0301"],
  ])("not %j and %j", (a, b) => {
    expect(secretsEqual(a, b)).toBe(false);
  });
});

// What a line of ours would call something that an attacker may not guess byte by byte.
const SECRET_NAME =
  /(secret|token|signature|hmac|password|verifier|csrf|cookie|bearer|api_?key|digest|(browser|state|session|code|secret|token)_?hash)s?$/i;
// Two operands around an equality; an operand may have calls, indexes and optional links in it.
const COMPARISON =
  /((?:[\w$]|\?\.|\.|\([^()]*\)|\[[^[\]]*\])+)\s*(?:===|!==|==|!=)\s*((?:[\w$"'`-]|\?\.|\.|\([^()]*\)|\[[^[\]]*\])+)/g;
const LITERAL = /^(null|undefined|true|false|-?\d|["'`])/;

/** The comparisons in this source that would tell, by their time, how much of a secret was right. */
function leakyComparisons(source: string): string[] {
  const code = source.replaceAll(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*$/gm, "");
  return [...code.matchAll(COMPARISON)]
    .filter(
      ([, left = "", right = ""]) =>
        !LITERAL.test(left) && !LITERAL.test(right) && [left, right].some(isSecret),
    )
    .map(([whole]) => whole);
}

function isSecret(operand: string): boolean {
  const lastName =
    operand
      .replaceAll(/\([^()]*\)|\[[^[\]]*\]/g, "")
      .split(/\?\.|\./)
      .at(-1) ?? "";
  return SECRET_NAME.test(lastName);
}

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => join(folder, name));
}

describe("secrets are compared in one place only", () => {
  // The simulators hold no secret of anybody, and no request from outside reaches them.
  const product = [...sources("lib"), ...sources("app")].filter(
    (file) => !file.startsWith(join("lib", "sandbox")) && !/\/sandbox(\.ts$|\/)/.test(file),
  );

  test("nothing in the product compares a secret with an equality sign", () => {
    expect(product.length).toBeGreaterThan(10);
    const found = product.flatMap((file) =>
      leakyComparisons(readFileSync(file, "utf8")).map((line) => `${file}: ${line}`),
    );
    expect(found).toEqual([]);
  });

  test("nothing else in the product reaches for the primitive, which throws where lengths differ", () => {
    const users = product.filter((file) => readFileSync(file, "utf8").includes("timingSafeEqual"));
    const place = join("lib", "vault", "compare.ts");
    // Two that compare signatures as bytes look at the lengths first; neither may import the vault.
    const signatures = [
      join("lib", "leaving", "signed-request.ts"),
      join("lib", "platforms", "instagram", "webhook.ts"),
    ];
    expect(users.toSorted()).toEqual([...signatures, place].toSorted());
    // Nor does that place take a short cut before it.
    expect(readFileSync(place, "utf8")).not.toMatch(/[=!]==?[^=>]|startsWith|\.equals\(|localeCompare/);
  });

  test.each([
    "if (token !== expected) return",
    "given === env().cronSecret",
    'headers.get("x") == config.webhook.appSecret',
    "row?.browserHash !== hashOf(cookie)",
    "signature===computed",
    "session.csrf_token != body.csrf_token",
    "if (secrets[0] === given)",
    "a.verifier !== b[0]",
  ])("this would be found: %s", (line) => {
    expect(leakyComparisons(line)).toHaveLength(1);
  });

  test.each([
    "if (token === null) return",
    'typeof secret === "string"',
    "tokenType !== kind",
    "password.length === other.length",
    "grant.tokenVersion === version",
    "// token === expected",
    'state === "published"',
  ])("this would not: %s", (line) => {
    expect(leakyComparisons(line)).toEqual([]);
  });
});
