import "server-only";
import { AppError } from "@/lib/errors";

/** What Meta signs is a few hundred bytes. */
const MAX_FORM_BYTES = 64 * 1024;

/**
 * One field of a form that a platform sends: there exactly once.
 * @throws AppError 415 for another type, 413 when it is too long, 400 when the field is missing or doubled
 */
export async function formField(request: Request, name: string): Promise<string> {
  if (!/^application\/x-www-form-urlencoded\b/i.test(request.headers.get("content-type") ?? ""))
    throw new AppError(415, "not_a_form", "Send a form.");
  if (Number(request.headers.get("content-length") ?? 0) > MAX_FORM_BYTES) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_FORM_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  const values = new URLSearchParams(Buffer.concat(chunks).toString("utf8")).getAll(name);
  const [value] = values;
  if (values.length !== 1 || !value) throw new AppError(400, "malformed", `Send ${name}, once.`);
  return value;
}

const tooLarge = () => new AppError(413, "too_large", "This form is larger than 64 KB.");
