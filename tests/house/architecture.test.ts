import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";

/** Who may import whom: the arrows of CONTRIBUTING.md, read from the files themselves. */
const root = resolve(import.meta.dirname, "../..");
const rooms = ["app", "components", "lib", "drizzle"];

type Arrow = { from: string; to: string; typeOnly: boolean };

const files = rooms.flatMap((room) =>
  readdirSync(join(root, room), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => join(room, name)),
);

const arrows: Arrow[] = files.flatMap((from) => {
  const source = readFileSync(join(root, from), "utf8");
  const imports = source.matchAll(
    /(?:import|export)\s+(type\s+)?[^;]*?from\s+"([^"]+)"|import\("([^"]+)"\)/g,
  );
  return [...imports].flatMap(([, type, named, dynamic]) => {
    const specifier = named ?? dynamic ?? "";
    const local = specifier.startsWith("@/")
      ? specifier.slice(2)
      : specifier.startsWith(".")
        ? relative(root, resolve(root, dirname(from), specifier))
        : null;
    return local === null ? [] : [{ from, to: local, typeOnly: Boolean(type) }];
  });
});

const value = arrows.filter(({ typeOnly }) => !typeOnly);
const crossing = (from: RegExp, to: RegExp, except: RegExp = /^$/) =>
  value
    .filter(
      (arrow) =>
        from.test(arrow.from) && to.test(arrow.to) && !except.test(arrow.from) && !except.test(arrow.to),
    )
    .map(({ from, to }) => `${from} → ${to}`);

/** The sandbox's own room, and the simulator that each platform has. */
const SANDBOX = /^lib\/sandbox\/|^lib\/platforms\/[^/]+\/sandbox(\/|\.ts$|$)/;

describe("the arrows of the house", () => {
  test("the files were really read", () => {
    expect(files.length).toBeGreaterThan(60);
    expect(value.length).toBeGreaterThan(150);
  });

  test("arrows never turn back towards the screens", () => {
    expect(crossing(/^lib\//, /^(app|components)\//)).toEqual([]);
    expect(crossing(/^components\//, /^app\//)).toEqual([]);
    expect(crossing(/^drizzle\//, /^(app|components|lib)\//)).toEqual([]);
  });

  test("screens import only what is safe in a browser", () => {
    const serverOnly = new Set(
      files
        .filter((file) => readFileSync(join(root, file), "utf8").includes('import "server-only"'))
        .map((file) => file.replace(/\.tsx?$/, "")),
    );
    expect(serverOnly.size).toBeGreaterThan(20);
    expect(value.filter(({ from, to }) => from.startsWith("components/") && serverOnly.has(to))).toEqual([]);
  });

  test("work does not know who asks for it", () => {
    expect(crossing(/^lib\/(platforms|vault)\//, /^lib\/(connections|posts|jobs|http)\//)).toEqual([]);
    expect(
      crossing(
        /^lib\/(connections|settings)\//,
        /^lib\/(posts|inbox|notifications|jobs|http)\//,
        /^lib\/(jobs\/queue|http\/api)/,
      ),
    ).toEqual([]);
    expect(
      crossing(/^lib\/(connections|posts|media|jobs|notifications)\//, /^lib\/(leaving|export|activity)\//),
    ).toEqual([]);
    expect(crossing(/^lib\/activity\//, /^lib\/(connections|posts|jobs|leaving|export)\//)).toEqual([]);
    expect(
      crossing(/^lib\/notifications\//, /^lib\/(posts|inbox|jobs|http)\//, /^lib\/(jobs\/queue|http\/api)/),
    ).toEqual([]);
    expect(crossing(/^lib\/media\//, /^lib\/(connections|posts|jobs|http)\//, /^lib\/http\/api/)).toEqual([]);
    expect(crossing(/^lib\/posts\//, /^lib\/(inbox|jobs|http)\//, /^lib\/(jobs\/queue|http\/api)/)).toEqual(
      [],
    );
    expect(crossing(/^lib\/inbox\//, /^lib\/(posts|jobs|http)\//, /^lib\/(jobs\/queue|http\/api)/)).toEqual(
      [],
    );
  });

  test("a provider knows its platform and nothing of the house", () => {
    const own = /^lib\/platforms\/(contract|kit|oauth|meta|counting|links)$/;
    for (const { from, to } of value) {
      const platform = /^lib\/platforms\/([^/]+)\//.exec(from)?.[1];
      if (!platform) continue;
      const inSandbox = SANDBOX.test(from);
      const allowed = inSandbox
        ? to.startsWith("lib/sandbox/") || (to.startsWith(`lib/platforms/${platform}/`) && SANDBOX.test(to))
        : own.test(to) || (to.startsWith(`lib/platforms/${platform}/`) && !SANDBOX.test(to));
      expect(allowed, `${from} → ${to}`).toBe(true);
    }
  });

  test("the product imports no sandbox", () => {
    expect(value.filter(({ from, to }) => SANDBOX.test(to) && !SANDBOX.test(from))).toEqual([]);
    expect(value.filter(({ from, to }) => /sandbox/.test(to) && !/sandbox/.test(from))).toEqual([]);
  });

  test("only connections open the vault", () => {
    expect(crossing(/^(app|components|lib)\//, /^lib\/vault\/vault$/, /^lib\/connections\//)).toEqual([]);
  });

  test("only data files touch tables", () => {
    const allowed = /^lib\/(.*\/([\w]+-)?data|db|audit|auth|sign-in-limit)\.ts$/;
    expect(
      value.filter(
        ({ from, to }) =>
          to.startsWith("drizzle/schema/") && !from.startsWith("drizzle/") && !allowed.test(from),
      ),
    ).toEqual([]);
  });

  test("only one file reads the environment", () => {
    const readers = files.filter((file) =>
      /process\.env\b/.test(readFileSync(join(root, file), "utf8").replace(/^\s*(\/\/|\*|\/\*).*$/gm, "")),
    );
    expect(readers.filter((file) => !/^lib\/(env|sandbox\/.*)\.ts$/.test(file))).toEqual([]);
  });
});
