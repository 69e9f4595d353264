import "server-only";
import { nanoid } from "nanoid";
import { z } from "zod";
import { env } from "@/lib/env";
import { AppError, signInFirst } from "@/lib/errors";
import { log } from "@/lib/log";
import { type SignedIn, userOf } from "@/lib/session";

/**
 * Every route in one shape: who is it, is the input right, then one sentence. Errors become
 * `{ error: { code, message, remedy?, details? } }`; what we did not foresee becomes a number to quote, and the log keeps the rest.
 */
const MAX_BODY_BYTES = 1024 * 1024;

type Shape<P, Q, B> = { params?: z.ZodType<P>; query?: z.ZodType<Q>; body?: z.ZodType<B> };
type Given<P, Q, B> = { request: Request; user: SignedIn; params: P; query: Q; body: B; rawBody: string };
type NextContext = { params: Promise<Record<string, string | string[] | undefined>> };

export function route<P = undefined, Q = undefined, B = undefined>(
  shape: Shape<P, Q, B>,
  handle: (given: Given<P, Q, B>) => Promise<Response>,
) {
  return (request: Request, context: NextContext): Promise<Response> =>
    answered(request, async () => {
      refuseForeignWrites(request);
      const user = await userOf(request.headers);
      if (!user) throw signInFirst();
      const rawBody = shape.body ? await readBody(request) : "";
      return handle({
        request,
        user,
        // safe: where a schema is absent its type parameter is undefined
        params: (shape.params ? parse(shape.params, await context.params) : undefined) as P,
        query: (shape.query ? parse(shape.query, queryOf(request)) : undefined) as Q,
        body: (shape.body ? parse(shape.body, json(rawBody)) : undefined) as B,
        rawBody,
      });
    });
}

/** A route that asks for no session: it must say itself who may come in. */
export function openRoute(handle: (request: Request) => Promise<Response>) {
  return (request: Request): Promise<Response> => answered(request, () => handle(request));
}

export const Id = z.object({ id: z.uuid({ version: "v7", error: "This is not the id of anything here." }) });

/** JSON that no cache may keep. */
export function ok(
  body: unknown,
  init: { status?: number; headers?: Record<string, string> } = {},
): Response {
  return Response.json(body, {
    status: init.status ?? 200,
    headers: { "cache-control": "no-store", ...init.headers },
  });
}

async function answered(request: Request, work: () => Promise<Response>): Promise<Response> {
  try {
    const response = await work();
    if (!response.headers.has("cache-control")) response.headers.set("cache-control", "no-store");
    return response;
  } catch (error) {
    if (error instanceof AppError) {
      return ok(
        {
          error: {
            code: error.code,
            message: error.message,
            ...(error.remedy && { remedy: error.remedy }),
            ...(error.details !== undefined && { details: error.details }),
          },
        },
        { status: error.status },
      );
    }
    const reference = nanoid(10);
    log.error("route.failed", {
      reference,
      method: request.method,
      path: new URL(request.url).pathname,
      error,
    });
    return ok(
      {
        error: {
          code: "unexpected",
          message: `Something went wrong on our side. If it stays, quote ${reference}.`,
        },
      },
      { status: 500 },
    );
  }
}

/** A change must come from our own pages, or from a program that is no browser at all (no Origin, no Sec-Fetch-Site). */
function refuseForeignWrites(request: Request): void {
  if (request.method === "GET" || request.method === "HEAD") return;
  const site = request.headers.get("sec-fetch-site");
  const from = request.headers.get("origin");
  const foreign =
    (from !== null && from !== env().origin) || (site !== null && site !== "same-origin" && site !== "none");
  if (foreign)
    throw new AppError(403, "foreign_origin", "This request did not come from Carillon's own pages.");
}

async function readBody(request: Request): Promise<string> {
  const type = request.headers.get("content-type") ?? "";
  if (!/^application\/json\b/i.test(type)) {
    throw new AppError(415, "not_json", "Send JSON, with the header Content-Type: application/json.");
  }
  if (Number(request.headers.get("content-length") ?? 0) > MAX_BODY_BYTES) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_BODY_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

const tooLarge = () => new AppError(413, "too_large", "This request is larger than 1 MB.");

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AppError(400, "not_json", "The body is not valid JSON.", { cause });
  }
}

function parse<T>(schema: z.ZodType<T>, input: unknown): T {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map((issue) => ({ path: issue.path.join("."), message: issue.message }));
  throw new AppError(
    400,
    "invalid_request",
    issues[0]?.message ?? "The request is not in the expected form.",
    { details: { issues } },
  );
}

const queryOf = (request: Request): Record<string, string> =>
  Object.fromEntries(new URL(request.url).searchParams);
