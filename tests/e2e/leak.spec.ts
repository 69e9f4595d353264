import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { DEMO_PASSWORD } from "@/lib/demo";
import { root } from "@/scripts/paths";
import { type Harvest, readHarvests, type Text } from "../support/harvest";
import { testSecrets } from "../support/secrets";

/**
 * The sweep at the end: no secret of the whole run in anything the browser was told, the app printed, the database keeps
 * or the build ships. A canary's name alone is a find, so half a token counts too.
 */
const CANARY = "CNRY_";

type Secret = Harvest["secrets"][number];

/** Where a secret lies open, as it is or as it might have been wrapped on its way. */
function findLeaks(secrets: Secret[], texts: Text[]): string[] {
  const needles = [
    { kind: "a canary", value: CANARY },
    ...secrets.flatMap(({ kind, value }) => [
      { kind, value },
      { kind: `${kind} in hex`, value: Buffer.from(value).toString("hex") },
      ...[0, 1, 2].map((shift) => ({ kind: `${kind} in base64`, value: base64Core(value, shift) })),
    ]),
  ];
  return texts.flatMap(({ where, text }) =>
    needles.filter(({ value }) => text.includes(value)).map(({ kind }) => `${kind} in ${where}`),
  );
}

/** What base64 makes of a value's inner bytes when it stands `shift` bytes into a longer text. */
function base64Core(value: string, shift: number): string {
  const encoded = Buffer.concat([Buffer.alloc(shift), Buffer.from(value)]).toString("base64url");
  return encoded.slice(shift === 0 ? 0 : shift + 1, -3);
}

function shipped(): Text[] {
  const folder = join(root, ".next/static");
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => /\.(js|css|json|map|html|txt)$/.test(file))
    .map((file) => ({ where: `the build's ${file}`, text: readFileSync(join(folder, file), "utf8") }));
}

/** The same text in a hundred answers is looked through once. */
const distinct = (texts: Text[]): Text[] => [...new Map(texts.map((text) => [text.text, text])).values()];

test("the sweep finds what it looks for", () => {
  const secret = { kind: "access", value: "CNRY_access_threads_0123456789abcdef0123456789" };
  const verifier = { kind: "verifier", value: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" };
  const wrap = (value: string, encoding: BufferEncoding) => Buffer.from(value).toString(encoding);
  const planted = [
    `{"token":"${secret.value}"}`,
    `half of it: ${secret.value.slice(0, 20)}`,
    wrap(`user:${secret.value}`, "base64"),
    wrap(`us:${secret.value}`, "base64url"),
    wrap(secret.value, "hex"),
    `code_verifier=${verifier.value}`,
  ];
  for (const text of planted)
    expect(findLeaks([secret, verifier], [{ where: "here", text }]), text).not.toEqual([]);
  expect(findLeaks([secret, verifier], [{ where: "here", text: "nothing of the kind" }])).toEqual([]);
});

test("no secret of the whole run lies open anywhere", () => {
  const harvests = readHarvests();
  const secrets: Secret[] = [
    ...harvests.flatMap((harvest) => harvest.secrets),
    ...Object.entries(testSecrets).map(([kind, value]) => ({ kind, value })),
  ];
  const texts = distinct([...harvests.flatMap((harvest) => harvest.texts), ...shipped()]);

  // What was looked through is what was meant to be.
  const all = (part: RegExp) => texts.filter(({ where }) => part.test(where)).map(({ text }) => text);
  expect(new Set(secrets.map(({ value }) => value)).size).toBeGreaterThan(20);
  expect(secrets.map(({ kind }) => kind)).toEqual(expect.arrayContaining(["access", "refresh", "code"]));
  expect(all(/^the answer to GET \/api\/connections/).join()).toContain("adabell");
  expect(all(/^the answer to GET \/dashboard/).join()).toContain("<!DOCTYPE html>");
  expect(all(/^the table public\.grants/).join()).toContain("v1.");
  expect(all(/^the table pgboss\./).join()).not.toBe("");
  expect(all(/^what the app printed/).join()).toContain("delivery.");
  expect(all(/^the build's/).length).toBeGreaterThan(5);

  // A pasted session is said once, by its owner, in the request that brings it; nothing says it back.
  const pasted = "the question POST /api/connections";
  expect(
    findLeaks(
      secrets,
      texts.filter(({ where }) => where !== pasted),
    ),
  ).toEqual([]);
  // The browser may say a password, and the sandbox's own ships with its button. Nothing says one back.
  const said = texts.filter(({ where }) => !/^the (question|build)/.test(where));
  expect(findLeaks([{ kind: "a password", value: DEMO_PASSWORD }], said)).toEqual([]);
});
