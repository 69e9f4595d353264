/** How the simulated LinkedIn reads the fields of a JSON body, and how it words what is wrong with one. */
import type { Answer, Json } from "@/lib/sandbox/kit";
import { apiError, badRequest } from "./answers";

export type Fields = Record<string, Json>;

/** The value as an object with fields, or null. */
export function asFields(value: Json | undefined): Fields | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : null;
}

/** The first field that is not known, or null. */
export function unknownField(given: Fields, known: readonly string[]): string | null {
  return Object.keys(given).find((name) => !known.includes(name)) ?? null;
}

/** The refusal of an object with a field besides `known`, or null. `path` leads to it: "content/poll", or "" for the body. */
export function strangeFieldRefusal(given: Fields, known: readonly string[], path: string): Answer | null {
  const strange = unknownField(given, known);
  return strange === null ? null : unrecognized(`${path === "" ? "" : `/${path}`}/${strange}`);
}

export function unrecognized(path: string): Answer {
  return apiError(422, `ERROR :: ${path} :: unrecognized field found but not allowed`);
}

export function invalidValue(path: string): Answer {
  return badRequest(`ERROR :: /${path} :: the value is not allowed`, "INVALID_VALUE_FOR_FIELD");
}

export function missingField(path: string): Answer {
  return badRequest(`ERROR :: /${path} :: field is required but not found`, "MISSING_FIELD");
}

/** The refusal of what is no text, is missing or empty though `required`, or is longer than `max` characters; or null. */
export function textRefusal(
  value: Json | undefined,
  { path, max, required }: { path: string; max?: number; required: boolean },
): Answer | null {
  if (required && (value === undefined || value === null || value === "")) return missingField(path);
  if (value === undefined || value === null) return null;
  if (typeof value !== "string") return invalidValue(path);
  return max !== undefined && value.length > max
    ? badRequest(`ERROR :: /${path} :: longer than ${max} characters`, "FIELD_LENGTH_TOO_LONG")
    : null;
}
