/**
 * The simulated Threads: consent, tokens, profile. Containers are in sandbox/create, posts in sandbox/posts, refusals in
 * sandbox/graph. Knobs: processingMs, containerError, maxImageBytes, maxVideoBytes, lateImageErrors (a picture out of
 * reach shows in the container instead of being refused), replicationMs, listReplies, earlyRefreshCode.
 */
import { refusalPage } from "@/lib/sandbox/consent";
import {
  type Answer,
  type Call,
  type ConsentRequest,
  formBody,
  isAnswer,
  json,
  jsonText,
  knob,
  permalink,
  personById,
  type Route,
  redirect,
  type Simulator,
  strangeParam,
} from "@/lib/sandbox/kit";
import {
  callbackUrl,
  DAY,
  endGrant,
  findToken,
  HOUR,
  issueCode,
  issueToken,
  redeemCode,
  sameSecret,
} from "@/lib/sandbox/oauth";
import { findContainer, readContainer } from "./sandbox/containers";
import { createContainer, mediaAddresses } from "./sandbox/create";
import {
  admit,
  badToken,
  graphError,
  invalidParam,
  isSelf,
  missingObject,
  pickFields,
  tooMany,
} from "./sandbox/graph";
import { byShortcode, deleteMedia, listMedia, publishContainer, readMedia, readQuota } from "./sandbox/posts";

const graphHosts = ["graph.threads.net", "graph.threads.com"];
const siteHosts = ["threads.net", "www.threads.net"];
const issuer = "https://threads.net";
/** what the platform calls sixty days */
const longLifeSeconds = 5_183_944;
const scopes = [
  "threads_basic",
  "threads_content_publish",
  "threads_read_replies",
  "threads_manage_replies",
  "threads_manage_insights",
  "threads_delete",
  "threads_manage_mentions",
  "threads_keyword_search",
  "threads_location_tagging",
  "threads_profile_discovery",
  "threads_share_to_instagram",
];

export const threadsSandbox: Simulator = {
  platform: "threads",
  name: "Threads",
  hosts: [...siteHosts, ...graphHosts],
  issuer,
  clientEnv: { id: "THREADS_APP_ID", secret: "THREADS_APP_SECRET" },
  removal: {
    paths: {
      deauthorize: "/api/webhooks/threads/deauthorize",
      "data-deletion": "/api/webhooks/threads/data-deletion",
    },
    userId: (id) => id,
  },
  // Odd numbers above 2^53: whoever reads them as JavaScript numbers gets other people.
  people: [
    { id: "17841405793187219", username: "adabell", name: "Ada Bell", about: "Rings every morning." },
    { id: "17841409876543211", username: "chimecafe", name: "Chime Café", about: "Coffee on the hour." },
    { id: "17841401122334457", username: "campanile", name: "Campanile Books" },
  ],
  operations: [
    "token",
    "exchange_long",
    "refresh",
    "me",
    "create_container",
    "container_status",
    "publish",
    "list",
    "media",
    "delete",
    "quota",
  ],
  consent: {
    hosts: siteHosts,
    path: "/oauth/authorize",
    check: checkConsent,
    allow: (call, request, choice) =>
      `${callbackUrl(call, request, { code: issueCode(call, request, choice, HOUR).value }, issuer)}#_`,
    deny: (call, request) =>
      callbackUrl(
        call,
        request,
        {
          error: "access_denied",
          error_reason: "user_denied",
          error_description: "The user denied your request",
        },
        issuer,
      ),
  },
  routes: [
    // Both with and without the version: the token endpoints are used either way.
    ...["", "/v1.0"].flatMap((version): Route[] => [
      graph("POST", `${version}/oauth/access_token`, "token", exchangeCode),
      graph("GET", `${version}/access_token`, "exchange_long", exchangeLong),
      graph("GET", `${version}/refresh_access_token`, "refresh", refresh),
    ]),
    graph("GET", "/v1.0/:user/threads_publishing_limit", "quota", readQuota),
    graph("POST", "/v1.0/:user/threads_publish", "publish", publishContainer),
    {
      ...graph("POST", "/v1.0/:user/threads", "create_container", createContainer),
      fetches: mediaAddresses,
    },
    graph("GET", "/v1.0/:user/threads", "list", listMedia),
    graph("GET", "/v1.0/:id", nodeOperation, readNode),
    graph("DELETE", "/v1.0/:id", "delete", deleteMedia),
    { operation: "page", method: "GET", path: "/:handle/post/:code", hosts: siteHosts, handle: showPost },
  ],
  knobs: {
    processingMs: 300,
    containerError: "",
    maxImageBytes: 8_388_608,
    maxVideoBytes: 1_073_741_824,
    lateImageErrors: false,
    replicationMs: 0,
    listReplies: false,
    earlyRefreshCode: 100,
  },
  notFound: () => graphError(404, { message: "Unknown path components", code: 2500, type: "OAuthException" }),
  failure: (_call, status) =>
    status === 401
      ? badToken("The session is invalid")
      : graphError(status, {
          message: "An unexpected error has occurred. Please retry your request later.",
          code: status >= 500 ? 2 : status === 403 ? 10 : 100,
          is_transient: status >= 500,
        }),
  rateLimited: (_call, retryAfterMs) => {
    const minutes = Math.ceil(retryAfterMs / 60_000);
    const answer = tooMany(429);
    const used = { call_count: 100, total_time: 100, total_cputime: 100 };
    return {
      ...answer,
      headers: {
        ...answer.headers,
        "x-app-usage": JSON.stringify(used),
        "x-business-use-case-usage": JSON.stringify({
          "17841405793187219": [{ type: "threads", ...used, estimated_time_to_regain_access: minutes }],
        }),
      },
    };
  },
};

function graph(
  method: Route["method"],
  path: string,
  operation: Route["operation"],
  handle: Route["handle"],
): Route {
  return { operation, method, path, hosts: graphHosts, handle };
}

function checkConsent(call: Call): ConsentRequest | Answer {
  const { query, client } = call;
  const refuse = (reason: string) => refusalPage(call, "Threads", reason);
  const strange = strangeParam(query, ["client_id", "redirect_uri", "scope", "response_type", "state"]);
  if (strange !== null) return refuse(`Unexpected parameter: ${strange}`);
  if (query.get("client_id") !== client.id) return refuse("Invalid app ID. error_code=1349026");
  if (query.get("redirect_uri") !== client.redirectUri) {
    return refuse("URL blocked: the redirect URI is not registered for this app.");
  }
  if (query.get("response_type") !== "code") return refuse("Invalid response_type: it must be code.");
  // Spaces are documented too, but reported not to work.
  const asked = (query.get("scope") ?? "").split(",");
  const unknown = asked.find((scope) => !scopes.includes(scope));
  if (unknown !== undefined) return refuse(`Invalid scope: ${unknown}`);
  if (!asked.includes("threads_basic")) return refuse("The scope threads_basic is required.");
  return {
    clientId: client.id,
    redirectUri: client.redirectUri,
    state: query.get("state"),
    scopes: [...new Set(asked)],
    optionalScopes: asked.filter((scope) => scope !== "threads_basic"),
    challenge: null,
  };
}

function exchangeCode(call: Call): Answer {
  const refuse = (error_message: string) =>
    json(400, { error_type: "OAuthException", code: 400, error_message });
  const form = formBody(call);
  if (form === null || call.query.size > 0) return refuse("Send the parameters as a form body");
  const strange = strangeParam(form, ["client_id", "client_secret", "grant_type", "redirect_uri", "code"]);
  if (strange !== null) return refuse(`Unexpected parameter: ${strange}`);
  if (form.get("client_id") !== call.client.id) return refuse("Invalid platform app");
  if (!sameSecret(form.get("client_secret") ?? "", call.client.secret)) {
    return refuse("Error validating client secret.");
  }
  if (form.get("grant_type") !== "authorization_code") return refuse("Invalid grant_type");
  const redeemed = redeemCode(
    call,
    {
      code: form.get("code") ?? "",
      clientId: call.client.id,
      redirectUri: form.get("redirect_uri") ?? "",
      verifier: null,
    },
    90 * DAY,
  );
  if ("refused" in redeemed) {
    if (redeemed.refused === "expired") return refuse("This authorization code has expired");
    if (redeemed.refused === "redirect_uri") {
      return refuse("Error validating verification code. Please make sure your redirect_uri is identical");
    }
    return refuse("Matching code was not found or was already used");
  }
  const token = issueToken(call, redeemed.grant, "short", HOUR);
  // An unquoted number with more digits than JavaScript keeps.
  const accessToken = JSON.stringify(token.value);
  return jsonText(200, `{"access_token":${accessToken},"user_id":${redeemed.grant.personId}}`);
}

function exchangeLong(call: Call): Answer {
  const { query } = call;
  const strange = strangeParam(query, ["grant_type", "client_secret", "access_token"]);
  if (strange !== null) return invalidParam(`Unexpected parameter: ${strange}`);
  if (query.get("grant_type") !== "th_exchange_token") return invalidParam("Invalid grant_type");
  if (!sameSecret(query.get("client_secret") ?? "", call.client.secret)) {
    return graphError(400, { message: "Error validating application. Invalid client secret.", code: 101 });
  }
  const found = findToken(call, query.get("access_token"));
  if (found === null || found.state === "revoked") return badToken("The access token could not be decrypted");
  if (found.state !== "live") return badToken("Session has expired", 463);
  if (found.token.kind !== "short") return invalidParam("The access token is not a short-lived one.");
  return longAnswer(issueToken(call, found.grant, "access", longLifeSeconds * 1_000).value);
}

function refresh(call: Call): Answer {
  const { query, world } = call;
  const strange = strangeParam(query, ["grant_type", "access_token"]);
  if (strange !== null) return invalidParam(`Unexpected parameter: ${strange}`);
  if (query.get("grant_type") !== "th_refresh_token") return invalidParam("Invalid grant_type");
  const found = findToken(call, query.get("access_token"));
  const rotation = world.settings.rotation;
  if (found?.state === "spent" && rotation === "reuse_kills_family") endGrant(call, found.grant);
  if (found === null || found.state === "revoked" || found.state === "spent") {
    return badToken("The access token could not be decrypted");
  }
  if (found.state === "expired") return badToken("Session has expired", 463);
  const { token, grant } = found;
  if (token.kind !== "access") return invalidParam("The access token is not a long-lived one.");
  if (!grant.scopes.includes("threads_basic"))
    return graphError(403, { message: "Missing threads_basic", code: 10 });
  if (call.now < token.issuedAt + DAY) {
    const code = knob(call, "earlyRefreshCode", 100);
    return graphError(400, { message: "The access token is less than 24 hours old.", code });
  }
  grant.expiresAt = call.now + 90 * DAY;
  const lifeMs = longLifeSeconds * 1_000;
  if (rotation === "never") {
    token.issuedAt = call.now;
    token.expiresAt = call.now + lifeMs;
    return longAnswer(token.value);
  }
  // The sheet does not say that the old string dies; the knob can make it.
  if (rotation === "always" || rotation === "reuse_kills_family") token.spentAt = call.now;
  if (rotation === "grace")
    token.expiresAt = Math.min(token.expiresAt ?? call.now + 60_000, call.now + 60_000);
  return longAnswer(issueToken(call, grant, "access", lifeMs).value);
}

function longAnswer(access_token: string): Answer {
  return json(200, { access_token, token_type: "bearer", expires_in: longLifeSeconds });
}

function nodeOperation(call: Call): string {
  const id = call.params["id"] ?? "";
  if (id === "me" || personById(call, id) !== null) return "me";
  return findContainer(call, id) === null ? "media" : "container_status";
}

function readNode(call: Call): Answer {
  const operation = nodeOperation(call);
  if (operation === "container_status") return readContainer(call);
  if (operation === "media") return readMedia(call);
  const admitted = admit(call, ["fields"], ["threads_basic"]);
  if (isAnswer(admitted)) return admitted;
  const { person, params } = admitted;
  if (!isSelf(person, call.params["id"])) return missingObject(call.params["id"] ?? "");
  const picked = pickFields(params, {
    id: person.id,
    username: person.username,
    name: person.name,
    threads_profile_picture_url: person.details?.["picture"],
    threads_biography: person.about,
    is_verified: person.details?.["is_verified"] ?? false,
  });
  return isAnswer(picked) ? picked : json(200, picked);
}

function showPost(call: Call): Answer {
  const publication = byShortcode(call, call.params["code"] ?? "");
  return publication === null
    ? refusalPage(call, "Threads", "This post is not there.", 404)
    : redirect(permalink(call, publication.id));
}
