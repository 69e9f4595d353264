/**
 * The signing rules of the simulated web build, the feed that publishes them, and whether a request is signed by them.
 * A build's rules follow from its revision, so a new revision makes every rule known before worthless.
 */
import { createHash } from "node:crypto";
import { type Answer, type Call, empty, json, jsonText, knob } from "@/lib/sandbox/kit";
import { sameSecret } from "@/lib/sandbox/oauth";

type Rules = {
  revision: string;
  staticParam: string;
  prefix: string;
  suffix: string;
  indexes: number[];
  constants: number[];
};

const appToken = "33d57ade8c02dbc5a333db99ff9ae26a";

/** What a tester may set about rules. */
export const signingKnobs = {
  /** the web build that is running */
  revision: 1,
  /** what the feed has: "fresh", "stale" (those of the build before), "malformed" or "missing" */
  rules: "fresh",
  /** how the feed spells prefix and suffix: "format", "prefix" or "start" */
  rulesSpelling: "format",
  /** the feed's remove_headers, separated by commas, e.g. "user-id" */
  removeHeaders: "",
  // No source tells how far `time` may be off, and tests move the sandbox's clock but not the app's.
  timeDriftMs: 30 * 86_400_000,
};

/** GET /rules.json */
export function serveRules(call: Call): Answer {
  const feed = knob(call, "rules", signingKnobs.rules);
  if (feed === "missing") return empty(404);
  const rules = rulesOf(revisionNow(call) - (feed === "stale" ? 1 : 0));
  const spelling = knob(call, "rulesSpelling", signingKnobs.rulesSpelling);
  const body = {
    static_param: rules.staticParam,
    ...spelledAs(spelling, rules),
    checksum_indexes: rules.indexes,
    checksum_constant: sum(rules.constants),
    // The same constant once more, in pieces: whoever adds both signs wrongly.
    ...(spelling === "start" ? {} : { checksum_constants: rules.constants }),
    [spelling === "format" ? "app-token" : "app_token"]: appToken,
    remove_headers: knob(call, "removeHeaders", signingKnobs.removeHeaders)
      .split(",")
      .filter((name) => name !== ""),
    revision: rules.revision,
  };
  return feed === "malformed" ? jsonText(200, JSON.stringify(body).slice(0, -40)) : json(200, body);
}

/** Whether app-token, time and sign are those of the running build. `userId` is what has to be signed. */
export function isSigned(call: Call, userId: string): boolean {
  const time = call.headers.get("time") ?? "";
  const driftMs = knob(call, "timeDriftMs", signingKnobs.timeDriftMs);
  if (!/^\d+$/.test(time) || Math.abs(call.now - Number(time)) > driftMs) return false;
  // The app token comes with the rules, so a wrong one is taken for stale rules (unverified).
  if (call.headers.get("app-token") !== appToken) return false;
  const path = call.url.pathname + call.url.search;
  const expected = signature(rulesOf(revisionNow(call)), [time, path, userId]);
  return sameSecret(call.headers.get("sign") ?? "", expected);
}

function signature({ staticParam, prefix, suffix, indexes, constants }: Rules, parts: string[]): string {
  const digest = sha1([staticParam, ...parts].join("\n"));
  const checksum = sum(indexes.map((index) => digest.charCodeAt(index))) + sum(constants);
  return [prefix, digest, Math.abs(checksum).toString(16), suffix].join(":");
}

function spelledAs(spelling: string, { prefix, suffix }: Rules): Record<string, string> {
  if (spelling === "prefix") return { prefix, suffix };
  if (spelling === "start") return { start: prefix, end: suffix };
  return { format: `${prefix}:{}:{:x}:${suffix}` };
}

function revisionNow(call: Call): number {
  return knob(call, "revision", signingKnobs.revision);
}

function rulesOf(revision: number): Rules {
  const seed = (what: string) => createHash("sha256").update(`${what} of build ${revision}`).digest();
  // Every second build has a constant so low that only the absolute value makes a checksum.
  const lowered = revision % 2 === 0 ? 200 : 0;
  return {
    revision: `${202_611_210_000 + revision}-${seed("revision").toString("hex", 0, 5)}`,
    staticParam: seed("static_param").toString("base64url").replaceAll(/[-_]/g, "x").slice(0, 32),
    prefix: String(10_000 + (seed("prefix").readUInt16BE() % 50_000)),
    suffix: seed("suffix").toString("hex", 0, 4),
    indexes: [...seed("indexes")].map((byte) => byte % 40),
    constants: [...seed("constants")].map((byte) => byte - 128 - lowered),
  };
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

function sha1(text: string): string {
  return createHash("sha1").update(text, "utf8").digest("hex");
}
