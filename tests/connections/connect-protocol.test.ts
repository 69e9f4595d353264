import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { request } from "undici";
import { describe, expect, test } from "vitest";
import { newSecret } from "@/lib/connections/connect/state";
import { createVerifier } from "@/lib/platforms/oauth";
import { root } from "@/scripts/paths";
import {
  connectedBy,
  expectRefused,
  nothing,
  oauthPlatforms,
  siteForFile,
  tripTo,
} from "../support/connecting";
import type { PersonAtApp } from "../support/people";

/** What crosses the wire on the way out and back: addresses, headers, parameters, secrets. */
const site = siteForFile();

describe.each(oauthPlatforms)("$id", ({ id, pkce, calls, codeInQuery }) => {
  test("the trip begins with a cookie that no neighbour and no script can touch", async () => {
    const { app, ada, begin, sandbox } = site();
    ada.cookies.delete("__Host-carillon-oauth");
    const response = await ada.fetch(`/api/oauth/${id}/connect`, {
      headers: { "sec-fetch-site": "same-origin", "sec-fetch-dest": "document" },
    });
    expect(response.status).toBe(302);
    expect(response.headers.get("cache-control")).toBe("no-store");
    const consentPage = new URL(response.headers.get("location") ?? "");
    expect(consentPage.origin).toBe(sandbox.url);
    expect(tripTo(consentPage.href).query.get("redirect_uri")).toBe(`${app.url}/api/oauth/${id}/callback`);
    const [cookie = "", ...more] = response.headers.getSetCookie();
    expect(more).toEqual([]);
    expect(cookie).toMatch(/^__Host-carillon-oauth=[\w-]{43}; /);
    expect(cookie.split("; ").slice(1).sort()).toEqual([
      "HttpOnly",
      "Max-Age=600",
      "Path=/",
      "SameSite=Lax",
      "Secure",
    ]);
    // Nothing of the trip itself is in it.
    const { state, query } = await begin(ada, id);
    for (const value of [state, query.get("code_challenge") ?? state]) expect(cookie).not.toContain(value);
  });

  test("PKCE is spoken where the platform knows it, and its verifier shows nowhere", async () => {
    const { app, sandbox, ada, begin, consent, rows } = site();
    const trip = await begin(ada, id);
    const back = await consent(trip);
    const finished = await ada.fetch(back.href);
    connectedBy(finished);
    const [exchange] = await sandbox.requests({ platform: id, operation: "token", raw: true });
    const verifier = new URLSearchParams(exchange?.body ?? "").get("code_verifier");
    if (!pkce) {
      expect(verifier).toBeNull();
      expect([...trip.query.keys()].filter((name) => name.startsWith("code_challenge"))).toEqual([]);
    } else {
      expect(trip.query.get("code_challenge_method")).toBe("S256");
      expect(verifier).toMatch(/^[A-Za-z0-9._~-]{43,128}$/);
      expect(sha256(verifier ?? "")).toBe(trip.query.get("code_challenge"));
    }
    const secrets = [
      verifier,
      trip.state,
      back.searchParams.get("code"),
      ada.cookies.get("__Host-carillon-oauth"),
    ];
    const urls = (await sandbox.requests({ raw: true })).filter(
      ({ operation }) => operation !== "authorize" && operation !== "consent",
    );
    const places = [
      app.output(),
      finished.headers.get("location") ?? "",
      finished.headers.getSetCookie().join(),
      // Where the platform's own documents put the code into an address, it is in that one.
      JSON.stringify(
        urls.filter(({ operation }) => !(codeInQuery && operation === "token")).map(({ url }) => url),
      ),
      JSON.stringify(await rows("oauth_states")),
    ];
    for (const secret of secrets.filter((one) => one !== null && one !== undefined)) {
      expect(secret.length).toBeGreaterThanOrEqual(43);
      for (const place of places) expect(place).not.toContain(secret);
    }
  });

  test("no two trips share a state or a challenge", async () => {
    const { ada, begin } = site();
    const trips = await Promise.all(Array.from({ length: 40 }, () => begin(ada, id)));
    expect(new Set(trips.map(({ state }) => state)).size).toBe(40);
    for (const { state } of trips) expect(Buffer.from(state, "base64url")).toHaveLength(32);
    if (pkce) expect(new Set(trips.map(({ query }) => query.get("code_challenge"))).size).toBe(40);
  });

  test("an answer that names its issuer must name the one we asked", async () => {
    const { sandbox, ada, begin, consent, finish, traces } = site();
    await sandbox.settings({ platform: id, iss: "https://evil.example" });
    expectRefused(await finish(ada, id), id, "other_issuer");
    await sandbox.settings({ platform: id, iss: "on" });
    const doubled = await consent(await begin(ada, id));
    doubled.searchParams.append("iss", "https://evil.example");
    expectRefused(await ada.fetch(doubled.href), id, "other_issuer");
    const emptied = await consent(await begin(ada, id));
    emptied.searchParams.set("iss", "");
    expectRefused(await ada.fetch(emptied.href), id, "other_issuer");
    expect(await traces()).toEqual(nothing);
    expect(connectedBy(await finish(ada, id))).toHaveLength(1);
  });

  test("a victim's code is worth nothing in an attacker's own trip", async () => {
    const { ada, otto, begin, consent, account, rows, tokenRequests } = site();
    const victims = await consent(await begin(ada, id));
    // Without PKCE a code is guarded by being used at once and once: the attacker comes too late.
    if (!pkce) connectedBy(await ada.fetch(victims.href));
    const attackers = await consent(await begin(otto, id), { person: account(id, 1) });
    attackers.searchParams.set("code", victims.searchParams.get("code") ?? "");
    expectRefused(await otto.fetch(attackers.href), id, "code_refused");
    expect(await tokenRequests(id)).toBe(pkce ? 1 : 2);
    const owners = (await rows("connections")).map((row) => row["user_id"]);
    expect(owners).toHaveLength(pkce ? 0 : 1);
    // What was stored is the victim's alone, who may still finish or has already.
    if (pkce) connectedBy(await ada.fetch(victims.href));
    expect(await site().connectionsOf(otto)).toEqual([]);
    expect(await site().connectionsOf(ada)).toHaveLength(1);
  });

  test("a platform's error becomes one of our own words, and uses up the state", async () => {
    const { ada, begin, consent, traces } = site();
    const answers: [string, "denied" | "platform_unavailable"][] = [
      ["access_denied", "denied"],
      ["<script>alert('CNRY_echo')</script>", "platform_unavailable"],
      ["javascript:alert('CNRY_echo')", "platform_unavailable"],
      ["CNRY_echo\r\nset-cookie: a=b", "platform_unavailable"],
      ["", "platform_unavailable"],
    ];
    for (const [error, word] of answers) {
      const back = await consent(await begin(ada, id));
      const failed = new URL(back);
      failed.search = new URLSearchParams({
        error,
        error_description: "javascript:alert('CNRY_echo')",
        error_uri: "https://evil.example/CNRY_echo",
        state: back.searchParams.get("state") ?? "",
      }).toString();
      const response = await ada.fetch(failed.href);
      expectRefused(response, id, word);
      const page = await (await ada.fetch(response.headers.get("location") ?? "")).text();
      expect(page).not.toMatch(/CNRY_echo|evil\.example/);
      expectRefused(await ada.fetch(back.href), id, "invalid_state");
    }
    // An error beside a code is an error.
    const both = await consent(await begin(ada, id));
    both.searchParams.set("error", "access_denied");
    expectRefused(await ada.fetch(both.href), id, "denied");
    expect(await traces()).toEqual(nothing);
  });

  test("saying no on the consent page connects nothing", async () => {
    const { ada, finish, traces } = site();
    expectRefused(await finish(ada, id, {}, { decision: "deny" }), id, "denied");
    expect(await traces()).toEqual(nothing);
  });

  test.each([
    ["no code", []],
    ["an empty code", [""]],
    ["two codes", ["one", "two"]],
    ["an endless code", ["A".repeat(5_000)]],
  ])("an answer with %s is refused before anyone is asked", async (_what, codes: string[]) => {
    const { ada, begin, consent, traces } = site();
    const back = await consent(await begin(ada, id));
    back.searchParams.delete("code");
    for (const code of codes) back.searchParams.append("code", code);
    expectRefused(await ada.fetch(back.href), id, "code_refused");
    expect(await traces()).toEqual(nothing);
  });

  test("a code that the platform does not know connects nothing", async () => {
    const { ada, begin, consent, traces } = site();
    const back = await consent(await begin(ada, id));
    back.searchParams.set("code", "CNRY_code_invented");
    expectRefused(await ada.fetch(back.href), id, "code_refused");
    expect(await traces()).toEqual({ ...nothing, tokenRequests: 1 });
  });

  test("the answer and the pages after it stay out of caches, referrers, frames and popups", async () => {
    const { ada, begin, consent } = site();
    const back = await consent(await begin(ada, id));
    const success = await ada.fetch(back.href);
    const failure = await ada.fetch(back.href);
    const pages = await Promise.all(
      [success, failure].map((one) => ada.fetch(one.headers.get("location") ?? "")),
    );
    expect(pages.map(({ status }) => status)).toEqual([200, 200]);
    for (const response of [success, failure, ...pages]) {
      const { headers } = response;
      expect(headers.get("cache-control")).toContain("no-store");
      expect(headers.get("referrer-policy")).toBe("no-referrer");
      expect(headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
      expect(headers.get("x-frame-options")).toBe("DENY");
      expect(headers.get("cross-origin-opener-policy")).toBe("same-origin");
    }
    const markup = await Promise.all(pages.map((page) => page.text()));
    for (const secret of [back.searchParams.get("code") ?? "", back.searchParams.get("state") ?? ""]) {
      expect(secret).not.toBe("");
      for (const { headers } of [success, failure]) expect(headers.get("location")).not.toContain(secret);
      for (const one of markup) expect(one).not.toContain(secret);
    }
    expect(markup.map(foreignLoads)).toEqual([[], []]);
  });

  test("an answer from the browser's history is refused", async () => {
    const { ada, begin, consent, traces } = site();
    const back = await consent(await begin(ada, id));
    connectedBy(await ada.fetch(back.href));
    const [connection] = await site().connectionsOf(ada);
    await ada.send("DELETE", `/api/connections/${connection?.id}`);
    expectRefused(await ada.fetch(back.href), id, "invalid_state");
    expect(await traces()).toEqual({ ...nothing, tokenRequests: 1 });
  });

  test.each([
    { host: "evil.example" },
    { "x-forwarded-host": "evil.example", "x-forwarded-proto": "https" },
    { forwarded: "host=evil.example;proto=https" },
    { "x-original-host": "evil.example", "x-host": "evil.example", "x-forwarded-server": "evil.example" },
  ])("%j changes no address of ours", async (poison: Record<string, string>) => {
    const { app, sandbox, ada, consent } = site();
    const started = await knock(ada, `/api/oauth/${id}/connect`, poison);
    expect(started.status).toBe(302);
    const trip = tripTo(started.location);
    expect(trip.query.get("redirect_uri")).toBe(`${app.url}/api/oauth/${id}/callback`);
    expect(started.location).not.toContain("evil");
    const back = await consent(trip);
    const finished = await knock(ada, back.pathname + back.search, poison);
    expect(finished.status).toBe(303);
    expect(finished.location).toMatch(new RegExp(`^/oauth/callback/success\\?platform=${id}&connection=`));
    const [exchange] = await sandbox.requests({ platform: id, operation: "token", raw: true });
    const sent = new URLSearchParams(exchange?.body || new URL(exchange?.url ?? "http://none").search);
    expect(sent.get("redirect_uri")).toBe(`${app.url}/api/oauth/${id}/callback`);
  });

  test.each([301, 302, 303, 307, 308] as const)(
    "a %i from the token endpoint is not followed",
    async (status) => {
      const { sandbox, ada, finish, traces } = site();
      await sandbox.fault({
        platform: id,
        operation: "token",
        kind: "redirect",
        url: `${sandbox.url}/evil.example/`,
        status,
      });
      expectRefused(await finish(ada, id), id, "platform_unavailable");
      expect(await sandbox.requests({ platform: "evil" })).toEqual([]);
      expect(await traces()).toEqual({ ...nothing, tokenRequests: 1 });
    },
  );

  test.each(calls)("a redirect of the call %j carries the new token nowhere", async (operation) => {
    const { sandbox, ada, finish, traces } = site();
    const url = `${sandbox.url}/evil.example/`;
    await sandbox.fault({ platform: id, operation, kind: "redirect", url, status: 307 });
    expectRefused(await finish(ada, id), id, "platform_unavailable");
    expect(await sandbox.requests({ platform: "evil" })).toEqual([]);
    expect(await traces()).toEqual({ ...nothing, tokenRequests: 1 });
  });

  test.each<Record<string, string>>([
    { "sec-fetch-site": "cross-site", "sec-fetch-dest": "image" },
    { "sec-fetch-site": "cross-site", "sec-fetch-dest": "document", "sec-fetch-mode": "navigate" },
    { "sec-fetch-site": "same-site", "sec-fetch-dest": "document" },
    { "sec-fetch-site": "same-origin", "sec-fetch-dest": "image" },
    { "sec-fetch-site": "same-origin", "sec-fetch-dest": "iframe" },
    { "sec-fetch-site": "none", "sec-fetch-dest": "iframe" },
    { "sec-fetch-site": "nonsense" },
  ])("a start with %j goes nowhere", async (headers) => {
    const { ada, rows } = site();
    const response = await ada.fetch(`/api/oauth/${id}/connect`, { headers });
    expect(response.status).toBe(403);
    expect(response.headers.get("location")).toBeNull();
    expect(response.headers.getSetCookie()).toEqual([]);
    expect(await rows("oauth_states")).toEqual([]);
  });

  test.each<Record<string, string>>([
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { origin: "https://evil.example" },
    { origin: "null" },
  ])("a start by POST with %j goes nowhere", async (headers) => {
    const { ada, rows } = site();
    const response = await ada.send("POST", `/api/oauth/${id}/connect`, {}, headers);
    expect(response.status).toBe(403);
    expect(response.headers.getSetCookie()).toEqual([]);
    expect(await rows("oauth_states")).toEqual([]);
  });

  test("a stranger starts nothing", async () => {
    const { app, rows } = site();
    const response = await fetch(`${app.url}/api/oauth/${id}/connect`, { redirect: "manual" });
    expect(response.status).toBe(401);
    expect(response.headers.getSetCookie()).toEqual([]);
    expect(await rows("oauth_states")).toEqual([]);
  });
});

test("ten thousand starts share no secret, and each has 256 bits", () => {
  const secrets = Array.from({ length: 10_000 }, () => [createVerifier(), newSecret()]).flat();
  expect(new Set(secrets).size).toBe(20_000);
  expect(secrets.filter((one) => !/^[\w-]{43}$/.test(one))).toEqual([]);
});

test("the callback pages repeat nothing that their address says", async () => {
  const { ada } = site();
  const evil = `"><script>alert("CNRY_echo")</script><a href="javascript:alert(1)">`;
  const query = new URLSearchParams({
    platform: evil,
    error: evil,
    connection: evil,
    returnTo: evil,
  }).toString();
  for (const page of ["error", "success"]) {
    const response = await ada.fetch(`/oauth/callback/${page}?${query}`);
    expect(response.status).toBe(200);
    const html = await response.text();
    expect(html).not.toContain("<script>alert");
    expect(hrefsOf(html).filter((href) => /^\s*javascript:/i.test(href))).toEqual([]);
    expect(visible(html)).not.toContain("CNRY_echo");
  }
});

test("no window of ours talks to another by postMessage", () => {
  const sources = ["app", "components", "lib"].flatMap((room) =>
    readdirSync(join(root, room), { recursive: true, encoding: "utf8" })
      .filter((name) => /\.tsx?$/.test(name))
      .map((name) => join(root, room, name)),
  );
  expect(sources.length).toBeGreaterThan(100);
  const talkers = sources.filter((file) => /postMessage|window\.opener/.test(readFileSync(file, "utf8")));
  expect(talkers).toEqual([]);
});

const sha256 = (text: string): string => createHash("sha256").update(text).digest("base64url");

/** A GET whose Host header is a lie, which fetch would not tell. */
async function knock(person: PersonAtApp, path: string, headers: Record<string, string>) {
  const cookie = [...person.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  const response = await request(new URL(path, site().app.url), { headers: { cookie, ...headers } });
  await response.body.dump();
  for (const line of [response.headers["set-cookie"] ?? []].flat()) {
    const [name = "", value = ""] = line.split(";")[0]?.split("=") ?? [];
    person.cookies.set(name, value);
  }
  return { status: response.statusCode, location: String(response.headers.location ?? "") };
}

/** Addresses on other origins that a page would load by itself: scripts, styles, frames, fonts. Avatars are let be. */
const foreignLoads = (html: string): string[] =>
  [...html.matchAll(/<(script|link|iframe|embed|object)\b[^>]*?\b(?:src|href|data)="([^"]*)"/g)]
    .map(([, , address = ""]) => address)
    .filter((address) => /^(?:[a-z]+:)?\/\//i.test(address));

const hrefsOf = (html: string): string[] =>
  [...html.matchAll(/\b(?:href|src|action)="([^"]*)"/g)].map(([, address = ""]) => address);

const visible = (html: string): string =>
  html.replace(/<script\b[\s\S]*?<\/script>/g, "").replace(/<[^>]+>/g, " ");
