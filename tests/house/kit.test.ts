import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { PlatformError } from "@/lib/platforms/contract";
import { type Call, call, createKit, parseJson, RemoteId, retryAfter } from "@/lib/platforms/kit";
import { expiryAfter, scopesOf } from "@/lib/platforms/oauth";
import { freePort } from "@/scripts/ports";

/** How we speak to platforms: where calls go, what a failure proves, and which digits survive. */
let server: Server | undefined;
afterEach(() => new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve())));

async function playing(listener: RequestListener) {
  server = createServer(listener);
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  // safe: a listening TCP server has an address of this kind
  const { port } = server.address() as AddressInfo;
  return createKit({ clientId: "id", clientSecret: "secret", sandboxUrl: `http://127.0.0.1:${port}` });
}

const asking = (effect: "read" | "write"): Call<{ ok: boolean }> => ({
  method: effect === "read" ? "GET" : "POST",
  url: "https://api.example/thing",
  answer: z.object({ ok: z.boolean() }),
  effect,
  ...(effect === "write" && { json: { text: "hi" } }),
});

async function failure(work: Promise<unknown>): Promise<PlatformError> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof PlatformError))
    throw new Error("This should have failed with a PlatformError.", { cause: error });
  return error;
}

test("in sandbox mode every call goes to the sandbox under its real host and path", () => {
  const kit = createKit({ clientId: "a", clientSecret: "b", sandboxUrl: "http://127.0.0.1:4010/" });
  expect(kit.address("https://api.x.com/2/tweets?a=1").href).toBe(
    "http://127.0.0.1:4010/api.x.com/2/tweets?a=1",
  );
  expect(createKit({ clientId: "a", clientSecret: "b" }).address("https://api.x.com/2/tweets").href).toBe(
    "https://api.x.com/2/tweets",
  );
});

describe("digits", () => {
  test("an integer beyond 2^53 keeps every digit, wherever it stands", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 2n ** 53n, max: 2n ** 90n }), (id) => {
        expect(parseJson(`{"user":{"ids":[${id},1]},"text":"${id}"}`)).toEqual({
          user: { ids: [String(id), 1] },
          text: String(id),
        });
        expect(RemoteId.parse((parseJson(`{"id":${id}}`) as { id: unknown }).id)).toBe(String(id));
      }),
    );
  });

  test("all other JSON stays what it is", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        fc.pre(!/\d{16,}|e\+/.test(text));
        expect(parseJson(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  test("what is no JSON is undefined, not an error", () => expect(parseJson("<html>")).toBeUndefined());
});

describe.each(["read", "write"] as const)("when a %s fails", (effect) => {
  const lost = effect === "write" ? "ambiguous" : "definite";

  test("a refused connection proves that nothing happened", async () => {
    const kit = createKit({
      clientId: "a",
      clientSecret: "b",
      sandboxUrl: `http://127.0.0.1:${await freePort()}`,
    });
    expect(await failure(call(kit, asking(effect)))).toMatchObject({
      kind: "unavailable",
      effect: "definite",
    });
  });

  test.each([
    ["a cut connection", ((request) => request.socket.destroy()) as RequestListener],
    [
      "an answer cut short",
      ((_request, response) => {
        response.writeHead(200, { "content-length": "100" });
        response.write("{");
        response.flushHeaders();
        setImmediate(() => response.destroy());
      }) as RequestListener,
    ],
    ["no JSON", ((_request, response) => response.end("<html>")) as RequestListener],
    ["other JSON than agreed", ((_request, response) => response.end('{"ok":"maybe"}')) as RequestListener],
    ["a 502", ((_request, response) => response.writeHead(502).end()) as RequestListener],
    [
      "a redirect",
      ((_request, response) =>
        response.writeHead(302, { location: "http://127.0.0.1:1/evil" }).end()) as RequestListener,
    ],
  ])("%s leaves a write in doubt", async (_name, listener) => {
    const kit = await playing(listener);
    expect(await failure(call(kit, asking(effect)))).toMatchObject({ kind: "unavailable", effect: lost });
  });

  test("silence ends at the time limit", async () => {
    const kit = await playing(() => {});
    expect(await failure(call(kit, { ...asking(effect), timeoutMs: 60 }))).toMatchObject({
      kind: "unavailable",
      effect: lost,
    });
    server?.closeAllConnections();
  });

  test.each([
    [400, "rejected"],
    [401, "reconnect"],
    [403, "rejected"],
    [429, "slow_down"],
  ])("a %i is definite, and %s", async (status, kind) => {
    const kit = await playing((_request, response) =>
      response.writeHead(status, { "retry-after": "7" }).end("{}"),
    );
    const error = await failure(call(kit, asking(effect)));
    expect(error).toMatchObject({ kind, effect: "definite", tokenRefused: status === 401 });
    expect(error.retryAfterMs).toBe(status === 429 ? 7_000 : null);
  });
});

test("an endless answer is cut off", async () => {
  const kit = await playing((_request, response) => {
    const pour = () => {
      while (!response.destroyed && response.write("x".repeat(65_536)));
    };
    response.on("drain", pour);
    pour();
  });
  expect(await failure(call(kit, asking("read")))).toMatchObject({ kind: "unavailable" });
});

test("waits and lifetimes are read in every form a platform may send, and nonsense is no lifetime", () => {
  const headers = (value: string) => new Headers({ "retry-after": value });
  expect(retryAfter(headers("12"))).toEqual({ retryAfterMs: 12_000 });
  expect(retryAfter(headers("Sat, 21 Nov 2026 10:00:10 GMT"), Date.parse("2026-11-21T10:00:00Z"))).toEqual({
    retryAfterMs: 10_000,
  });
  expect(retryAfter(headers("soon"))).toEqual({});
  expect(expiryAfter(60, 0)?.getTime()).toBe(60_000);
  expect(expiryAfter("60", 0)?.getTime()).toBe(60_000);
  for (const nonsense of [undefined, null, 0, -1, "", "soon", Number.NaN, {}])
    expect(expiryAfter(nonsense)).toBeUndefined();
  expect(scopesOf("a,b c  d")).toEqual(["a", "b", "c", "d"]);
});
