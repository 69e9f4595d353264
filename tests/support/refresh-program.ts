import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { withAccess } from "@/lib/connections/access";
import { refreshDue } from "@/lib/connections/refresh/due";
import { queue } from "@/lib/jobs/queue";
import { PlatformError } from "@/lib/platforms/contract";

/** A process that does what tests tell it over HTTP: borrow a connection's token for many callers at once, or run the schedule. */
const digest = (token: string) => createHash("sha256").update(token).digest("hex");

async function borrow(connectionId: string): Promise<string> {
  try {
    return await withAccess(connectionId, async (_provider, access) => digest(access.accessToken));
  } catch (error) {
    if (error instanceof PlatformError) return `${error.kind}: ${error.code}`;
    throw error;
  }
}

const server = createServer((request, response) => {
  const [, what, first = "", second = ""] = (request.url ?? "").split("/");
  const work =
    what === "borrow"
      ? Promise.all(Array.from({ length: Number(second) }, () => borrow(first)))
      : refreshDue(Number(first));
  work.then(
    (result) => response.end(JSON.stringify(result)),
    (error: unknown) => response.writeHead(500).end(JSON.stringify(String(error))),
  );
});

await queue();
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address !== null && typeof address !== "string") process.stdout.write(`ready on ${address.port}\n`);
});
