/** What every control reads, and how it says no. */
import type { Context } from "hono";
import { readBody } from "./body";

const maxBodyBytes = 262_144;

/** What went wrong with a control request, to be answered as it is. */
export class Refused extends Error {
  constructor(
    readonly status: 400 | 403 | 404 | 413 | 415,
    message: string,
  ) {
    super(message);
  }
}

/** The JSON of a request. @throws Refused when it is none, or too long */
export async function input(c: Context, mostBytes = maxBodyBytes): Promise<unknown> {
  if (!/^application\/json\b/i.test(c.req.header("content-type") ?? "")) {
    throw new Refused(415, "Send application/json.");
  }
  const bytes = await readBody(c.req.raw, mostBytes);
  if (bytes === null) throw new Refused(413, "That is too long.");
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    if (error instanceof SyntaxError) throw new Refused(400, "That is not JSON.");
    throw error;
  }
}
