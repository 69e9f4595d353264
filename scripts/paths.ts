import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The checkout. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Where the local database, secrets and sandbox memory are kept. CARILLON_DATA names another folder, for a second demo. */
export const dataDirectory = (): string => resolve(root, process.env["CARILLON_DATA"] || ".data");

export const nextCli = join(root, "node_modules/next/dist/bin/next");

/** What a TypeScript program of ours is run with; `server-only` modules import cleanly under the react-server condition. */
export const typescript = ["--import", "tsx", "--conditions=react-server"];

/** For programs that need nothing of ours. NODE_ENV is there because Next's types want it in every environment. */
export const bareEnvironment = { LC_ALL: "C", PATH: "/usr/bin:/bin", NODE_ENV: "production" } as const;
