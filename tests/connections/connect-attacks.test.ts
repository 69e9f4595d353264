import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { BROWSER_COOKIE } from "@/lib/connections/connect/state";
import { platformIds } from "@/lib/platforms/registry";
import { connectedBy, expectRefused, nothing, oauthPlatforms, siteForFile } from "../support/connecting";
import { signIn, visitor } from "../support/people";

/**
 * Who may finish a trip: only the browser, session and person that began it, at the platform it went to, once, in time.
 * All of it must hold by the state alone, so it is tried a second time with platforms that forget to check PKCE.
 */
const site = siteForFile();

test("every platform that is connected by consent is attacked here", () => {
  // OnlyFans has no OAuth: its session is pasted.
  expect(oauthPlatforms.map(({ id }) => id).sort()).toEqual(
    platformIds.filter((id) => id !== "onlyfans").sort(),
  );
});

const cases = oauthPlatforms.flatMap(({ id, pkce }) => [
  { id, forgetful: false, title: id },
  ...(pkce ? [{ id, forgetful: true, title: `${id}, which forgets to check PKCE` }] : []),
]);

describe.each(cases)("$title", ({ id, forgetful }) => {
  /** The test's world, with the platform as forgetful as this round wants it. */
  const world = async () => {
    const here = site();
    if (forgetful) await here.sandbox.settings({ platform: id, ignorePkce: true });
    return here;
  };

  test("the rightful trip works, so that a refusal means something", async () => {
    const { ada, finish, traces } = await world();
    const response = await finish(ada, id);
    expect(connectedBy(response)).toHaveLength(1);
    expect(await traces()).toEqual({ tokenRequests: 1, grants: 1, connections: 1 });
  });

  test("an attacker's own answer connects nothing in the victim's browser", async () => {
    const { ada, otto, begin, consent, traces } = await world();
    const planted = await consent(await begin(otto, id));
    await begin(ada, id);
    expectRefused(await ada.fetch(planted.href), id, "other_browser");
    expectRefused(await otto.fetch(planted.href), id, "invalid_state");
    expect(await traces()).toEqual(nothing);
  });

  test.each<[string, (code: string, state: string) => [string, string][]]>([
    ["no state", (code) => [["code", code]]],
    [
      "an empty state",
      (code) => [
        ["code", code],
        ["state", ""],
      ],
    ],
    [
      "two states",
      (code, state) => [
        ["code", code],
        ["state", state],
        ["state", "another"],
      ],
    ],
    [
      "the same state twice",
      (code, state) => [
        ["code", code],
        ["state", state],
        ["state", state],
      ],
    ],
  ])("an answer with %s is refused", async (_what, query) => {
    const { ada, begin, consent, traces } = await world();
    const back = await consent(await begin(ada, id));
    const { code = "", state = "" } = Object.fromEntries(back.searchParams);
    const response = await ada.fetch(`${back.pathname}?${new URLSearchParams(query(code, state))}`);
    expectRefused(response, id, "invalid_state");
    expect(await traces()).toEqual(nothing);
  });

  test("a consent address that someone else opens in their own browser connects nothing for either", async () => {
    const { app, ada, otto, begin, consent, account, traces } = await world();
    const forOtto = await consent(await begin(ada, id), { person: account(id, 1) });
    expectRefused(await otto.fetch(forOtto.href), id, "other_browser");
    const forNobody = await consent(await begin(ada, id), { person: account(id, 1) });
    expectRefused(await visitor(app.url).fetch(forNobody.href), id, "signed_out");
    expect(await traces()).toEqual(nothing);
  });

  test("a trip does not outlive its session in the same browser", async () => {
    const { app, ada, otto, begin, consent, account, traces } = await world();
    const browser = await signIn(app.url, ada);
    const first = await begin(browser, id);
    const second = await begin(browser, id);
    const third = await begin(browser, id);
    const granted = await consent(first);
    await browser.send("POST", "/api/auth/sign-out", {});
    expectRefused(await browser.fetch((await consent(second)).href), id, "signed_out");
    await browser.send("POST", "/api/auth/sign-in/email", { email: otto.email, password: otto.password });
    // Ada's own answer comes late, and then Otto opens the consent page that Ada left behind.
    expectRefused(await browser.fetch(granted.href), id, "other_session");
    const byOtto = await consent(third, { person: account(id, 1) });
    expectRefused(await browser.fetch(byOtto.href), id, "other_session");
    expect(await traces()).toEqual(nothing);
  });

  test("signing in again as the same person is another session", async () => {
    const { app, ada, begin, consent, traces } = await world();
    const browser = await signIn(app.url, ada);
    const back = await consent(await begin(browser, id));
    await browser.send("POST", "/api/auth/sign-out", {});
    await browser.send("POST", "/api/auth/sign-in/email", { email: ada.email, password: ada.password });
    expectRefused(await browser.fetch(back.href), id, "other_session");
    expect(await traces()).toEqual(nothing);
  });

  test("cookies tossed by a neighbour open nothing", async () => {
    const { app, ada, otto, begin, consent, traces } = await world();
    const victim = await signIn(app.url, ada);
    const planted = async () => ({
      url: (await consent(await begin(otto, id))).href,
      secret: otto.cookies.get(BROWSER_COOKIE) ?? "",
    });
    for (const name of ["carillon-oauth", "__Secure-carillon-oauth", "__host-carillon-oauth"]) {
      const { url, secret } = await planted();
      victim.cookies.set(name, secret);
      expectRefused(await victim.fetch(url), id, "other_browser");
    }
    // Two of the right name: one cannot tell which of them is ours, so neither is.
    const doubled = await planted();
    const session = [...victim.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const cookie = `${session}; ${BROWSER_COOKIE}=${doubled.secret}; ${BROWSER_COOKIE}=${doubled.secret}`;
    expectRefused(await victim.fetch(doubled.url, { headers: { cookie } }), id, "other_browser");
    // Even a secret in its true place is worth nothing in another person's session.
    const { url, secret } = await planted();
    victim.cookies.set(BROWSER_COOKIE, secret);
    expectRefused(await victim.fetch(url), id, "other_session");
    expect(await traces()).toEqual(nothing);
  });

  test("cookies tossed by a neighbour do not disturb the rightful trip", async () => {
    const { app, ada, begin, consent } = await world();
    const victim = await signIn(app.url, ada);
    for (const name of ["carillon-oauth", "__Secure-carillon-oauth", "__host-carillon-oauth"]) {
      victim.cookies.set(name, "A".repeat(43));
    }
    const back = await consent(await begin(victim, id));
    expect(connectedBy(await victim.fetch(back.href))).toHaveLength(1);
  });

  test("an answer counts once, in turn", async () => {
    const { ada, begin, consent, traces } = await world();
    const back = await consent(await begin(ada, id));
    expect(connectedBy(await ada.fetch(back.href))).toHaveLength(1);
    expectRefused(await ada.fetch(back.href), id, "invalid_state");
    expect(await traces()).toEqual({ tokenRequests: 1, grants: 1, connections: 1 });
  });

  test("an answer counts once, twenty times at once", async () => {
    const { ada, begin, consent, traces } = await world();
    const back = await consent(await begin(ada, id));
    const answers = await Promise.all(Array.from({ length: 20 }, () => ada.fetch(back.href)));
    const refused = answers.filter(({ headers }) => headers.get("location")?.includes("error=invalid_state"));
    expect(refused).toHaveLength(19);
    expect(await traces()).toEqual({ tokenRequests: 1, grants: 1, connections: 1 });
  });

  test("an answer that comes after ten minutes is refused", async () => {
    const { database, ada, begin, consent, rows, traces } = await world();
    const back = await consent(await begin(ada, id));
    const [state] = await rows("oauth_states");
    const { expires_at: end, created_at: start } = state ?? {};
    if (!(end instanceof Date && start instanceof Date)) throw new Error("The state has no times.");
    expect(end.getTime() - start.getTime()).toBeGreaterThan(599_000);
    expect(end.getTime() - start.getTime()).toBeLessThanOrEqual(600_500);
    await database.query("update oauth_states set expires_at = now()");
    expectRefused(await ada.fetch(back.href), id, "expired_state");
    expect(await traces()).toEqual(nothing);
  });

  test("a forged state is refused, whichever byte is wrong", async () => {
    const { ada, begin, consent, rows, traces } = await world();
    const back = await consent(await begin(ada, id));
    const state = back.searchParams.get("state") ?? "";
    expect(Buffer.from(state, "base64url")).toHaveLength(32);
    const forged = [
      ...[...state].map((letter, at) => state.slice(0, at) + other(letter) + state.slice(at + 1)),
      state.slice(0, -1),
      `${state}A`,
      `${state}=`,
      ` ${state}`,
      `${state}\0`,
      state.toUpperCase(),
      [...state].reverse().join(""),
      "A".repeat(10_000),
      // Who has read the database knows this much.
      createHash("sha256").update(state).digest("base64url"),
      String((await rows("oauth_states"))[0]?.["hash"]),
      String((await rows("oauth_states"))[0]?.["id"]),
    ].filter((one) => one !== state);
    for (const one of forged) {
      const url = new URL(back);
      url.searchParams.set("state", one);
      expectRefused(await ada.fetch(url.href), id, "invalid_state");
    }
    expect(forged.length).toBeGreaterThanOrEqual(state.length + 10);
    expect(await traces()).toEqual(nothing);
    expect(connectedBy(await ada.fetch(back.href))).toHaveLength(1);
  });

  test("a forged browser secret is refused, whichever byte is wrong", async () => {
    const { app, ada, begin, consent, traces } = await world();
    const browser = await signIn(app.url, ada);
    await begin(browser, id);
    const secret = browser.cookies.get(BROWSER_COOKIE) ?? "";
    expect(Buffer.from(secret, "base64url")).toHaveLength(32);
    for (const at of secret.split("").keys()) {
      browser.cookies.set(BROWSER_COOKIE, secret);
      const back = await consent(await begin(browser, id));
      browser.cookies.set(
        BROWSER_COOKIE,
        secret.slice(0, at) + other(secret.charAt(at)) + secret.slice(at + 1),
      );
      expectRefused(await browser.fetch(back.href), id, "other_browser");
    }
    expect(await traces()).toEqual(nothing);
  });

  test("an answer delivered to another platform's address is refused there, and spent", async () => {
    const { ada, begin, consent, traces, sandbox } = await world();
    const elsewhere = [...platformIds.filter((one) => one !== id), "mastodon", "%3Cscript%3E"];
    for (const platform of elsewhere) {
      const back = await consent(await begin(ada, id));
      const moved = await ada.fetch(`/api/oauth/${platform}/callback${back.search}`);
      expectRefused(moved, platformIds.includes(platform) ? platform : "", "other_platform");
      expectRefused(await ada.fetch(back.href), id, "invalid_state");
    }
    expect(await traces()).toEqual(nothing);
    expect((await sandbox.issued()).filter(({ kind }) => kind === "verifier")).toEqual([]);
  });
});

/** Another letter of the same alphabet: the smallest lie. */
const other = (letter: string): string => (letter === "A" ? "B" : "A");
