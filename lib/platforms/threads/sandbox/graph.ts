/** How the simulated Threads Graph API reads a request and how it refuses one. */
import {
  type Answer,
  bearer,
  type Call,
  formBody,
  type Grant,
  json,
  type Person,
  personById,
  strangeParam,
} from "@/lib/sandbox/kit";
import { findToken } from "@/lib/sandbox/oauth";

type Admitted = { person: Person; grant: Grant; params: URLSearchParams };

type GraphError = {
  message: string;
  code: number;
  type?: string;
  error_subcode?: number;
  is_transient?: boolean;
  error_user_title?: string;
  error_user_msg?: string;
};

export function graphError(status: number, error: GraphError): Answer {
  const trace = `A${Math.abs(error.code * 7919 + (error.error_subcode ?? 0)).toString(36)}`;
  return json(status, {
    error: { type: "OAuthException", is_transient: false, ...error, fbtrace_id: trace },
  });
}

export const invalidParam = (message: string): Answer => graphError(400, { message, code: 100 });

export const missingObject = (id: string): Answer =>
  graphError(400, {
    message: `Unsupported request. Object with ID '${id}' does not exist, cannot be loaded due to missing permissions, or does not support this operation.`,
    type: "THApiException",
    code: 100,
    error_subcode: 33,
  });

export const missingPermission = (): Answer =>
  graphError(403, {
    message: "Application does not have permission for this action",
    type: "THApiException",
    code: 10,
  });

/** Flagged as not transient, and yet it passes when one waits. */
export const mediaNotFound = (id: string): Answer =>
  graphError(400, {
    message: "The requested resource does not exist",
    code: 24,
    error_subcode: 4279009,
    error_user_title: "Media Not Found",
    error_user_msg: `The media with id ${id} cannot be found.`,
  });

export const tooMany = (status: number): Answer =>
  graphError(status, { message: "Application request limit reached", code: 4, is_transient: true });

/**
 * Lets a request in when its parameters are known, its token lives, and the person granted all these scopes.
 * `params` are the query's and the form's together.
 */
export function admit(call: Call, allowed: readonly string[], scopes: readonly string[]): Admitted | Answer {
  const params = readParams(call);
  if (params === null) return invalidParam("Send the parameters in the query or as a form.");
  const strange = strangeParam(params, [...allowed, "access_token"]);
  if (strange !== null) return invalidParam(`Unexpected parameter: ${strange}`);
  const inParams = params.get("access_token");
  const inHeader = bearer(call);
  if (inParams !== null && inHeader !== null) return invalidParam("More than one access token was given.");
  const value = inParams ?? inHeader;
  if (value === null) {
    return graphError(400, {
      message: "An access token is required to request this resource.",
      code: 104,
    });
  }
  const found = findToken(call, value);
  if (found === null || found.state === "spent") return badToken("The access token could not be decrypted");
  if (found.state === "expired") return badToken("Session has expired", 463);
  if (found.state === "revoked") return badToken("The user has not authorized application", 458);
  const person = personById(call, found.grant.personId);
  if (person === null) return badToken("The session is invalid because the user logged out", 467);
  if (!scopes.every((scope) => found.grant.scopes.includes(scope))) return missingPermission();
  return { person, grant: found.grant, params };
}

/** The wanted fields of a node; `id` is always among them. */
export function pickFields(params: URLSearchParams, node: Record<string, unknown>): object | Answer {
  const wanted = (params.get("fields") ?? "id").split(",").map((field) => field.trim());
  const unknown = wanted.find((field) => !Object.hasOwn(node, field));
  if (unknown !== undefined) return invalidParam(`Tried accessing nonexistent field (${unknown})`);
  const names = wanted.includes("id") || !Object.hasOwn(node, "id") ? wanted : [...wanted, "id"];
  return Object.fromEntries(names.flatMap((name) => (node[name] === undefined ? [] : [[name, node[name]]])));
}

/** Whether `name` in a path means this person: "me" or their own id. */
export function isSelf(person: Person, name: string | undefined): boolean {
  return name === "me" || name === person.id;
}

export function badToken(why: string, error_subcode?: number): Answer {
  return graphError(401, {
    message: `Error validating access token: ${why}.`,
    code: 190,
    ...(error_subcode === undefined ? {} : { error_subcode }),
  });
}

function readParams(call: Call): URLSearchParams | null {
  const params = new URLSearchParams(call.query);
  if (call.body.byteLength === 0) return params;
  const form = formBody(call);
  if (form === null || call.method === "GET") return null;
  for (const [name, value] of form) params.append(name, value);
  return params;
}
