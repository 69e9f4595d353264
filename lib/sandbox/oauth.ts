/**
 * What an authorization server remembers: codes, grants, tokens. Building blocks for simulators; each platform
 * chooses its own lifetimes, its own words for a refusal, and its own order of checks.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import {
  type Call,
  type Choice,
  type Code,
  type ConsentRequest,
  type Grant,
  newSecret,
  type Rotation,
  sawSecret,
  type Token,
} from "./kit";

export const SECOND = 1_000;
export const HOUR = 3_600_000;
export const DAY = 86_400_000;

type CodeRefusal = "unknown" | "used" | "expired" | "client" | "redirect_uri" | "verifier";
type TokenState = "live" | "expired" | "revoked" | "spent";

/** The registered redirect URI with these parameters, the state, and `iss` when that is switched on. */
export function callbackUrl(
  call: Call,
  request: ConsentRequest,
  params: Record<string, string>,
  issuer: string,
): string {
  const url = new URL(request.redirectUri);
  for (const [name, value] of Object.entries(params)) url.searchParams.set(name, value);
  if (request.state !== null) url.searchParams.set("state", request.state);
  const iss = call.world.settings.iss;
  if (iss !== "off") url.searchParams.set("iss", iss === "on" ? issuer : iss);
  return url.href;
}

/** A single-use code, bound to client, redirect URI, person, scopes and challenge. */
export function issueCode(call: Call, request: ConsentRequest, choice: Choice, lifeMs: number): Code {
  const dropped = call.world.settings.dropScopes;
  const code: Code = {
    value: newSecret(call, "code"),
    clientId: request.clientId,
    redirectUri: request.redirectUri,
    personId: choice.person.id,
    scopes: choice.scopes.filter((scope) => !dropped.includes(scope)),
    challenge: request.challenge,
    issuedAt: call.now,
    expiresAt: call.now + lifeMs,
    usedAt: null,
    grantId: null,
  };
  call.world.codes[code.value] = code;
  return code;
}

/**
 * Uses the code up and turns it into a grant, or says why not. A code is used up by its first right use only.
 * Authenticate the client first. A verifier is checked when the code carries a challenge (unless ignorePkce).
 */
export function redeemCode(
  call: Call,
  given: { code: string; clientId: string; redirectUri: string; verifier: string | null },
  grantLifeMs: number | null = null,
): { grant: Grant } | { refused: CodeRefusal } {
  if (given.verifier !== null) sawSecret(call, "verifier", given.verifier);
  const code = own(call.world.codes, given.code);
  if (code === null) return { refused: "unknown" };
  if (code.usedAt !== null) return { refused: "used" };
  if (call.now >= code.expiresAt) return { refused: "expired" };
  if (code.clientId !== given.clientId) return { refused: "client" };
  if (code.redirectUri !== given.redirectUri) return { refused: "redirect_uri" };
  if (!call.world.settings.ignorePkce && !provesChallenge(code.challenge, given.verifier)) {
    return { refused: "verifier" };
  }
  code.usedAt = call.now;
  call.world.counter += 1;
  const grant: Grant = {
    id: `grant-${call.world.counter}`,
    personId: code.personId,
    clientId: code.clientId,
    scopes: code.scopes,
    createdAt: call.now,
    expiresAt: grantLifeMs === null ? null : call.now + grantLifeMs,
    revokedAt: null,
  };
  code.grantId = grant.id;
  call.world.grants[grant.id] = grant;
  return { grant };
}

/** `kind` is "access", "refresh", or the platform's own word. `lifeMs` null: it never expires. */
export function issueToken(call: Call, grant: Grant, kind: string, lifeMs: number | null): Token {
  const token: Token = {
    value: newSecret(call, kind),
    kind,
    grantId: grant.id,
    issuedAt: call.now,
    expiresAt: lifeMs === null ? null : call.now + lifeMs,
    revokedAt: null,
    spentAt: null,
  };
  call.world.tokens[token.value] = token;
  return token;
}

/** The token with its grant, alive or not; null when it was never issued here. */
export function findToken(
  call: Call,
  value: string | null,
): { token: Token; grant: Grant; state: TokenState } | null {
  const token = value === null ? null : own(call.world.tokens, value);
  const grant = token === null ? null : own(call.world.grants, token.grantId);
  if (token === null || grant === null) return null;
  return { token, grant, state: tokenState(call, token, grant) };
}

/** A live token of one of these kinds with its grant, or null. */
export function liveToken(call: Call, value: string | null, ...kinds: string[]) {
  const found = findToken(call, value);
  return found !== null && found.state === "live" && kinds.includes(found.token.kind) ? found : null;
}

/**
 * A refresh by `policy` (the settings' rotation wins over the platform's own). Gives the grant and the refresh
 * token to answer with: the same one where it does not rotate, else a fresh one that lives `lifeMs`.
 */
export function useRefreshToken(
  call: Call,
  value: string,
  clientId: string,
  policy: Rotation,
  lifeMs: number | null,
): { grant: Grant; refresh: Token } | { refused: "unknown" | "client" | Exclude<TokenState, "live"> } {
  const rotation = call.world.settings.rotation ?? policy;
  const found = findToken(call, value);
  if (found === null || found.token.kind !== "refresh") return { refused: "unknown" };
  const { token, grant } = found;
  if (grant.clientId !== clientId) return { refused: "client" };
  if (found.state === "spent") {
    const spentAt = token.spentAt ?? 0;
    if (rotation === "reuse_kills_family") endGrant(call, grant);
    if (rotation !== "grace" || call.now >= spentAt + 60 * SECOND) return { refused: "spent" };
  } else if (found.state !== "live") {
    return { refused: found.state };
  }
  if (rotation === "never") return { grant, refresh: token };
  token.spentAt ??= call.now;
  return { grant, refresh: issueToken(call, grant, "refresh", lifeMs) };
}

/** All tokens of the grant are dead from now on. */
export function endGrant(call: Pick<Call, "now">, grant: Grant): void {
  grant.revokedAt ??= call.now;
}

/** Ends every other living grant of the same person for the same client: X lets only the newest one live. */
export function endEarlierGrants(call: Call, grant: Grant): void {
  for (const other of Object.values(call.world.grants)) {
    if (other.id === grant.id || other.personId !== grant.personId || other.clientId !== grant.clientId)
      continue;
    endGrant(call, other);
  }
}

/** Id and secret of `Authorization: Basic …` exactly as sent (not percent-decoded), or null. */
export function basicCredentials(call: Call): { id: string; secret: string } | null {
  const encoded = /^Basic +([A-Za-z0-9+/]+=*)$/i.exec(call.headers.get("authorization") ?? "")?.[1];
  if (encoded === undefined) return null;
  const pair = Buffer.from(encoded, "base64").toString("utf8");
  const colon = pair.indexOf(":");
  return colon < 0 ? null : { id: pair.slice(0, colon), secret: pair.slice(colon + 1) };
}

/** Equal secrets, compared without telling how far they agree. */
export function sameSecret(left: string, right: string): boolean {
  return timingSafeEqual(sha256(left), sha256(right));
}

function provesChallenge(challenge: Code["challenge"], verifier: string | null): boolean {
  if (challenge === null) return true;
  if (verifier === null || !/^[A-Za-z0-9\-._~]{43,128}$/.test(verifier)) return false;
  return sameSecret(
    challenge.value,
    challenge.method === "plain" ? verifier : sha256(verifier).toString("base64url"),
  );
}

function tokenState(call: Call, token: Token, grant: Grant): TokenState {
  if (token.revokedAt !== null || grant.revokedAt !== null) return "revoked";
  if (token.expiresAt !== null && call.now >= token.expiresAt) return "expired";
  if (grant.expiresAt !== null && call.now >= grant.expiresAt) return "expired";
  return token.spentAt === null ? "live" : "spent";
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** A value someone sent is never looked up on the prototype. */
function own<T>(record: Record<string, T>, name: string): T | null {
  return Object.hasOwn(record, name) ? (record[name] ?? null) : null;
}
