import { lookup } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import ipaddr from "ipaddr.js";
import { Agent, fetch, type Response } from "undici";

/**
 * Downloads from public hosts only. Every name is resolved once, each of its addresses is checked, and the connection goes to
 * one that was checked, so that a name cannot mean another place a moment later.
 */
const LONGEST_MS = 10_000;
export const LARGEST_BYTES = 25 * 1024 * 1024;
const MOST_REDIRECTS = 3;

export type Limits = {
  /** This one place on this machine is allowed too. */
  sandboxOrigin: string | null;
  /** Ports that may be asked, besides the scheme's own. */
  ports?: string[];
};

/**
 * The answer at the end of at most three redirects; its body still streams, for ten seconds altogether.
 * @throws Error whatever is wrong; its message is for the log
 */
export async function guardedFetch(address: string, limits: Limits): Promise<Response> {
  const signal = AbortSignal.timeout(LONGEST_MS);
  let next = address;
  for (let hop = 0; hop <= MOST_REDIRECTS; hop += 1) {
    const url = allowed(next, limits);
    const response = await fetch(url, {
      redirect: "manual",
      signal,
      dispatcher: url.origin === limits.sandboxOrigin ? direct : guarded,
      // Nothing that unfolds while it is read.
      headers: { accept: "image/*,video/*;q=0.9", "accept-encoding": "identity", "user-agent": "Carillon" },
    });
    const location = response.headers.get("location");
    if (response.status >= 300 && response.status < 400 && location) {
      await response.body?.cancel();
      next = new URL(location, url).href;
      continue;
    }
    if (response.status !== 200 || response.headers.get("content-encoding")) {
      await response.body?.cancel();
      throw new Error(`status ${response.status}`);
    }
    return response;
  }
  throw new Error("too many redirects");
}

/** Plain web addresses on the usual ports, without a name and password in them. @throws Error */
function allowed(address: string, { sandboxOrigin, ports = ["80", "443"] }: Limits): URL {
  const url = new URL(address);
  if (url.origin === sandboxOrigin) return url;
  if (url.protocol !== "https:" && url.protocol !== "http:") throw new Error("not a web address");
  if (url.username || url.password) throw new Error("credentials in the address");
  if (url.port !== "" && !ports.includes(url.port)) throw new Error("an unusual port");
  const host = url.hostname.replace(/^\[|\]$/g, "");
  // An address in figures never asks the name server, so the check belongs here.
  if (isIP(host) !== 0 && !isPublicAddress(host)) throw new Error("not a public address");
  return url;
}

/** Whether an IP address is one that anybody on the internet may reach. */
export function isPublicAddress(text: string): boolean {
  if (!ipaddr.isValid(text)) return false;
  const address = ipaddr.process(text);
  if (address.range() !== "unicast") return false;
  if (address.kind() === "ipv4") return true;
  // An IPv6 address that carries an IPv4 one (the deprecated ::a.b.c.d, NAT64, 6to4, Teredo) leads wherever that one does.
  const parts = (address as ipaddr.IPv6).parts;
  if (parts.slice(0, 6).every((part) => part === 0)) return false;
  // Only 2000::/3 has been given out to the public.
  return (parts[0] ?? 0) >> 13 === 1;
}

const checkedLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, "", 0);
    const [first] = addresses;
    // One private address among them is enough: the next connection might go there.
    if (!first || !addresses.every(({ address }) => isPublicAddress(address))) {
      return callback(new Error("not a public address"), "", 0);
    }
    if (options.all) return callback(null, addresses);
    callback(null, first.address, first.family);
  });
};

const patience = { headersTimeout: LONGEST_MS, bodyTimeout: LONGEST_MS, maxResponseSize: LARGEST_BYTES };
const guarded = new Agent({ ...patience, connect: { timeout: 5_000, lookup: checkedLookup } });
const direct = new Agent(patience);
