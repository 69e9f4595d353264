import { randomInt } from "node:crypto";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";
import { codeOf, Problem } from "./problem";

/** Whether nobody listens there. Asks by listening for an instant. */
export function isFree(port: number, host = "127.0.0.1"): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", (error) => (codeOf(error) === "EADDRINUSE" ? resolve(false) : reject(error)));
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

/** Below the range from which systems give ports to outgoing connections: nobody takes one of these by chance. */
const QUIET = { from: 15_000, to: 30_000 };

/** A port of 127.0.0.1 that was free a moment ago, and that no outgoing connection will be given meanwhile. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(QUIET.from, QUIET.to);
    if (await isFree(port)) return port;
  }
}

/** A port number from the environment. @throws Problem when it is none */
export function portFrom(name: string, value: string | undefined, fallback: number): number {
  if (value === undefined || value === "") return fallback;
  const port = Number(value);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new Problem(`${name} must be a port number between 1 and 65535.`);
  return port;
}

/** @throws Problem that says which port is taken, by whom where the system tells, and the command that goes around it */
export async function refuseBusyPort(port: number, around: string, host = "127.0.0.1"): Promise<void> {
  let free: boolean;
  try {
    free = await isFree(port, host);
  } catch (error) {
    if (codeOf(error) === "EACCES")
      throw new Problem(`You may not listen on port ${port}. Ports below 1024 are reserved; try: ${around}`);
    if (codeOf(error) === "EADDRNOTAVAIL")
      throw new Problem(`This machine has no address ${host}. Set HOST to one it has.`);
    throw error;
  }
  if (free) return;
  const owner = ownerOf(port);
  throw new Problem(
    `Port ${port} is in use${owner ? ` by ${owner}` : ""}. Stop that program, or choose another port: ${around}`,
  );
}

/** The program that listens on a port, such as "node (process 812)". Linux only, and only what we may see. */
function ownerOf(port: number): string | null {
  if (process.platform !== "linux") return null;
  try {
    const wanted = port.toString(16).toUpperCase().padStart(4, "0");
    const rows = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((file) =>
      readFileSync(file, "utf8").split("\n").slice(1),
    );
    const listening = rows
      .map((row) => row.trim().split(/\s+/))
      .find((row) => row[1]?.endsWith(`:${wanted}`) && row[3] === "0A");
    const inode = listening?.[9];
    if (!inode) return null;
    const pid = readdirSync("/proc").find(
      (entry) => /^\d+$/.test(entry) && holds(entry, `socket:[${inode}]`),
    );
    return pid
      ? `${readFileSync(`/proc/${pid}/comm`, "utf8").trim().replace(/ \(.*/, "")} (process ${pid})`
      : null;
  } catch (error) {
    // A courtesy: whatever /proc refuses to tell, the sentence is true without it.
    if (codeOf(error) === null) throw error;
    return null;
  }
}

function holds(pid: string, socket: string): boolean {
  try {
    const folder = `/proc/${pid}/fd`;
    return readdirSync(folder).some((fd) => readlinkSync(`${folder}/${fd}`) === socket);
  } catch (error) {
    // Another user's process, or one that has just ended.
    if (codeOf(error) === null) throw error;
    return false;
  }
}
