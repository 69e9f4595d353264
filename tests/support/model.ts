import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

/** A model that does as the script says, behind the protocol that the real ones speak. */
export type Asked = {
  headers: IncomingHttpHeaders;
  /** The request's body as it came. */
  raw: string;
  body: {
    model: string;
    messages: { role: string; content: string }[];
    tools?: unknown;
    response_format?: { type: string };
  };
  /** What our prompt holds. */
  data: {
    entries: { name: string; title: string; text: string }[];
    conversation: { from: string; text: string }[];
    message: string;
  };
};

export type Draft = { reply: string; confidence?: number; sources?: string[]; handOver?: boolean };
/** A draft, words that are no draft, a status to fail with, or no answer at all. */
export type Play = Draft | { raw: string } | { status: number } | "hang";

export type ScriptedModel = {
  baseUrl: string;
  asked: Asked[];
  /** Set by the test; may wait for as long as it likes. */
  script: (asked: Asked) => Play | Promise<Play>;
  stop(): Promise<void>;
};

export async function startModel(): Promise<ScriptedModel> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const raw = Buffer.concat(chunks).toString("utf8");
    const body = JSON.parse(raw) as Asked["body"];
    const words = body.messages.findLast(({ role }) => role === "user")?.content ?? "{}";
    const asked: Asked = { headers: request.headers, raw, body, data: JSON.parse(words) };
    model.asked.push(asked);
    const play = request.url === "/v1/chat/completions" ? await model.script(asked) : { status: 404 };
    if (play === "hang") return;
    if ("status" in play) {
      response.writeHead(play.status, { "content-type": "application/json" });
      response.end(JSON.stringify({ error: { message: `Scripted: ${play.status}` } }));
      return;
    }
    const content =
      "raw" in play ? play.raw : JSON.stringify({ confidence: 1, sources: ["e1"], handOver: false, ...play });
    response.writeHead(200, { "content-type": "application/json" });
    response.end(
      JSON.stringify({
        id: "chatcmpl-1",
        object: "chat.completion",
        created: 1,
        model: body.model,
        choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }],
        usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
      }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const model: ScriptedModel = {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    asked: [],
    script: () => ({ reply: "Nobody wrote a script." }),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return model;
}
