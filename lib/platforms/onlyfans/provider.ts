import { z } from "zod";
import {
  type Credentials,
  type Identity,
  PlatformError,
  type Provider,
  type SessionCheck,
} from "../contract";
import { type Answer, call, explainStatus, type Kit, parseJson, RemoteId } from "../kit";
import { sessionFields } from "./fields";
import { cookiesOf, readSession, Session } from "./session";
import { readRules, type SigningRules, signatureOf } from "./signing";
import { onlyfansSpec } from "./spec";

/**
 * OnlyFans: no API, no OAuth, only a browser session of the person's own account. It is kept, and may be looked at once.
 * A request whose headers do not match can sign the person out everywhere: nothing here is guessed and nothing is repeated.
 */
export function onlyfans(kit: Kit): Provider {
  return {
    spec: onlyfansSpec,
    connector: {
      kind: "session",
      fields: [...sessionFields],
      accept(values, rules) {
        const session = readSession(values);
        const problems = [
          ...(Array.isArray(session) ? session : []),
          ...(rules !== null && !readRules(parseJson(rules))
            ? [{ field: "rules", message: "This is not a file of signing rules for OnlyFans." }]
            : []),
        ];
        return problems.length > 0 ? { problems } : { credentials: { accessToken: JSON.stringify(session) } };
      },
      check: (credentials, check) => look(kit, sessionOf(credentials), check),
    },
    identify: async (credentials) => {
      const { authId } = sessionOf(credentials);
      return { subject: authId, identities: [identity(authId, `Account ${authId}`, null)] };
    },
    publish: async () => {
      throw new PlatformError("rejected", "Carillon does not publish to OnlyFans.", { code: "not_offered" });
    },
  };
}

const PATH = "/api2/v2/users/me";

/** Rules lived five weeks at most; what its server calls older cannot be right any more. */
const RULES_LIVE_MS = 35 * 86_400_000;

// Only what we use; the answer also holds an e-mail address and a token, which are none of our business.
const Me = z.object({ isAuth: z.literal(true), id: RemoteId, name: z.string(), username: z.string().min(1) });

/** One signed request, after which OnlyFans is left alone. */
async function look(kit: Kit, session: Session, { rules: pasted, sending }: SessionCheck): Promise<Identity> {
  const rules = pasted === null ? await fetchRules(kit) : readRules(parseJson(pasted));
  if (!rules) throw unchecked("bad_rules", "The signing rules are not in a form we know.");
  const headers = signedHeaders(session, rules, String(Date.now()));
  await sending();
  const me = await call(kit, {
    method: "GET",
    url: `https://onlyfans.com${PATH}`,
    headers,
    answer: Me,
    effect: "read",
    explain,
  });
  if (me.id !== session.authId) {
    throw new PlatformError(
      "reconnect",
      "OnlyFans says this session belongs to another account than auth_id does. Copy all values from one browser.",
      { code: "other_account" },
    );
  }
  return identity(me.id, me.name || me.username, me.username);
}

function signedHeaders(session: Session, rules: SigningRules, time: string): Record<string, string> {
  const pinned = {
    accept: "application/json, text/plain, */*",
    "app-token": rules.appToken,
    "x-bc": session.xBc,
    "user-agent": session.userAgent,
    referer: "https://onlyfans.com",
    cookie: cookiesOf(session),
    time,
  };
  // Rules that want one of these gone are for another kind of client: a session is not risked on them.
  if (rules.removeHeaders.some((name) => name === "sign" || Object.hasOwn(pinned, name)))
    throw unchecked("bad_rules", "The signing rules leave out a header that belongs to your session.");
  // The header and the signed value say the same: with it the account, without it nobody.
  const named = !rules.removeHeaders.includes("user-id");
  const sign = signatureOf(rules, { path: PATH, userId: named ? session.authId : "0", time });
  return { ...pinned, ...(named && { "user-id": session.authId }), sign };
}

/** The operator's own address, asked anew for each check: yesterday's rules may be wrong today. */
async function fetchRules(kit: Kit): Promise<SigningRules | null> {
  const address = kit.settings["rulesUrl"];
  if (!address)
    throw unchecked(
      "no_rules",
      "No signing rules are set up here. To have it checked, reconnect it and bring a file of them.",
    );
  // In sandbox mode nothing leaves this machine, this file included.
  const { origin } = kit.address("https://onlyfans.com/");
  const url = kit.sandboxed && new URL(address).origin !== origin ? kit.address(address) : new URL(address);
  if (url.protocol !== "https:" && !kit.sandboxed)
    throw unchecked("insecure_rules", "The address of the signing rules does not begin with https.");
  const file = await call(kit, {
    method: "GET",
    url: url.href,
    handedOut: true,
    headers: { "cache-control": "no-cache" },
    answer: z.unknown(),
    effect: "read",
    timeoutMs: 10_000,
    explain: ({ status, headers, body }) => {
      const changed = Date.parse(headers.get("last-modified") ?? "");
      if (status !== 200 || body === undefined)
        return unchecked("no_rules", "The signing rules could not be fetched.");
      return changed < Date.now() - RULES_LIVE_MS
        ? unchecked("stale_rules", "The signing rules are out of date.")
        : null;
    },
  }).catch((error: unknown) => {
    if (!(error instanceof PlatformError) || error.code !== "no_answer") throw error;
    throw unchecked("no_rules", "The signing rules could not be fetched.", error);
  });
  return readRules(file);
}

/** What an answer means. Only a plain "not signed in" ends the session; all else says nothing about it. */
function explain(answer: Answer): PlatformError | null {
  const { status, body } = answer;
  const code = String(status);
  if (body === undefined) return unchecked("not_json", "OnlyFans showed a page that asks for a person.");
  const said = Refusal.safeParse(body);
  // Word for word, because OnlyFans gives this refusal no code that is known.
  const denied = said.success && (said.data.message ?? said.data.error) === "Access denied.";
  if (status === 401 || denied || (status === 200 && SignedOut.safeParse(body).success)) {
    return new PlatformError(
      "reconnect",
      "OnlyFans does not accept this session: it has ended, or the values do not belong together.",
      { code: denied ? "access_denied" : status === 200 ? "signed_out" : code },
    );
  }
  if (status === 400)
    return unchecked(code, "OnlyFans refused the signature: the rules are probably out of date.");
  if (status === 403) return unchecked(code, "OnlyFans does not answer requests from this server.");
  const refusal = explainStatus(answer, "definite");
  return refusal?.kind === "slow_down" ? unchecked(code, "OnlyFans is too busy to answer.") : refusal;
}

const Refusal = z.object({
  error: z
    .union([z.string(), z.object({ message: z.string() }).transform(({ message }) => message)])
    .optional(),
  message: z.string().optional(),
});
const SignedOut = z.object({ isAuth: z.literal(false) });

const unchecked = (code: string, message: string, cause?: unknown) =>
  new PlatformError("unavailable", message, { code, cause });

const sessionOf = ({ accessToken }: Credentials): Session => Session.parse(JSON.parse(accessToken));

const identity = (id: string, name: string, username: string | null): Identity => ({
  remoteId: id,
  name,
  handle: username,
  avatarUrl: null,
  profileUrl: username === null ? null : `https://onlyfans.com/${encodeURIComponent(username)}`,
  metadata: {},
  missing: [],
});
