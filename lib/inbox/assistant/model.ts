import "server-only";
import { setTimeout as pause } from "node:timers/promises";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { APICallError, generateText, NoObjectGeneratedError, NoOutputGeneratedError, Output } from "ai";
import { z } from "zod";
import { env } from "@/lib/env";
import { log } from "@/lib/log";
import type { Prompt } from "./prompt";

/** Asks the configured model for a reply: structured, without tools, in bounded time. */

export type Written = {
  reply: string;
  confidence: number;
  sources: string[];
  handOver: boolean;
  model: string;
};

/** All members are required and none is bounded here: strict servers refuse a schema that says more. */
const Draft = z.object({
  reply: z.string(),
  confidence: z.number(),
  sources: z.array(z.string()),
  handOver: z.boolean(),
});

const TRY_MS = 20_000;
const PAUSE_MS = 500;
const MOST_TOKENS = 1_500;

/** The name of the configured model; null where none is. */
export const modelName = (): string | null => env().ai?.model ?? null;

/** @returns null when no model is configured, or it gave no usable answer; the log says why, without a word of what was said */
export async function ask(prompt: Prompt): Promise<Written | null> {
  const settings = env().ai;
  if (!settings) return null;
  let structured: "schema" | "json" = "schema";
  for (let attempt = 1; attempt <= 2; attempt += 1) {
    try {
      return { ...(await once(settings, prompt, structured)), model: settings.model };
    } catch (error) {
      const trouble = troubleOf(error);
      log.warn("assistant.model_failed", { attempt, ...trouble.told });
      if (attempt === 2 || trouble.remedy === "none") return null;
      // Some servers know JSON, but no schemas.
      if (trouble.remedy === "plain_json") structured = "json";
      await pause(PAUSE_MS);
    }
  }
  return null;
}

async function once(
  { baseUrl, apiKey, model }: NonNullable<ReturnType<typeof env>["ai"]>,
  { system, data }: Prompt,
  structured: "schema" | "json",
): Promise<z.infer<typeof Draft>> {
  const provider = createOpenAICompatible({
    name: "assistant",
    baseURL: baseUrl,
    ...(apiKey && { apiKey }),
    supportsStructuredOutputs: structured === "schema",
  });
  const { output } = await generateText({
    model: provider(model),
    instructions: system,
    prompt: data,
    output: Output.object({ schema: Draft, name: "reply" }),
    maxOutputTokens: MOST_TOKENS,
    // Retrying is ours, so that its time is bounded: the SDK would wait as long as a server asks for.
    maxRetries: 0,
    abortSignal: AbortSignal.timeout(TRY_MS),
    telemetry: { isEnabled: false },
  });
  return output;
}

type Trouble = { remedy: "again" | "plain_json" | "none"; told: Record<string, string | number | null> };

/** Never the error itself: it carries the whole prompt. */
function troubleOf(error: unknown): Trouble {
  const name = error instanceof Error ? error.name : typeof error;
  if (APICallError.isInstance(error)) {
    const status = error.statusCode ?? null;
    const remedy = error.isRetryable ? "again" : status === 400 || status === 422 ? "plain_json" : "none";
    return { remedy, told: { name, status } };
  }
  // What it wrote was not the object asked for.
  if (NoObjectGeneratedError.isInstance(error) || NoOutputGeneratedError.isInstance(error))
    return { remedy: "again", told: { name } };
  if (error instanceof Error && (name === "TimeoutError" || name === "AbortError"))
    return { remedy: "again", told: { name } };
  throw error;
}
