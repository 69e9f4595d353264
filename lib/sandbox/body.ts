/** How a request's body is read before its route sees it: whole, as parts of a form, or onto the disk. */
import { storeBytes, storeStream } from "./files";
import type { Call, Part, Route } from "./kit";

type Taking = Pick<Route, "takes"> & { maxBodyBytes: number };

/** Reads the body as the route takes it. False when it is longer than allowed. */
export async function takeBody(request: Request, route: Taking, call: Call): Promise<boolean> {
  if (route.takes === "file") {
    call.file = request.body ? await storeStream(call.fileDirectory, request.body) : null;
    return true;
  }
  const body = await readBody(request, route.maxBodyBytes);
  if (body === null) return false;
  const type = request.headers.get("content-type") ?? "";
  if (route.takes === "parts" && /^multipart\/form-data\b/i.test(type)) {
    call.parts = await partsOf(call, body, type);
  } else call.body = body;
  return true;
}

/** null when the body is not what its type says. */
async function partsOf(call: Call, body: Uint8Array, type: string): Promise<Part[] | null> {
  const form = await new Response(new Uint8Array(body), { headers: { "content-type": type } })
    .formData()
    .catch((error: unknown) => {
      if (error instanceof TypeError) return null;
      throw error;
    });
  if (form === null) return null;
  const parts: Part[] = [];
  for (const [name, value] of form) {
    if (typeof value === "string") {
      parts.push({ name, filename: null, type: "text/plain", text: value, file: null });
    } else {
      const file = storeBytes(call.fileDirectory, new Uint8Array(await value.arrayBuffer()));
      parts.push({ name, filename: value.name, type: value.type, text: "", file });
    }
  }
  return parts;
}

/** The body, or null when it is longer than allowed; then the rest of it is not read. */
export async function readBody(request: Request, maxBytes: number): Promise<Uint8Array | null> {
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) return null;
  if (request.body === null) return new Uint8Array();
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of request.body) {
    length += part.byteLength;
    if (length > maxBytes) return null;
    parts.push(part);
  }
  return new Uint8Array(Buffer.concat(parts));
}
