import { createServer, connect as dial, type Socket } from "node:net";

/** The line between a program and PostgreSQL: it can be cut, be slow, and be whole again. The program knows nothing. */
export type Line = {
  /** The database's address, through the line. */
  url: string;
  /** Ends what is under way, and takes nobody in. */
  cut(): void;
  /** Every packet takes this long to arrive; 0: none does. */
  slow(latencyMs: number): void;
  mend(): void;
  /** How many have been turned away since it was cut. */
  turnedAway(): number;
  close(): Promise<void>;
};

/** Opens a line to the server of `databaseUrl` on a free port of this machine. */
export async function openLine(databaseUrl: string): Promise<Line> {
  const real = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let isCut = false;
  let latencyMs = 0;
  let turnedAway = 0;

  const carry = (from: Socket, to: Socket) => {
    const end = () => {
      from.destroy();
      to.destroy();
    };
    sockets.add(from);
    from.on("error", end).on("close", () => {
      sockets.delete(from);
      end();
    });
    from.on("data", (bytes) => {
      if (latencyMs === 0) to.write(bytes);
      // Timers of one length fire in the order in which they were set.
      else setTimeout(() => to.writable && to.write(bytes), latencyMs);
    });
  };
  const endAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer((client) => {
    if (isCut) {
      turnedAway += 1;
      client.on("error", () => client.destroy()).destroy();
      return;
    }
    const database = dial(Number(real.port || 5432), real.hostname);
    carry(client, database);
    carry(database, client);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The line has no port.");
  const url = new URL(real);
  url.hostname = "127.0.0.1";
  url.port = String(address.port);
  return {
    url: url.href,
    cut: () => {
      isCut = true;
      turnedAway = 0;
      endAll();
    },
    slow: (ms) => {
      latencyMs = ms;
    },
    mend: () => {
      isCut = false;
      latencyMs = 0;
    },
    turnedAway: () => turnedAway,
    close: async () => {
      endAll();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
