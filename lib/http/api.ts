/** The browser's fetch: our own routes, JSON both ways, every failure as an ApiError that can be shown to a person. */

export type ApiProblem = { code: string; message: string; remedy: string | null; details: unknown };

/** Something one of our routes refused, or that never reached it (status 0). The message is for the person. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  /** The HTTP status; 0 when no answer came back. */
  readonly status: number;
  readonly code: string;
  readonly remedy: string | null;
  readonly details: unknown;

  constructor(status: number, problem: ApiProblem, cause?: unknown) {
    super(problem.message, cause === undefined ? undefined : { cause });
    this.status = status;
    this.code = problem.code;
    this.remedy = problem.remedy;
    this.details = problem.details;
  }
}

type Options = {
  method?: "GET" | "POST" | "PATCH" | "DELETE";
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
};

/**
 * Asks one of our routes.
 * @throws ApiError with the route's own words, or with status 0 when it is unknown whether the request arrived
 */
export async function api<T>(
  path: string,
  { method = "GET", body, headers, signal }: Options = {},
): Promise<T> {
  const response = await reach(path, {
    method,
    headers: {
      accept: "application/json",
      ...(body !== undefined && { "content-type": "application/json" }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(signal && { signal }),
  });
  const answer = await read(response);
  if (!response.ok) throw new ApiError(response.status, problemIn(answer, response.status));
  // safe: our own routes answer with the DTO their doc names; both ends share the type
  return answer as T;
}

/** The sentence to show for anything a query or mutation failed with. */
export const sentence = (error: unknown): string =>
  error instanceof ApiError ? error.message : "Something went wrong in this page. Reload it and try again.";

async function reach(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, { ...init, credentials: "same-origin" });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw lost(error);
  }
}

async function read(response: Response): Promise<unknown> {
  if (response.status === 204) return null;
  let text: string;
  try {
    text = await response.text();
  } catch (error) {
    throw lost(error);
  }
  if (text === "") return null;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ApiError(response.status, { ...UNREADABLE, remedy: "retry", details: null }, cause);
  }
}

const lost = (cause: unknown): ApiError =>
  new ApiError(
    0,
    {
      code: "no_answer",
      message: "Carillon did not answer. Check your connection, then try again.",
      remedy: "retry",
      details: null,
    },
    cause,
  );

const UNREADABLE = { code: "unreadable", message: "The answer could not be read. Try again in a moment." };

function problemIn(answer: unknown, status: number): ApiProblem {
  const error = isRecord(answer) && isRecord(answer["error"]) ? answer["error"] : {};
  return {
    code: text(error["code"]) ?? `http_${status}`,
    message: text(error["message"]) ?? `Carillon could not do this (${status}). Try again in a moment.`,
    remedy: text(error["remedy"]),
    details: error["details"] ?? null,
  };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;
const text = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);
