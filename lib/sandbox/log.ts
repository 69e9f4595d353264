/** The log of requests. Secrets are shown as fingerprints; the raw form is for tests on this machine. */
import { fingerprint } from "./kit";

/** One request. `status` stays null when no answer was given. */
export type Entry = {
  sequence: number;
  /** sandbox clock, milliseconds since 1970 */
  at: number;
  platform: string;
  operation: string;
  method: string;
  /** https://HOST/PATH?QUERY as the platform would have seen it */
  url: string;
  status: number | null;
  /** whether the world can see a difference */
  effect: boolean;
  /** the fault that struck, by kind */
  fault: string | null;
  headers: Record<string, string>;
  /** text bodies, at most 16 KB of them; null for others */
  body: string | null;
  bodyBytes: number;
};

const kept = 20_000;
const keptBodyBytes = 16_384;
const secretName =
  /token|secret|code|verifier|assertion|password|signature|state|cookie|authorization|session/i;
const harmlessName = /^(code_challenge_method|response_type|grant_type|token_type_hint|code)$/i;

export function record(log: Entry[], entry: Entry): Entry {
  log.push(entry);
  if (log.length > kept) log.splice(0, log.length - kept);
  return entry;
}

/** A body fit for the log. */
export function bodyForLog(bytes: Uint8Array, contentType: string): string | null {
  if (!/json|text|form-urlencoded|xml/i.test(contentType)) return null;
  return new TextDecoder().decode(bytes.subarray(0, keptBodyBytes));
}

/** The entry without secrets: path and parameters with fingerprints, the headers' names only. */
export function redacted(entry: Entry) {
  const { url: address, headers, body: _body, ...rest } = entry;
  const url = new URL(address);
  return {
    ...rest,
    host: url.host,
    path: hideCanaries(url.pathname),
    query: Object.fromEntries([...url.searchParams].map(([name, value]) => [name, hide(name, value)])),
    headerNames: Object.keys(headers).sort(),
  };
}

function hide(name: string, value: string): string {
  const secret = name === "code" || (secretName.test(name) && !harmlessName.test(name));
  return secret ? fingerprint(value) : hideCanaries(value);
}

function hideCanaries(text: string): string {
  return text.replace(/CNRY_[\w-]+/g, fingerprint);
}
