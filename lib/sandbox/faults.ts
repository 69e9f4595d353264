/** Faults on demand: what goes wrong, for which operation, how often. */
import { z } from "zod";

const WhatGoesWrong = z.discriminatedUnion("kind", [
  /** all is well, only late by latencyMs */
  z.strictObject({ kind: z.literal("latency") }),
  z.strictObject({
    kind: z.literal("status"),
    status: z.int().min(200).max(599),
    /** instead of the platform's own error body */
    body: z.unknown().optional(),
    headers: z.record(z.string(), z.string()).optional(),
    effect: z.boolean().default(false),
  }),
  z.strictObject({ kind: z.literal("rate_limit"), retryAfterMs: z.int().min(0).default(60_000) }),
  /** never answers, nothing happened */
  z.strictObject({ kind: z.literal("hang") }),
  /** it happens, and no answer comes */
  z.strictObject({ kind: z.literal("accept_then_hang") }),
  /** the connection breaks, nothing happened */
  z.strictObject({ kind: z.literal("reset") }),
  /** it happens, and the connection breaks */
  z.strictObject({ kind: z.literal("accept_then_reset") }),
  /** the true answer, dripping over this time */
  z.strictObject({ kind: z.literal("slow_body"), overMs: z.int().min(1).max(600_000).default(5_000) }),
  /** it happens, and half of the true answer comes */
  z.strictObject({ kind: z.literal("malformed_json") }),
  z.strictObject({
    kind: z.literal("html_error"),
    status: z.int().min(200).max(599).default(502),
    effect: z.boolean().default(false),
  }),
  z.strictObject({
    kind: z.literal("redirect"),
    url: z.url(),
    status: z.literal([301, 302, 303, 307, 308]).default(302),
    effect: z.boolean().default(false),
  }),
  /** kills the process that asked, at this very moment; only for crash tests */
  z.strictObject({ kind: z.literal("kill"), pid: z.int().min(2), effect: z.boolean() }),
]);

const Target = z.object({
  platform: z.string(),
  /** an operation's name, or "*" */
  operation: z.string(),
  /** how often it strikes; absent: until cleared */
  times: z.int().min(1).optional(),
  /** lets so many requests pass unharmed first */
  skip: z.int().min(0).default(0),
  /** waits this long before anything else, with any kind */
  latencyMs: z.int().min(0).max(600_000).default(0),
});

export type FaultKind = z.infer<typeof WhatGoesWrong>;
export type Fault = z.infer<typeof Target> & { id: number; struck: number; what: FaultKind };

const targetFields = Object.keys(Target.shape);

/** Parses the JSON of POST /_sandbox/faults: the target's fields and the kind's fields side by side. */
export function parseFault(input: unknown, id: number): Fault {
  const fields = z.record(z.string(), z.unknown()).parse(input);
  const what = Object.fromEntries(Object.entries(fields).filter(([name]) => !targetFields.includes(name)));
  return { ...Target.parse(fields), what: WhatGoesWrong.parse(what), id, struck: 0 };
}

/** The fault that strikes this request, counted; null when none does. The oldest wins. */
export function takeFault(faults: Fault[], platform: string, operation: string): Fault | null {
  for (const fault of faults) {
    if (fault.platform !== platform) continue;
    if (fault.operation !== operation && fault.operation !== "*") continue;
    if (fault.times !== undefined && fault.struck >= fault.times) continue;
    if (fault.skip > 0) {
      fault.skip -= 1;
      continue;
    }
    fault.struck += 1;
    return fault;
  }
  return null;
}
