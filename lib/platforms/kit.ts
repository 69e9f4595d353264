import { randomBytes } from "node:crypto";
import { Agent, type BodyInit, fetch, type Headers } from "undici";
import { z } from "zod";
import { type Effect, PlatformError } from "./contract";

/**
 * What a provider is handed: who our app is at the platform, and how to reach it.
 * `call` is the only way a provider speaks to the world: one request, no redirects, a time limit, digits kept.
 */
export type Kit = {
  clientId: string;
  clientSecret: string;
  /** Where a call meant for https://HOST/PATH goes: there, or in sandbox mode to <sandbox>/HOST/PATH. */
  address(url: string): URL;
  /** True when `address` leads to the sandbox, which speaks plain http. */
  sandboxed: boolean;
  /** What the operator may set for this platform besides id and secret, such as an API version. */
  settings: Readonly<Record<string, string | undefined>>;
};

export function createKit(app: {
  clientId: string;
  clientSecret: string;
  sandboxUrl?: string | undefined;
  settings?: Kit["settings"];
}): Kit {
  const { clientId, clientSecret, sandboxUrl, settings = {} } = app;
  return {
    clientId,
    clientSecret,
    settings,
    sandboxed: sandboxUrl !== undefined,
    address(url) {
      const meant = new URL(url);
      if (!sandboxUrl) return meant;
      return new URL(`${sandboxUrl.replace(/\/$/, "")}/${meant.host}${meant.pathname}${meant.search}`);
    },
  };
}

/** `body`: the parsed JSON, undefined when it is none; `text`: as it came. */
export type Answer = { status: number; headers: Headers; body: unknown; text: string };

/** A body read while it is sent: a file, or a piece of one. */
export type Stream = { type: string; bytes: number; open(): AsyncIterable<Uint8Array> };

/** One part of multipart/form-data: a plain field or a file. */
export type FormPart = { name: string; value: string } | ({ name: string; filename: string } & Stream);

export type Call<T> = {
  method: "GET" | "POST" | "PUT" | "DELETE";
  /** The platform's own address; the kit decides where it really goes. */
  url: string;
  /** The platform handed this address out: it is followed as it is. */
  handedOut?: boolean;
  query?: Record<string, string | undefined>;
  form?: Record<string, string | undefined>;
  json?: unknown;
  multipart?: FormPart[];
  stream?: Stream;
  bearer?: string;
  headers?: Record<string, string>;
  /** Only the fields we use. */
  answer: z.ZodType<T>;
  /** read: harmless to repeat. write: when the answer is lost, it may have happened all the same. */
  effect: "read" | "write";
  timeoutMs?: number;
  /** The platform's error table. Seen for every answer, since some platforms say 200 and mean no; null when it has no opinion. */
  explain?(answer: Answer): PlatformError | null;
};

/** A token call holds a renewal's lease, so it gives up sooner than other writes: in less than half of that. */
export const TOKEN_TIMEOUT_MS = 20_000;
const READ_TIMEOUT_MS = 20_000;
const WRITE_TIMEOUT_MS = 60_000;
const MAX_ANSWER_BYTES = 5 * 1024 * 1024;
/** The slowest upload that is waited for. */
const UPLOAD_BYTES_PER_MS = 128;

const reads = new Agent();
// A write never rides on an idle connection: one that the platform closed meanwhile would look like a lost answer.
const writes = new Agent({ pipelining: 0 });

/**
 * One request to a platform.
 * @throws PlatformError named by remedy; `ambiguous` only for a write whose answer did not arrive whole.
 */
export async function call<T>(kit: Kit, request: Call<T>): Promise<T> {
  const url = request.handedOut ? new URL(request.url) : kit.address(request.url);
  for (const [name, value] of Object.entries(request.query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, value);
  }
  const headers: Record<string, string> = { accept: "application/json", ...request.headers };
  if (request.bearer !== undefined) headers["authorization"] = `Bearer ${request.bearer}`;
  const body = encode(request, headers);
  const sentBytes = Number(headers["content-length"] ?? 0);
  const lost: Effect = request.effect === "write" ? "ambiguous" : "definite";

  let answer: Answer;
  try {
    const response = await fetch(url, {
      method: request.method,
      headers,
      body,
      redirect: "manual",
      signal: AbortSignal.timeout(
        request.timeoutMs ??
          (request.effect === "write" ? WRITE_TIMEOUT_MS : READ_TIMEOUT_MS) +
            Math.ceil(sentBytes / UPLOAD_BYTES_PER_MS),
      ),
      dispatcher: request.effect === "write" || sentBytes > 0 ? writes : reads,
      ...(sentBytes > 0 && { duplex: "half" as const }),
    });
    const text = await readText(response);
    answer = { status: response.status, headers: response.headers, body: parseJson(text), text };
  } catch (cause) {
    const effect = neverConnected(cause) ? "definite" : lost;
    throw new PlatformError("unavailable", "The platform did not answer.", {
      effect,
      code: "no_answer",
      cause,
    });
  }

  const refusal = request.explain?.(answer) ?? explainStatus(answer, lost);
  if (refusal) throw refusal;
  const parsed = request.answer.safeParse(answer.body);
  if (!parsed.success) {
    throw new PlatformError("unavailable", "The platform answered something we could not read.", {
      effect: lost,
      code: "unreadable",
      cause: parsed.error,
    });
  }
  return parsed.data;
}

/** What a status means where the platform's table says nothing more. A 5xx after a write proves nothing either way. */
export function explainStatus(
  { status, headers }: Pick<Answer, "status" | "headers">,
  lost: Effect,
): PlatformError | null {
  if (status >= 200 && status < 300) return null;
  const code = String(status);
  if (status === 401) {
    return new PlatformError("reconnect", "The platform no longer accepts this connection.", {
      code,
      tokenRefused: true,
    });
  }
  if (status === 429) {
    return new PlatformError("slow_down", "The platform asked us to slow down.", {
      code,
      ...retryAfter(headers),
    });
  }
  if (status === 408 || status >= 500) {
    return new PlatformError("unavailable", "The platform has a problem at the moment.", {
      code,
      effect: lost,
      ...retryAfter(headers),
    });
  }
  // We never follow a redirect: it could carry a secret to a stranger.
  if (status < 400)
    return new PlatformError("unavailable", "The platform answered with a redirect.", { code, effect: lost });
  return new PlatformError("rejected", "The platform refused this request.", { code });
}

/** The wait a `Retry-After` header asks for: seconds or a date. */
export function retryAfter(headers: Pick<Headers, "get">, now = Date.now()): { retryAfterMs?: number } {
  const value = headers.get("retry-after");
  if (!value) return {};
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isFinite(ms) && ms > 0 ? { retryAfterMs: ms } : {};
}

/** Ids are strings end to end: a number beyond 2^53 keeps its digits, a smaller one is spelled out. */
export const RemoteId = z.union([z.string().min(1), z.number().transform(String)]);

/** Parses JSON so that an integer too large for a double arrives as the string of its digits; undefined when it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text, (_key, value: unknown, context?: { source?: string }) =>
      typeof value === "number" && !Number.isSafeInteger(value) && /^-?\d+$/.test(context?.source ?? "")
        ? context?.source
        : value,
    );
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function encode<T>(request: Call<T>, headers: Record<string, string>): BodyInit | null {
  if (request.stream) {
    headers["content-type"] = request.stream.type;
    headers["content-length"] = String(request.stream.bytes);
    return request.stream.open();
  }
  if (request.multipart) return encodeParts(request.multipart, headers);
  if (request.json !== undefined) {
    headers["content-type"] = "application/json";
    return JSON.stringify(request.json);
  }
  if (request.form) {
    headers["content-type"] = "application/x-www-form-urlencoded";
    const fields = Object.entries(request.form).filter(
      (field): field is [string, string] => field[1] !== undefined,
    );
    return new URLSearchParams(fields).toString();
  }
  return null;
}

/** multipart/form-data (RFC 7578) with its length known beforehand, and files read only while they are sent. */
function encodeParts(parts: FormPart[], headers: Record<string, string>): BodyInit {
  const boundary = `carillon-${randomBytes(16).toString("hex")}`;
  const quoted = (text: string) =>
    text.replace(
      /["\r\n]/g,
      (found) => `%${found.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
    );
  const opening = (part: FormPart): Buffer =>
    Buffer.from(
      `--${boundary}\r\ncontent-disposition: form-data; name="${quoted(part.name)}"` +
        ("open" in part ? `; filename="${quoted(part.filename)}"\r\ncontent-type: ${part.type}` : "") +
        `\r\n\r\n${"open" in part ? "" : part.value}`,
    );
  const closing = Buffer.from(`--${boundary}--\r\n`);
  const length = parts.reduce(
    (sum, part) => sum + opening(part).byteLength + ("open" in part ? part.bytes : 0) + 2,
    closing.byteLength,
  );
  headers["content-type"] = `multipart/form-data; boundary=${boundary}`;
  headers["content-length"] = String(length);
  return (async function* () {
    for (const part of parts) {
      yield opening(part);
      if ("open" in part) yield* part.open();
      yield Buffer.from("\r\n");
    }
    yield closing;
  })();
}

async function readText(response: Awaited<ReturnType<typeof fetch>>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_ANSWER_BYTES) throw new Error("The answer is longer than any this platform should send.");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Failures that happen before the first byte leaves: the platform cannot have acted. */
const BEFORE_CONNECTING = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
  "CERT_HAS_EXPIRED",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

function neverConnected(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ("code" in cause && typeof cause.code === "string" && BEFORE_CONNECTING.has(cause.code)) return true;
    if (cause instanceof AggregateError && cause.errors.length > 0 && cause.errors.every(neverConnected))
      return true;
  }
  return false;
}
