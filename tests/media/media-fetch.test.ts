import dns, { type LookupAddress } from "node:dns";
import { createServer, type RequestListener, type Server } from "node:http";
import { syncBuiltinESMExports } from "node:module";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { guardedFetch, isPublicAddress } from "@/lib/media/guarded";

/**
 * A picture's address comes from a stranger. Whatever it says, nothing of ours on this machine or beside it is reached:
 * a server on 127.0.0.1 and ::1 counts who connects. Names are answered by the test, as a hostile name server would.
 */
let internal: Server;
let internal6: Server;
let port: number;
let connections: number;
let answer: RequestListener;
let names: Record<string, LookupAddress[][]>;
const lookup = dns.lookup;

beforeAll(async () => {
  internal = createServer((request, response) => answer(request, response));
  internal6 = createServer((request, response) => answer(request, response));
  for (const server of [internal, internal6]) server.on("connection", () => (connections += 1));
  await new Promise<void>((ready) => internal.listen(0, "127.0.0.1", ready));
  port = (internal.address() as AddressInfo).port;
  await new Promise<void>((ready) => internal6.listen(port, "::1", ready));
  // Not ours: the machine's own name service, which a test cannot make lie otherwise.
  dns.lookup = ((
    hostname: string,
    _options: unknown,
    callback: (error: Error | null, found: LookupAddress[]) => void,
  ) => {
    const answers = names[hostname];
    const found = (answers && answers.length > 1 ? answers.shift() : answers?.[0]) ?? null;
    if (found) callback(null, found);
    else callback(Object.assign(new Error("not found"), { code: "ENOTFOUND" }), []);
  }) as unknown as typeof dns.lookup;
  syncBuiltinESMExports();
});

afterAll(() => {
  dns.lookup = lookup;
  syncBuiltinESMExports();
  for (const server of [internal, internal6]) server.close().closeAllConnections();
});

beforeEach(() => {
  connections = 0;
  names = {};
  answer = (_request, response) =>
    void response.writeHead(200, { "content-type": "image/png" }).end("internal");
});

afterEach(() => expect(connections).toBe(0));

/** The server's own port is allowed here, so that nothing but the rule about places stands before it. */
const refused = async (address: string): Promise<void> => {
  await expect(guardedFetch(address, { sandboxOrigin: null, ports: [String(port)] })).rejects.toThrow();
};

describe("places that are nobody's business", () => {
  test.each([
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "2130706433",
    "017700000001",
    "0177.0.0.1",
    "0x7f000001",
    "0x7f.0.0.1",
    "0",
    "0.0.0.0",
    "0.1.2.3",
    "１２７.０.０.１",
    "①②⑦.⓪.⓪.①",
    "127。0。0。1",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "192.0.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "[::]",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::ffff:0:127.0.0.1]",
    "[::7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[2001:0:7f00:1::]",
    "[fe80::1]",
    "[fe90::1]",
    "[febf::1]",
    "[fec0::1]",
    "[fc00::1]",
    "[fd12:3456::1]",
    "[ff02::1]",
    "[100::1]",
    "[2001:db8::1]",
    "[5f00::1]",
  ])("%s", async (host) => {
    await refused(`http://${host}:${port}/secret.png`);
    await refused(`https://${host}:${port}/secret.png`);
  });

  test.each(["localhost", "localhost.", "LOCALHOST", "db.internal"])(
    "a name that means one: %s",
    async (name) => {
      names = {
        localhost: [[v4("127.0.0.1")]],
        "localhost.": [[v4("127.0.0.1")]],
        "db.internal": [[v4("10.1.2.3")]],
      };
      await refused(`http://${name}:${port}/secret.png`);
    },
  );

  test.each([
    ["file", "file:///etc/passwd"],
    ["ftp", "ftp://example.com/a.png"],
    ["gopher", "gopher://127.0.0.1:6379/_INFO"],
    ["data", "data:image/png;base64,iVBORw0KGgo="],
    ["blob", "blob:http://example.com/1"],
    ["javascript", "javascript:alert(1)"],
    ["no scheme", "//127.0.0.1/a.png"],
    ["nothing", ""],
    ["a name and password", "http://user:secret@bells.test/a.png"],
    ["a name before the host", "http://bells.test@127.0.0.1/a.png"],
    ["a port that is not the web's", "http://bells.test:8080/a.png"],
    ["ssh's port", "http://bells.test:22/a.png"],
    ["PostgreSQL's port", "http://bells.test:5432/a.png"],
    ["Redis' port", "http://bells.test:6379/a.png"],
  ])("%s", async (_what, address) => {
    names["bells.test"] = [[v4("93.184.215.14")]];
    await refused(address);
  });
});

describe("names that change their mind", () => {
  test("one public and one private address is one too many", async () => {
    names["both.test"] = [[v4("93.184.215.14"), v4("127.0.0.1")]];
    names["mixed.test"] = [[v4("93.184.215.14"), { address: "::1", family: 6 }]];
    await refused(`http://both.test:${port}/a.png`);
    await refused(`http://mixed.test:${port}/a.png`);
  });

  test("what is checked is what is connected to: a second answer is never asked for", async () => {
    // The first answer is a public place; the second would be this machine.
    let asked = 0;
    const honest = dns.lookup;
    dns.lookup = ((
      _name: string,
      _options: unknown,
      callback: (error: null, found: LookupAddress[]) => void,
    ) => {
      asked += 1;
      callback(null, [asked === 1 ? v4("93.184.215.14") : v4("127.0.0.1")]);
    }) as unknown as typeof dns.lookup;
    syncBuiltinESMExports();
    try {
      await refused(`http://rebinding.test:${port}/a.png`);
      expect(asked).toBe(1);
    } finally {
      dns.lookup = honest;
      syncBuiltinESMExports();
    }
  }, 20_000);
});

describe("from a place that is allowed", () => {
  const allowed = async (path: string): Promise<Response> => {
    const origin = `http://127.0.0.1:${port}`;
    const response = await guardedFetch(`${origin}${path}`, { sandboxOrigin: origin });
    // safe: the web's Response under another name
    return response as unknown as Response;
  };
  afterEach(() => {
    // Here they were allowed.
    connections = 0;
  });

  test("a picture arrives", async () => {
    expect(await (await allowed("/a.png")).text()).toBe("internal");
  });

  test.each([301, 302, 303, 307, 308])(
    "a redirect (%s) to a private place is not followed",
    async (status) => {
      let asked = 0;
      answer = (request, response) => {
        asked += 1;
        if (request.url === "/secret") return void response.end("secret");
        response.writeHead(status, { location: `http://127.0.0.2:${port}/secret` }).end();
      };
      await expect(allowed("/a.png")).rejects.toThrow();
      expect(asked).toBe(1);
    },
  );

  test("three redirects are enough", async () => {
    let hops = 0;
    answer = (_request, response) => {
      hops += 1;
      response.writeHead(302, { location: `/hop-${hops}` }).end();
    };
    await expect(allowed("/a.png")).rejects.toThrow("redirects");
    expect(hops).toBe(4);
  });

  test("a packed answer is refused before it unfolds", async () => {
    answer = (_request, response) =>
      void response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(Buffer.alloc(5_000_000)));
    await expect(allowed("/a.png")).rejects.toThrow();
  });

  test("more than 25 MB are not read, whatever the length said", async () => {
    let sent = 0;
    answer = (_request, response) => {
      response.writeHead(200, { "content-type": "image/png" });
      const piece = Buffer.alloc(1_048_576);
      const more = () => {
        if (response.destroyed) return;
        sent += piece.byteLength;
        if (sent < 2_000_000_000) response.write(piece, more);
        else response.end();
      };
      more();
    };
    const read = async () => {
      for await (const _piece of (await allowed("/a.png")).body ?? []);
    };
    await expect(read()).rejects.toThrow();
    expect(sent).toBeLessThan(60_000_000);
  });

  test("an answer that drips for ever ends after ten seconds", async () => {
    answer = (_request, response) => {
      response.writeHead(200, { "content-type": "image/png" });
      const drip = setInterval(() => response.write("x"), 200);
      response.on("close", () => clearInterval(drip));
    };
    const began = Date.now();
    const read = async () => {
      for await (const _piece of (await allowed("/a.png")).body ?? []);
    };
    await expect(read()).rejects.toThrow();
    // A bound of the promise, not of this machine's speed: without it the answer would never end.
    expect(Date.now() - began).toBeLessThan(30_000);
  }, 40_000);

  test("nothing of ours goes along", async () => {
    let headers: NodeJS.Dict<string | string[]> = {};
    answer = (request, response) => {
      headers = request.headers;
      response.end("x");
    };
    await (await allowed("/a.png")).text();
    expect(Object.keys(headers)).not.toEqual(expect.arrayContaining(["cookie"]));
    expect(Object.keys(headers)).not.toEqual(expect.arrayContaining(["authorization"]));
    expect(Object.keys(headers)).not.toEqual(expect.arrayContaining(["referer"]));
  });
});

test.each(["93.184.215.14", "1.1.1.1", "2606:4700:4700::1111", "2a00:1450:4001:82a::200e"])(
  "%s is public",
  (address) => expect(isPublicAddress(address)).toBe(true),
);

const v4 = (address: string): LookupAddress => ({ address, family: 4 });
