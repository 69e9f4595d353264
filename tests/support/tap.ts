import { createServer, connect as dial, type Socket } from "node:net";

/**
 * A tap in front of PostgreSQL: a program that connects through it can be stopped at any statement, before the server
 * sees it or after the server has done it, so that a test may end the program at that very point. The program knows nothing.
 */
export type Statement = { sql: string; params: (string | null)[] };

export type Point = {
  /**
   * What this statement is about, such as a row's id; null: let it pass.
   * @param earlier what the same connection has sent since it last began a transaction
   */
  about(statement: Statement, earlier: Statement[]): string | null;
  /** before: the server never sees the statement. after: it has done it, and the program is not told. */
  moment: "before" | "after";
};

export type Tap = {
  /** The database's address, through the tap. */
  url: string;
  /** From now on stops every statement at this point; what stands at an earlier one goes on. null: everything passes. */
  stopAt(point: Point | null): void;
  /** What stands at the point, each thing once. */
  reached(): string[];
  close(): Promise<void>;
};

/** Opens a tap to the server of `databaseUrl` on a free port of this machine. */
export async function openTap(databaseUrl: string): Promise<Tap> {
  const real = new URL(databaseUrl);
  const connections = new Set<Connection>();
  const reached = new Set<string>();
  let point: Point | null = null;
  const server = createServer((client) => {
    const connection = join(client, dial(Number(real.port || 5432), real.hostname), {
      point: () => point,
      stands: (what) => reached.add(what),
    });
    connections.add(connection);
    client.once("close", () => connections.delete(connection));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The tap has no port.");
  const url = new URL(real);
  url.hostname = "127.0.0.1";
  url.port = String(address.port);
  return {
    url: url.href,
    stopAt: (wanted) => {
      reached.clear();
      point = wanted;
      for (const connection of connections) connection.letGo();
    },
    reached: () => [...reached],
    close: async () => {
      for (const connection of connections) connection.end();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

type Connection = { letGo(): void; end(): void };
type Watcher = { point(): Point | null; stands(what: string): void };

function join(client: Socket, server: Socket, watcher: Watcher): Connection {
  let fromClient = Buffer.alloc(0);
  let fromServer = Buffer.alloc(0);
  let started = false;
  /** Sent by the program, not yet passed on: up to the end of a request, which is where the server starts to answer. */
  let request: Buffer[] = [];
  let sql = "";
  let statement: Statement | null = null;
  let earlier: Statement[] = [];
  let standing = false;
  /** What the answer now under way is about, when the program must not be told. */
  let stopAtAnswer: string | null = null;

  const end = () => {
    client.destroy();
    server.destroy();
  };
  for (const socket of [client, server]) socket.on("error", end).on("close", end);

  client.on("data", (bytes: Buffer) => {
    fromClient = Buffer.concat([fromClient, bytes]);
    if (!standing) readClient();
  });
  server.on("data", (bytes: Buffer) => {
    fromServer = Buffer.concat([fromServer, bytes]);
    if (!standing) readServer();
  });

  function readClient(): void {
    for (;;) {
      // The first packet has no type; all later ones do.
      const size = started ? sizeOf(fromClient, 1) : sizeOf(fromClient, 0);
      if (size === null) return;
      const packet = fromClient.subarray(0, size);
      fromClient = fromClient.subarray(size);
      request.push(packet);
      const kind = started ? String.fromCharCode(packet[0] ?? 0) : "start";
      started = true;
      if (kind === "P") sql = text(packet, skipText(packet, 5));
      if (kind === "B") statement = { sql, params: paramsOf(packet) };
      if (kind === "Q") statement = { sql: text(packet, 5), params: [] };
      // Parse, Bind, Describe, Execute and Close wait for the Sync behind them.
      if ("PBDEC".includes(kind)) continue;
      if (!send()) return;
    }
  }

  /** Passes a whole request on. False when it stands at the point. */
  function send(): boolean {
    const about = statement ? (watcher.point()?.about(statement, earlier) ?? null) : null;
    if (about !== null && watcher.point()?.moment === "before") {
      standing = true;
      watcher.stands(about);
      return false;
    }
    stopAtAnswer = about;
    pass();
    return true;
  }

  function pass(): void {
    if (statement) earlier = /^begin/i.test(statement.sql) ? [] : [...earlier, statement];
    statement = null;
    server.write(Buffer.concat(request));
    request = [];
  }

  function readServer(): void {
    const whole: Buffer[] = [];
    for (;;) {
      const size = sizeOf(fromServer, 1);
      if (size === null) break;
      const packet = fromServer.subarray(0, size);
      // "Ready for query": the server has done all it was asked.
      if (packet[0] === 0x5a && stopAtAnswer !== null) {
        standing = true;
        watcher.stands(stopAtAnswer);
        break;
      }
      whole.push(packet);
      fromServer = fromServer.subarray(size);
    }
    if (whole.length > 0) client.write(Buffer.concat(whole));
  }

  return {
    end,
    letGo: () => {
      if (!standing) return;
      standing = false;
      stopAtAnswer = null;
      if (request.length > 0) pass();
      readServer();
      readClient();
    },
  };
}

/** The length of the packet at the front, its own header included; null while it is not all there. */
function sizeOf(bytes: Buffer, header: 0 | 1): number | null {
  if (bytes.length < header + 4) return null;
  const size = header + bytes.readInt32BE(header);
  return bytes.length < size ? null : size;
}

/** Where the zero-terminated text at `from` is over. */
const skipText = (packet: Buffer, from: number): number => packet.indexOf(0, from) + 1;
const text = (packet: Buffer, from: number): string => packet.toString("utf8", from, packet.indexOf(0, from));

/** The values of a Bind packet, as text. */
function paramsOf(packet: Buffer): (string | null)[] {
  let at = skipText(packet, skipText(packet, 5));
  at += 2 + 2 * packet.readInt16BE(at);
  const count = packet.readInt16BE(at);
  at += 2;
  return Array.from({ length: count }, () => {
    const length = packet.readInt32BE(at);
    at += 4;
    if (length < 0) return null;
    at += length;
    return packet.toString("utf8", at - length, at);
  });
}
