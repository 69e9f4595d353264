/** How the simulated Graph API reads a request, whom it lets in, and how it refuses. */
import {
  type Answer,
  type Call,
  isAnswer,
  jsonBody,
  knob,
  type Publication,
  personById,
} from "@/lib/sandbox/kit";
import { graphError, graphParams, type MetaToken, metaToken, type Page, pages } from "@/lib/sandbox/meta";

export const knobs = {
  /** how long a video is processed */
  processingMs: 300,
  /** what the processing of every video ends with instead of success */
  processingError: "",
  /** reels stay upload_complete until they are finished, and are processed only then */
  processAfterFinish: false,
  /** how much of a video one transfer takes */
  chunkBytes: 1_048_576,
  /** Meta documents 10 MB; others were refused above 4 MB. */
  maxPhotoBytes: 10_485_760,
  /** what X-App-Usage and its sister say; from 100 on calls are refused */
  usagePercent: 1,
  /** the actor may not comment */
  commentsClosed: false,
};

/** A knob as it is set now. */
export const setting = <K extends keyof typeof knobs>(call: Call, name: K): (typeof knobs)[K] =>
  // safe: `knob` gives back the type of its fallback
  knob<string | number | boolean>(call, name, knobs[name]) as (typeof knobs)[K];

export type AsPage = { page: Page; token: MetaToken; params: URLSearchParams };

export const invalidParam = (message: string, error_subcode?: number): Answer =>
  graphError(400, {
    message: `(#100) ${message}`,
    type: "OAuthException",
    code: 100,
    ...(error_subcode === undefined ? {} : { error_subcode }),
  });

/** Gone, never there, or somebody else's: Meta says the same of all three. */
export const missingObject = (id: string): Answer =>
  graphError(400, {
    message: `Unsupported request. Object with ID '${id}' does not exist, cannot be loaded due to missing permissions, or does not support this operation`,
    type: "GraphMethodException",
    code: 100,
    error_subcode: 33,
  });

export const missingPermission = (code: 10 | 200, what: string): Answer =>
  graphError(403, { message: `(#${code}) ${what}`, type: "OAuthException", code });

export const tooMany = (code: 4 | 613 | 80001, message: string): Answer =>
  graphError(400, { message: `(#${code}) ${message}`, type: "OAuthException", code });

export const badToken = (message: string, error_subcode: number): Answer =>
  graphError(400, {
    message: `Error validating access token: ${message}`,
    type: "OAuthException",
    code: 190,
    error_subcode,
  });

/** Query, form, multipart fields and JSON as one; lists and objects of JSON as their text, as in a form. */
export function readParams(call: Call): URLSearchParams {
  const params = graphParams(call);
  for (const [name, value] of Object.entries(jsonBody(call) ?? {})) {
    params.append(name, typeof value === "string" ? value : JSON.stringify(value));
  }
  return params;
}

/** Lets in who has a live token with its proof, a person's or a Page's. */
export function admit(call: Call): { token: MetaToken; params: URLSearchParams } | Answer {
  const params = readParams(call);
  // Refused by every version since 27 October 2026.
  if (params.has("date_format")) return invalidParam("date_format is not supported.");
  const token = metaToken(call, params);
  if (isAnswer(token)) return token;
  if (token.pageId !== null && !reachablePages(call, token).some(({ id }) => id === token.pageId)) {
    return badToken("The user must be an administrator of the page in order to impersonate it.", 492);
  }
  if (setting(call, "usagePercent") >= 100) {
    return token.pageId === null
      ? tooMany(4, "Application request limit reached")
      : tooMany(80001, "There have been too many calls to this Page account. Wait a bit and try again.");
  }
  return { token, params };
}

/** Lets in a person's own token; a Page's has no such edge. */
export function admitPerson(call: Call): { token: MetaToken; params: URLSearchParams } | Answer {
  const admitted = admit(call);
  if (isAnswer(admitted) || admitted.token.pageId === null) return admitted;
  return invalidParam(
    `Tried accessing nonexisting field (${call.path.split("/").at(-1)}) on node type (Page)`,
  );
}

/** Lets in the Page's own token, where the person granted what is needed and may do it on this Page. */
export function admitPage(
  call: Call,
  pageId: string,
  need: { scopes: string[]; task?: string },
): AsPage | Answer {
  const admitted = admit(call);
  if (isAnswer(admitted)) return admitted;
  const { token, params } = admitted;
  const page = pages.find(({ id }) => id === (pageId === "me" ? token.pageId : pageId));
  if (token.pageId === null) return badToken("This endpoint requires a Page access token.", 2069032);
  if (page === undefined || page.id !== token.pageId) return missingObject(pageId);
  const missing = need.scopes.find((scope) => !token.scopes.includes(scope));
  if (missing !== undefined) {
    return missingPermission(call.method === "GET" ? 10 : 200, `Requires the permission ${missing}.`);
  }
  if (need.task !== undefined && !tasksOf(call, page).includes(need.task)) {
    return missingPermission(200, `The person does not have the task ${need.task} on this Page.`);
  }
  return { page, token, params };
}

export const toPublish = {
  scopes: ["pages_manage_posts", "pages_read_engagement"],
  task: "CREATE_CONTENT",
};
export const toRead = { scopes: ["pages_read_engagement"] };

/** The ticked Pages on which the person still has a role; `details.lostPages` takes roles away. */
export function reachablePages(call: Call, { personId, pageIds }: MetaToken): Page[] {
  const lost = personById(call, personId)?.details?.["lostPages"];
  const isLost = (id: string) => Array.isArray(lost) && lost.includes(id);
  return pages.filter(({ id, ownerId }) => ownerId === personId && pageIds.includes(id) && !isLost(id));
}

/** What the person may do there; `details.tasks` overrides it by Page id. */
export function tasksOf(call: Call, page: Page): string[] {
  const tasks = personById(call, page.ownerId)?.details?.["tasks"];
  const own =
    typeof tasks === "object" && tasks !== null && !Array.isArray(tasks) ? tasks[page.id] : undefined;
  return Array.isArray(own) ? own.map(String) : page.tasks;
}

/** A parameter that is yes or no. */
export function flag(params: URLSearchParams, name: string, otherwise: boolean): boolean | Answer {
  const value = params.get(name);
  if (value === null || value === "") return otherwise;
  if (["true", "1"].includes(value)) return true;
  if (["false", "0"].includes(value)) return false;
  return invalidParam(`Param ${name} must be a boolean.`);
}

/** Where Meta says times: 2026-11-21T06:44:33+0000 */
export const time = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, "+0000");

/** Which Page a publication is on. */
export const pageOf = ({ details }: Publication): string => String(details["page"]);
