/**
 * The door of every npm script: `node scripts/bootstrap.mjs <command> [args]`. Plain JavaScript for whatever Node the machine
 * has. It installs what is missing, then runs scripts/<command>.ts on the Node 24 that the dependency `node` brings along.
 */
import { spawn, spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, "node_modules");
const [command = "", ...args] = process.argv.slice(2);
// A server in production may have been installed without what only building and testing need.
const production = ["start", "worker", "migrate"].includes(command);
// These mostly wait for their children: they need not keep much memory ready.
const waiting = ["demo", "dev", "start", "sandbox"].includes(command);

refuseUnfit();
if (!isInstalled()) install();
run();

function refuseUnfit() {
  const [major = 0] = process.versions.node.split(".").map(Number);
  if (major < 20)
    giveUp(
      `Carillon needs Node 20 or newer to start, and this is ${process.version}. Get it from https://nodejs.org.`,
    );
  if (!/^[a-z][a-z-]*$/.test(command) || !existsSync(join(root, "scripts", `${command}.ts`))) {
    giveUp(`There is no command "${command}". \`npm run\` lists them all.`);
  }
}

/** Whether every package of the lockfile is there in its version. Packages for other machines are optional and may be absent. */
function isInstalled() {
  const installed = packagesIn(join(modules, ".package-lock.json"));
  if (!installed) return false;
  const locked = packagesIn(join(root, "package-lock.json"));
  if (!locked)
    giveUp("package-lock.json is missing or damaged. Restore it with: git checkout package-lock.json");
  return Object.entries(locked).every(([path, wanted]) => {
    if (path === "" || wanted.link || wanted.optional || wanted.devOptional) return true;
    if (wanted.dev && production) return true;
    return installed[path]?.version === wanted.version;
  });
}

function packagesIn(file) {
  if (!existsSync(file)) return null;
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages ?? null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function install() {
  try {
    accessSync(root, constants.W_OK);
  } catch {
    giveUp(
      `Carillon's packages must be installed, but ${root} cannot be written to. Make it writable, or copy the checkout elsewhere.`,
    );
  }
  const again = existsSync(modules);
  process.stderr.write(
    again
      ? "The packages have changed: installing them again …\n"
      : "Installing the packages, once (about a minute) …\n",
  );
  const flags = ["--include=dev", "--no-audit", "--no-fund", "--loglevel=error"];
  const clean = npm(["ci", ...flags]);
  if (clean.status === 0) return;
  // A lockfile written where the packages for other machines could not be seen is refused by the clean install, and is
  // still good for an ordinary one, which keeps to its versions and leaves it as it is.
  if (/code EUSAGE/.test(clean.stderr) && npm(["install", "--no-save", ...flags]).status === 0) return;
  process.stderr.write(clean.stderr);
  giveUp(
    "The packages could not be installed; npm says why above. Often it is the network or a full disk. Then try again.",
  );
}

/** Runs npm quietly. npm names its own program when it runs us; on the bare command line it is looked up. */
function npm(args) {
  const own = process.env.npm_execpath;
  const options = { cwd: root, stdio: ["ignore", "ignore", "pipe"], encoding: "utf8" };
  const done = own?.endsWith(".js")
    ? spawnSync(process.execPath, [own, ...args], options)
    : spawnSync("npm", args, { ...options, shell: process.platform === "win32" });
  if (done.error)
    giveUp(`npm could not be started (${done.error.message}). It comes with Node: https://nodejs.org.`);
  if (done.signal) process.exit(130);
  return done;
}

function run() {
  const node = runtime();
  const child = spawn(
    node,
    [
      ...(waiting ? ["--max-semi-space-size=1"] : []),
      "--import",
      "tsx",
      "--conditions=react-server",
      join(root, "scripts", `${command}.ts`),
      ...args,
    ],
    {
      cwd: root,
      stdio: "inherit",
      env: { ...process.env, PATH: [join(modules, ".bin"), process.env.PATH].join(delimiter) },
    },
  );
  // The command ends its own children in order; we pass on what we hear and wait for it.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  watchNpm(child);
  child.once("error", (error) =>
    giveUp(`${node} could not be started (${error.message}). Delete node_modules and try again.`),
  );
  child.once("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 1)));
}

function runtime() {
  const own = join(modules, "node", "bin", process.platform === "win32" ? "node.exe" : "node");
  if (existsSync(own) && spawnSync(own, ["--version"]).status === 0) return own;
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > 22 || (major === 22 && minor >= 18)) return process.execPath;
  giveUp(
    `The Node 24 that comes with Carillon does not run here, and this machine's ${process.version} is too old. Install Node 24: https://nodejs.org.`,
  );
}

/** npm that is killed outright says nothing: its absence does. Between it and us there may be a shell, which would stay. */
function watchNpm(child) {
  if (!process.env.npm_lifecycle_event) return;
  const before = ancestry();
  setInterval(() => {
    if (ancestry() !== before) child.kill("SIGTERM");
  }, 1_000).unref();
}

/** Our parent, and its parent when ours is npm's shell. */
function ancestry() {
  const parent = process.ppid;
  try {
    const [, name, rest = ""] =
      /^\d+ \((.*)\) \S (\d+)/s.exec(readFileSync(`/proc/${parent}/stat`, "utf8")) ?? [];
    return /^(sh|dash|bash|ash|busybox)$/.test(name ?? "") ? `${parent} ${rest}` : `${parent}`;
  } catch {
    // No /proc, or the parent is gone this very moment: its number is what is left to compare.
    return `${parent}`;
  }
}

function giveUp(sentence) {
  process.stderr.write(`\n${sentence}\n`);
  process.exit(1);
}
