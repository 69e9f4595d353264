import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type ServerResponse,
} from "node:http";

/**
 * A wire between the browser and the app that remembers all that went over it, to the byte. Asking the browser for what
 * it received is not enough: it forgets an answer as soon as it goes to another page.
 */
export type Exchange = {
  method: string;
  /** With its query. */
  path: string;
  asked: IncomingHttpHeaders;
  sent: string;
  status: number;
  /** Names and values in turn, as they came. */
  headers: string[];
  body: string;
};

export type Wire = {
  url: string;
  /** What has gone over it since the last time, oldest first; answers still under way are not among them. */
  take(): Exchange[];
  /** The same, and they stay. */
  exchanges(): readonly Exchange[];
  close(): Promise<void>;
};

/** Opens a wire on this port of 127.0.0.1 to the app at `to`. */
export async function openWire({ port, to }: { port: number; to: string }): Promise<Wire> {
  const exchanges: Exchange[] = [];
  const server = createServer((incoming, outgoing) => carry(incoming, outgoing, new URL(to), exchanges));
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${port}`,
    exchanges: () => exchanges,
    take: () => exchanges.splice(0),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function carry(incoming: IncomingMessage, outgoing: ServerResponse, to: URL, exchanges: Exchange[]): void {
  const { method = "GET", url: path = "/", headers } = incoming;
  const sent = listen(incoming);
  const forward = request(
    // What is not compressed can be searched.
    {
      host: to.hostname,
      port: to.port,
      method,
      path,
      headers: { ...headers, "accept-encoding": "identity" },
    },
    (answer) => {
      const body = listen(answer);
      const { statusCode: status = 502, rawHeaders } = answer;
      answer.once("close", () =>
        exchanges.push({
          method,
          path,
          asked: headers,
          sent: sent(),
          status,
          headers: rawHeaders,
          body: body(),
        }),
      );
      outgoing.writeHead(status, rawHeaders);
      answer.pipe(outgoing);
    },
  );
  // Either end may go away at any time, as browsers do; then the other end learns of it in the same way.
  forward.once("error", () => outgoing.destroy());
  outgoing.once("close", () => forward.destroy());
  incoming.pipe(forward);
}

/** Hears what a stream carries without holding it up. */
function listen(stream: IncomingMessage): () => string {
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString("utf8");
}
