import { type AddressInfo, connect as dial } from "node:net";
import { WebSocketServer } from "ws";

/** What Neon's driver speaks to: PostgreSQL's bytes inside a WebSocket. Ours passes them on to the server of this run. */
export async function startNeonProxy(target: {
  host: string;
  port: number;
}): Promise<{ port: number; connections(): number; stop(): Promise<void> }> {
  let connections = 0;
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  server.on("connection", (socket) => {
    connections += 1;
    const upstream = dial(target.port, target.host);
    socket.on("message", (data: Buffer) => upstream.write(data));
    socket.on("close", () => upstream.destroy());
    upstream.on("data", (data) => socket.send(data));
    upstream.on("close", () => socket.close());
    upstream.on("error", () => socket.terminate());
  });
  await new Promise<void>((resolve) => server.once("listening", resolve));
  return {
    // safe: a listening TCP server has an address of this kind
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    stop: () =>
      new Promise((resolve) => {
        for (const client of server.clients) client.terminate();
        server.close(() => resolve());
      }),
  };
}
