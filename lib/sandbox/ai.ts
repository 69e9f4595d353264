/**
 * A language model behind an OpenAI-compatible address, /_sandbox/ai/v1: scripted, so that what it says is known. It is
 * strict about the shape of a request and keeps every prompt, which is how a test learns what was in the model's reach
 * (GET /_sandbox/ai/requests). Knobs, by POST /_sandbox/settings { platform: "ai", own: { … } }:
 *   mode       "helpful": answers with the line of the prompt that fits the question best; "obeys": does whatever the last
 *              message of the user says, a prompt injection's dream; "fixed": says `fixed`, whatever was asked
 *   fixed      that text
 *   latencyMs  how long it thinks
 * Faults: platform "ai", operations chat and models. Token counts are letters divided by four.
 */
import { z } from "zod";
import { answerFor } from "./ai-answers";
import {
  type Answer,
  bearer,
  type Call,
  type Json,
  json,
  jsonBody,
  knob,
  type Simulator,
  shelf,
} from "./kit";

/** One request as the model got it, with what it said. */
export type Prompt = { at: number; model: string; mode: string; request: Json; answer: string };

export const aiHost = "ai.sandbox";
export const aiModel = "carillon-sandbox";

const keptPrompts = 5_000;

const TextPart = z.strictObject({ type: z.literal("text"), text: z.string() });
const Content = z.union([z.string(), z.array(TextPart).min(1)]);
const Message = z.discriminatedUnion("role", [
  z.strictObject({
    role: z.enum(["system", "developer", "user"]),
    content: Content,
    name: z.string().optional(),
  }),
  z.strictObject({
    role: z.literal("assistant"),
    content: Content.nullable().optional(),
    name: z.string().optional(),
    refusal: z.string().nullable().optional(),
    tool_calls: z.array(z.record(z.string(), z.json())).optional(),
  }),
  z.strictObject({ role: z.literal("tool"), content: Content, tool_call_id: z.string() }),
]);
const ResponseFormat = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("text") }),
  z.strictObject({ type: z.literal("json_object") }),
  z.strictObject({
    type: z.literal("json_schema"),
    json_schema: z.strictObject({
      name: z.string().regex(/^[\w-]{1,64}$/),
      description: z.string().optional(),
      schema: z.record(z.string(), z.json()),
      strict: z.boolean().nullable().optional(),
    }),
  }),
]);

const Chat = z.strictObject({
  model: z.string().min(1),
  messages: z.array(Message).min(1),
  stream: z.boolean().nullable().optional(),
  stream_options: z.strictObject({ include_usage: z.boolean().optional() }).nullable().optional(),
  response_format: ResponseFormat.optional(),
  temperature: z.number().min(0).max(2).nullable().optional(),
  top_p: z.number().min(0).max(1).nullable().optional(),
  n: z.literal(1).nullable().optional(),
  max_tokens: z.int().min(1).nullable().optional(),
  max_completion_tokens: z.int().min(1).nullable().optional(),
  stop: z
    .union([z.string(), z.array(z.string()).max(4)])
    .nullable()
    .optional(),
  seed: z.int().nullable().optional(),
  presence_penalty: z.number().min(-2).max(2).nullable().optional(),
  frequency_penalty: z.number().min(-2).max(2).nullable().optional(),
  user: z.string().optional(),
  safety_identifier: z.string().optional(),
  store: z.boolean().nullable().optional(),
  metadata: z.record(z.string(), z.string()).nullable().optional(),
  reasoning_effort: z.enum(["none", "minimal", "low", "medium", "high"]).nullable().optional(),
  verbosity: z.enum(["low", "medium", "high"]).nullable().optional(),
  tools: z.array(z.record(z.string(), z.json())).optional(),
  tool_choice: z.json().optional(),
  parallel_tool_calls: z.boolean().optional(),
});
type Chat = z.infer<typeof Chat>;

export const aiSandbox: Simulator = {
  platform: "ai",
  name: "AI model",
  hosts: [aiHost],
  issuer: `https://${aiHost}`,
  clientEnv: { id: "SANDBOX_AI_ID", secret: "SANDBOX_AI_SECRET" },
  people: [],
  operations: ["chat", "models"],
  routes: [
    {
      operation: "chat",
      method: "POST",
      path: "/v1/chat/completions",
      maxBodyBytes: 4_194_304,
      handle: chat,
    },
    { operation: "models", method: "GET", path: "/v1/models", handle: listModels },
    { operation: "models", method: "GET", path: "/v1/models/:id", handle: readModel },
  ],
  knobs: { mode: "helpful", fixed: "Thank you for your message!", latencyMs: 0 },
  notFound: (call) => refuse(404, `Invalid URL (${call.method} ${call.path})`),
  failure: (_call, status) =>
    refuse(
      status,
      status >= 500 ? "The server had an error while processing your request." : "The request was refused.",
      status >= 500 ? "server_error" : "invalid_request_error",
    ),
  rateLimited: () => refuse(429, "Rate limit reached for requests.", "requests", "rate_limit_exceeded"),
};

/** What the model was asked so far, the newest last. */
export const promptsOf = (call: Pick<Call, "world">): Prompt[] =>
  Object.values(shelf<Prompt>(call, "prompts"));

function chat(call: Call): Answer {
  const denied = refuseStranger(call);
  if (denied !== null) return denied;
  const body = jsonBody(call);
  if (body === null) return refuse(400, "We could not parse the JSON body of your request.");
  const parsed = Chat.safeParse(body);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const strange = issue?.code === "unrecognized_keys" ? issue.keys[0] : undefined;
    const param = [...(issue?.path ?? []), ...(strange === undefined ? [] : [strange])].join(".");
    const words =
      strange === undefined
        ? `Invalid value for '${param}': ${issue?.message}`
        : `Unknown parameter: '${param}'.`;
    return refuse(
      400,
      words,
      "invalid_request_error",
      strange === undefined ? null : "unknown_parameter",
      param,
    );
  }
  const asked = parsed.data;
  if (asked.stream_options && asked.stream !== true) {
    return refuse(400, "The 'stream_options' parameter is only allowed when 'stream' is enabled.");
  }
  const mode = knob<string>(call, "mode", "helpful");
  const { full, text, cut } = spoken(call, asked, mode);
  remember(call, { at: call.now, model: asked.model, mode, request: body, answer: full });
  const prompt_tokens = tokens(asked.messages.map(({ content }) => plain(content)).join(""));
  const completion_tokens = tokens(text);
  const usage = { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
  call.world.counter += 1;
  const about = {
    id: `chatcmpl-sandbox${call.world.counter}`,
    created: Math.floor(call.now / 1_000),
    model: asked.model,
  };
  const finish_reason = cut ? "length" : "stop";
  if (asked.stream) {
    return stream(text, about, finish_reason, asked.stream_options?.include_usage ? usage : null);
  }
  return json(200, {
    ...about,
    object: "chat.completion",
    choices: [
      {
        index: 0,
        message: { role: "assistant", content: text, refusal: null },
        logprobs: null,
        finish_reason,
      },
    ],
    usage,
  });
}

function spoken(call: Call, asked: Chat, mode: string): { full: string; text: string; cut: boolean } {
  const format = asked.response_format;
  const full =
    mode === "fixed"
      ? knob<string>(call, "fixed", "")
      : answerFor({
          mode: mode === "obeys" ? "obeys" : "helpful",
          messages: asked.messages.map(({ role, content }) => ({ role, text: plain(content) })),
          schema: format?.type === "json_schema" ? format.json_schema.schema : null,
          anyJson: format?.type === "json_object",
        });
  const most = (asked.max_completion_tokens ?? asked.max_tokens ?? Number.POSITIVE_INFINITY) * 4;
  return { full, text: full.slice(0, most), cut: full.length > most };
}

function listModels(call: Call): Answer {
  return refuseStranger(call) ?? json(200, { object: "list", data: [model(aiModel)] });
}

function readModel(call: Call): Answer {
  const id = call.params["id"] ?? "";
  const missing = () =>
    refuse(404, `The model '${id}' does not exist`, "invalid_request_error", "model_not_found", "model");
  return refuseStranger(call) ?? (id === aiModel ? json(200, model(id)) : missing());
}

const model = (id: string) => ({ id, object: "model", created: 1_760_000_000, owned_by: "carillon" });

/** Any key will do, but there must be one. */
function refuseStranger(call: Call): Answer | null {
  return bearer(call) === null
    ? refuse(401, "You didn't provide an API key.", "invalid_request_error", "invalid_api_key")
    : null;
}

/** The words come in a few pieces each; slowness is a fault's business. */
function stream(
  text: string,
  about: { id: string; created: number; model: string },
  finish_reason: string,
  usage: object | null,
): Answer {
  const chunk = (choices: object[], more: object = {}) =>
    `data: ${JSON.stringify({ ...about, object: "chat.completion.chunk", choices, ...more })}\n\n`;
  const say = (delta: object, finish: string | null = null) =>
    chunk([{ index: 0, delta, logprobs: null, finish_reason: finish }]);
  const pieces = text.match(/[\s\S]{1,12}/gu) ?? [];
  const body = [
    say({ role: "assistant", content: "" }),
    ...pieces.map((content) => say({ content })),
    say({}, finish_reason),
    ...(usage === null ? [] : [chunk([], { usage })]),
    "data: [DONE]\n\n",
  ];
  return {
    status: 200,
    headers: { "content-type": "text/event-stream; charset=utf-8" },
    body: body.join(""),
  };
}

function remember(call: Call, prompt: Prompt): void {
  const prompts = shelf<Prompt>(call, "prompts");
  call.world.counter += 1;
  prompts[String(call.world.counter)] = prompt;
  const names = Object.keys(prompts);
  if (names.length > keptPrompts) delete prompts[names[0] ?? ""];
}

const plain = (content: z.infer<typeof Content> | null | undefined): string =>
  typeof content === "string" ? content : (content ?? []).map(({ text }) => text).join("\n");

const tokens = (text: string): number => Math.ceil(text.length / 4);

const refuse = (
  status: number,
  message: string,
  type = "invalid_request_error",
  code: string | null = null,
  param: string | null = null,
): Answer => json(status, { error: { message, type, param, code } });
