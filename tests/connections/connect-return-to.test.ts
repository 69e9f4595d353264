import { describe, expect, test } from "vitest";
import { connectedBy, oauthPlatforms, siteForFile, tripTo } from "../support/connecting";

/** Where people go once they are connected: a page of ours, whatever an address asks for. */
const site = siteForFile();

/** Every one of them tries to leave; none is a path of ours. */
const ways = [
  "https://evil.example",
  "http://evil.example/",
  "//evil.example",
  "///evil.example",
  "////evil.example",
  "/\\evil.example",
  "\\/evil.example",
  "\\\\evil.example",
  "/\\/evil.example",
  "//\\evil.example",
  "https:evil.example",
  "https:/evil.example",
  "https:\\\\evil.example",
  "HTTPS://EVIL.EXAMPLE",
  "http://127.0.0.1@evil.example",
  "http://127.0.0.1:3000@evil.example/compose",
  "http://127.0.0.1.evil.example/",
  "/%2f/evil.example",
  "/%2Fevil.example",
  "/%2f%2fevil.example",
  "/%5cevil.example",
  "/%5C%5Cevil.example",
  "%2f%2fevil.example",
  "/..//evil.example",
  "/compose/..//evil.example",
  "/.//evil.example",
  "/./\\evil.example",
  "/%2e%2e//evil.example",
  "/compose/%2e%2e//evil.example",
  "/\t/evil.example",
  "/\n/evil.example",
  "/\r\n/evil.example",
  "\t//evil.example",
  " //evil.example",
  "//evil.example\u0000/compose",
  "/%09/evil.example",
  "/%0a/evil.example",
  "/%0d%0aLocation:%20https://evil.example",
  "/%00//evil.example",
  "//evil\u3002example",
  "/\uff0fevil.example",
  "/\u2215evil.example",
  "//\u0435vil.example",
  "javascript:alert(1)",
  "JaVaScRiPt:alert(1)",
  "java\tscript:alert(1)",
  "/javascript:alert(1)//\u2028",
  "data:text/html,<script>alert(1)</script>",
  "vbscript:msgbox(1)",
  "blob:https://evil.example/1",
  "mailto:someone@evil.example",
  "evil.example",
  "@evil.example",
  "?next=//evil.example",
  "#//evil.example",
  "",
  `/${"a".repeat(4096)}`,
  `//evil.example/${"a".repeat(4096)}`,
];

/** These are ours, and are kept. */
const paths = ["/compose", "/posts?status=failed&page=2", "/settings/integrations", "/posts/0199-some-id"];

test("the list of ways out is long enough", () => {
  expect(new Set(ways).size).toBeGreaterThanOrEqual(40);
});

describe.each(oauthPlatforms)("$id", ({ id }) => {
  test("no way out survives the trip: it lands on the fixed page, with a path of ours or none", async () => {
    const { app, ada, begin, consent, database } = site();
    for (const way of ways) {
      const byForm = await begin(ada, id, { returnTo: way });
      expect(byForm.authorizeUrl).not.toContain("evil");
      const started = await ada.fetch(`/api/oauth/${id}/connect?${new URLSearchParams({ returnTo: way })}`);
      expect({ way, status: started.status }).toEqual({ way, status: 302 });
      const byLink = tripTo(started.headers.get("location") ?? "");
      expect(byLink.authorizeUrl).not.toContain("evil");
      const response = await ada.fetch((await consent(byLink)).href);
      expect(connectedBy(response)).toHaveLength(1);
      const landed = new URL(response.headers.get("location") ?? "", app.url);
      expect(landed.origin).toBe(app.url);
      const kept = landed.searchParams.get("returnTo");
      expect({ way, stays: kept === null || staysHere(kept) }).toEqual({ way, stays: true });
    }
    const { rows } = await database.query<{ kept: string }>(
      "select distinct return_to as kept from oauth_states where return_to is not null",
    );
    for (const { kept } of rows) expect({ kept, stays: staysHere(kept) }).toEqual({ kept, stays: true });
  });

  test("a path of ours is kept to the end", async () => {
    const { ada, finish } = site();
    for (const path of paths) {
      const response = await finish(ada, id, { returnTo: path });
      const location = response.headers.get("location") ?? "";
      expect(new URL(location, site().app.url).searchParams.get("returnTo")).toBe(path);
      expect(linksOf(await (await ada.fetch(location)).text())).toContain(path);
    }
  });

  test("the page after connecting offers no way out, even when its address is typed by an attacker", async () => {
    const { app, ada, connect } = site();
    const connection = await connect(ada, id);
    for (const way of ways) {
      const query = new URLSearchParams({ platform: id, connection, returnTo: way });
      const page = await ada.fetch(`/oauth/callback/success?${query}`);
      expect({ way, status: page.status }).toEqual({ way, status: 200 });
      const links = linksOf(await page.text());
      expect(links).toContain("/compose");
      for (const link of links)
        expect({ way, link, origin: new URL(link, page.url).origin }).toEqual({ way, link, origin: app.url });
    }
  });
});

/** As a browser reads it on a page of ours, and once more when a server on the way has decoded it. */
function staysHere(path: string): boolean {
  const { url } = site().app;
  return [path, decodeURIComponent(path)].every(
    (one) => one.startsWith("/") && !one.includes("\\") && new URL(one, url).origin === url,
  );
}

/** Where the page's links go, as a browser reads the attribute. */
const linksOf = (html: string): string[] =>
  [...html.matchAll(/<a\b[^>]*?\bhref="([^"]*)"/g)].map(([, link = ""]) =>
    link.replaceAll("&amp;", "&").replaceAll("&quot;", '"').replaceAll("&#x27;", "'"),
  );
