/** Whom the simulated Instagram lets at messages, and which of its events an account sends to the app. */
import { type Answer, type Call, isAnswer, json } from "@/lib/sandbox/kit";
import { graphError, pages } from "@/lib/sandbox/meta";
import { badToken, invalidParam, missingObject, missingPermission } from "../errors";
import { type Admitted, admit, facebookHost, type Need } from "../graph";
import { messagingError } from "./errors";
import { fieldsOf, type Login, letsAppsRead, permissionFor, subscriptionsIn } from "./webhooks";

export type Entered = Admitted & { account: string; login: Login };

/** Lets in the token of the account, at Facebook's host that of its Page. `me` is the token's own. */
export function enter(call: Call, allowed: readonly string[], need: Need): Entered | Answer {
  const admitted = admit(call, allowed, need);
  if (isAnswer(admitted)) return admitted;
  const { accounts, pageId } = admitted;
  const [account] = accounts;
  const login: Login = call.host === facebookHost ? "facebook" : "instagram";
  if (login === "facebook" && pageId === null) {
    return badToken("This endpoint requires a Page access token", { error_subcode: 2069032 });
  }
  const id = call.params["id"] ?? "";
  if (account === undefined) return missingObject(call, id);
  if ((need === "message" || need === "private_reply") && !letsAppsRead(call, account)) {
    return messagingError(call, "no_permission");
  }
  return { ...admitted, account, login };
}

/** The same, where the path names the account (at Facebook's host its Page). */
export function enterAt(call: Call, allowed: readonly string[], need: Need): Entered | Answer {
  const entered = enter(call, allowed, need);
  if (isAnswer(entered)) return entered;
  const id = call.params["id"] ?? "";
  const own = entered.login === "facebook" ? entered.pageId : entered.account;
  return id === "me" || id === own ? entered : missingObject(call, id);
}

/** POST /{account}/subscribed_apps */
export function subscribe(call: Call): Answer {
  const entered = enterAt(call, ["subscribed_fields"], "subscribe");
  if (isAnswer(entered)) return entered;
  const { login, account, params, scopes } = entered;
  const given = params.get("subscribed_fields") ?? "";
  const fields = listed(given);
  if (fields.length === 0) return invalidParam("The parameter subscribed_fields is required");
  const unknown = fields.find((field) => !fieldsOf[login].includes(field));
  if (unknown !== undefined) {
    return invalidParam(`Param subscribed_fields[0] must be one of {${fieldsOf[login].join(", ")}}`);
  }
  if (fields.some((field) => !scopes.includes(permissionFor(login, field)))) return missingPermission(call);
  if (login === "facebook" && !mayModerate(call, entered.pageId)) {
    return graphError(403, {
      message: "(#200) The person does not have the task MODERATE on this Page.",
      type: "OAuthException",
      code: 200,
    });
  }
  subscriptionsIn(call.world)[`${login}/${account}`] = { login, account, fields, at: call.now };
  return json(200, { success: true });
}

/** GET /{account}/subscribed_apps */
export function listSubscribed(call: Call): Answer {
  const entered = enterAt(call, ["fields"], "subscribe");
  if (isAnswer(entered)) return entered;
  const { login, account } = entered;
  const found = subscriptionsIn(call.world)[`${login}/${account}`];
  const id = call.clients[login]?.id ?? "";
  const data = found === undefined ? [] : [{ id, name: "Carillon", subscribed_fields: found.fields }];
  return json(200, { data });
}

/** DELETE /{account}/subscribed_apps */
export function unsubscribe(call: Call): Answer {
  const entered = enterAt(call, ["subscribed_fields"], "subscribe");
  if (isAnswer(entered)) return entered;
  const { login, account } = entered;
  delete subscriptionsIn(call.world)[`${login}/${account}`];
  return json(200, { success: true });
}

/** A comma list, or one in JSON. */
function listed(text: string): string[] {
  const plain = /^\[.*\]$/s.test(text) ? text.slice(1, -1).replaceAll('"', "") : text;
  return plain
    .split(",")
    .map((field) => field.trim())
    .filter(Boolean);
}

/** `details.tasks` of the Page's owner at Facebook overrides what the Page says. */
function mayModerate(call: Call, pageId: string | null): boolean {
  const page = pages.find(({ id }) => id === pageId);
  const changed = call.worlds["facebook"]?.settings.people[page?.ownerId ?? ""]?.["tasks"];
  const own =
    typeof changed === "object" && changed !== null && !Array.isArray(changed)
      ? changed[page?.id ?? ""]
      : undefined;
  const tasks = Array.isArray(own) ? own.map(String) : (page?.tasks ?? []);
  return tasks.includes("MODERATE") || tasks.includes("MANAGE");
}
