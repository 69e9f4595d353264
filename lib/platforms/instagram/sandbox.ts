/**
 * The simulated Instagram, behind both of its log-ins: its own (graph.instagram.com) and Facebook's (graph.facebook.com,
 * where Facebook's simulator issues the tokens). Tokens are in sandbox/oauth, posts in sandbox/containers and sandbox/media.
 * Knobs: processingMs, containerError, createError, publishError, deleteError (subcodes), containerLimit, quotaTotal,
 * listLagMs, commentLimits, usedPercent, earlyRefreshCode, tokenShape and profileShape ("flat" or "data").
 */
import { refusalPage } from "@/lib/sandbox/consent";
import {
  type Answer,
  type Call,
  isAnswer,
  knob,
  permalink,
  personById,
  type Route,
  redirect,
  type Simulator,
} from "@/lib/sandbox/kit";
import { graphError, instagramAccounts, isInstagrams } from "@/lib/sandbox/meta";
import { callbackUrl, HOUR, issueCode } from "@/lib/sandbox/oauth";
import {
  addComment,
  addReply,
  deleteComment,
  hideComment,
  listComments,
  listReplies,
  readComment,
} from "./sandbox/comments";
import {
  containerFetches,
  createContainer,
  readContainer,
  uploadFetches,
  uploadVideo,
} from "./sandbox/containers";
import { badToken, missingObject, plainRefusal, unknownPath, uploadRefusal } from "./sandbox/errors";
import {
  accountInPath,
  admit,
  answerNode,
  facebookHost,
  graph,
  instagramHost,
  type Node,
  onShelf,
  servedVersion,
  uploadHost,
  usageHeaders,
  usedPercent,
} from "./sandbox/graph";
import {
  changeMedia,
  deleteMedia,
  listMedia,
  listStories,
  publishContainer,
  readMedia,
  readQuota,
  shortcode,
} from "./sandbox/media";
import { listSubscribed, subscribe, unsubscribe } from "./sandbox/messaging/access";
import { cdnHost, pictureHost, serveFile, showFace } from "./sandbox/messaging/media";
import {
  deleteBreakers,
  listConversations,
  readBreakers,
  readConversation,
  readMessage,
  readProfile,
  setBreakers,
} from "./sandbox/messaging/reading";
import { sendFetches, sendMessage, sendOperation } from "./sandbox/messaging/send";
import { checkConsent, exchangeCode, exchangeLong, refresh } from "./sandbox/oauth";

const siteHost = "www.instagram.com";
const exchangeHost = "api.instagram.com";
const issuer = "https://www.instagram.com";

type Thing = "container" | "media" | "comment" | "account" | "message" | "conversation" | "person";

/** What one does with a thing by its id: the operation and its handler. */
type Deeds = Record<Thing, [operation: string, handle: Route["handle"]]>;

const unsupported = (call: Call): Answer => missingObject(call, call.params["id"] ?? "");

const reads: Deeds = {
  container: ["container_status", readContainer],
  media: ["media", readMedia],
  comment: ["comments", readComment],
  account: ["me", readAccount],
  message: ["message", readMessage],
  conversation: ["conversation", readConversation],
  person: ["profile", readProfile],
};
const changes: Deeds = {
  container: ["unknown", unsupported],
  media: ["moderate", changeMedia],
  comment: ["moderate", hideComment],
  account: ["unknown", unsupported],
  message: ["unknown", unsupported],
  conversation: ["unknown", unsupported],
  person: ["unknown", unsupported],
};
const deletions: Deeds = {
  container: ["unknown", unsupported],
  media: ["delete", deleteMedia],
  comment: ["delete_comment", deleteComment],
  account: ["unknown", unsupported],
  message: ["unknown", unsupported],
  conversation: ["unknown", unsupported],
  person: ["unknown", unsupported],
};

const messagingOperations = [
  "subscribe",
  "subscribed",
  "unsubscribe",
  "send",
  "sender_action",
  "private_reply",
  "profile",
  "conversations",
  "conversation",
  "message",
  "ice_breakers",
  "cdn",
  "face",
];

/** What each does is said in lib/sandbox/control-messaging.ts. */
const messagingKnobs = {
  webhooks: "on",
  webhookUrl: "",
  webhookBatch: 1,
  webhookCopies: 1,
  webhookOrder: "kept",
  webhookConnections: 4,
  webhookDelayMs: 0,
  webhookRetryMs: 1_000,
  webhookTimeoutMs: 5_000,
  webhookUnsubscribeAfterMs: 3_600_000,
  echo: "after",
  echoDelayMs: 200,
  signWith: "instagram",
  dashboardFields: "",
  dashboardFieldsMeta: "",
  envelope: "object",
  commentShape: "changes",
  commentIdKey: "id",
  numEdit: "string",
  unsupportedShape: "plain",
  humanAgent: false,
  multiImage: true,
  sendError: "",
  rateError: "rate",
  sendPerSecond: 100,
  mediaPerSecond: 10,
  conversationsPerSecond: 2,
  privateRepliesPerHour: 750,
  cdnLifeMs: 604_800_000,
};

export const instagramSandbox: Simulator = {
  platform: "instagram",
  name: "Instagram",
  hosts: [siteHost, exchangeHost, instagramHost, facebookHost, uploadHost, cdnHost, pictureHost],
  issuer,
  clientEnv: { id: "INSTAGRAM_APP_ID", secret: "INSTAGRAM_APP_SECRET" },
  claims: (call) => !call.host.endsWith(".facebook.com") || isInstagrams(call),
  removal: {
    paths: {
      deauthorize: "/api/webhooks/instagram/deauthorize",
      "data-deletion": "/api/webhooks/instagram/data-deletion",
    },
    // Not the account's id but the person's with this app.
    userId: (id) => instagramAccounts.find((account) => account.id === id)?.appScopedId ?? id,
  },
  people: instagramAccounts.map(({ id, username, name }) => ({ id, username, name })),
  operations: [
    "token",
    "exchange_long",
    "refresh",
    "me",
    "create_container",
    "upload",
    "container_status",
    "publish",
    "quota",
    "media",
    "list",
    "stories",
    "delete",
    "comment",
    "reply",
    "comments",
    "moderate",
    "delete_comment",
    ...messagingOperations,
  ],
  consent: {
    hosts: [siteHost],
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
    {
      operation: "token",
      method: "POST",
      path: "/oauth/access_token",
      hosts: [exchangeHost],
      takes: "parts",
      handle: exchangeCode,
    },
    ...["", "/:version"].flatMap((version): Route[] => [
      own(`${version}/access_token`, "exchange_long", exchangeLong),
      own(`${version}/refresh_access_token`, "refresh", refresh),
    ]),
    {
      operation: "upload",
      method: "POST",
      path: "/ig-api-upload/:version/:id",
      hosts: [uploadHost],
      takes: "file",
      fetches: uploadFetches,
      handle: uploadVideo,
    },
    { operation: "page", method: "GET", path: "/p/:code", hosts: [siteHost], handle: showPost },
    { operation: "page", method: "GET", path: "/reel/:code", hosts: [siteHost], handle: showPost },
    ...graph("GET", "/:id/content_publishing_limit", "quota", readQuota),
    ...graph("POST", "/:id/media_publish", "publish", publishContainer),
    ...graph("POST", "/:id/media", "create_container", createContainer, containerFetches),
    ...graph("GET", "/:id/media", "list", listMedia),
    ...graph("GET", "/:id/stories", "stories", listStories),
    ...graph("POST", "/:id/comments", "comment", addComment),
    ...graph("GET", "/:id/comments", "comments", listComments),
    ...graph("POST", "/:id/replies", "reply", addReply),
    ...graph("GET", "/:id/replies", "comments", listReplies),
    ...graph("POST", "/:id/subscribed_apps", "subscribe", subscribe),
    ...graph("GET", "/:id/subscribed_apps", "subscribed", listSubscribed),
    ...graph("DELETE", "/:id/subscribed_apps", "unsubscribe", unsubscribe),
    ...graph("POST", "/:id/messages", sendOperation, sendMessage, sendFetches),
    ...graph("GET", "/:id/conversations", "conversations", listConversations),
    ...graph("POST", "/:id/messenger_profile", "ice_breakers", setBreakers),
    ...graph("GET", "/:id/messenger_profile", "ice_breakers", readBreakers),
    ...graph("DELETE", "/:id/messenger_profile", "ice_breakers", deleteBreakers),
    { operation: "cdn", method: "GET", path: "/ig_messaging_cdn/", hosts: [cdnHost], handle: serveFile },
    { operation: "face", method: "GET", path: "/v/:id/picture.svg", hosts: [pictureHost], handle: showFace },
    ...byId("GET", reads),
    ...byId("POST", changes),
    ...byId("DELETE", deletions),
  ],
  knobs: {
    processingMs: 300,
    containerError: 0,
    createError: 0,
    publishError: 0,
    deleteError: 0,
    containerLimit: 400,
    quotaTotal: 50,
    listLagMs: 0,
    commentLimits: true,
    usedPercent: 3,
    earlyRefreshCode: 100,
    tokenShape: "flat",
    profileShape: "flat",
    ...messagingKnobs,
  },
  notFound: unknownPath,
  failure: (call, status) => {
    if (call.host === exchangeHost) return plainRefusal(status, "An error occurred");
    if (call.host === uploadHost) return uploadRefusal(status, "An error occurred", status >= 500);
    if (status === 401) return badToken("The session is invalid");
    return graphError(status, {
      message: "An unexpected error has occurred. Please retry your request later.",
      type: "OAuthException",
      code: status >= 500 ? 2 : status === 403 ? 10 : status === 429 ? 4 : 100,
      is_transient: status >= 500,
    });
  },
  rateLimited: (call, retryAfterMs) => {
    if (call.host === exchangeHost) return plainRefusal(429, "Too many requests");
    const answer = graphError(429, {
      message: "There have been too many calls to this Instagram account. Wait a bit and try again.",
      type: "OAuthException",
      // Messages count among Messenger's limits.
      code: messagingOperations.includes(call.operation) ? 80_006 : 80_002,
      is_transient: false,
    });
    const minutes = Math.ceil(retryAfterMs / 60_000);
    return { ...answer, headers: { ...answer.headers, ...usageHeaders(call, 100, minutes) } };
  },
  finish: (call, answer) => {
    if (call.host !== instagramHost && call.host !== facebookHost) return answer;
    const version = servedVersion(call);
    return {
      ...answer,
      headers: {
        ...(version === null ? {} : { "facebook-api-version": version }),
        ...usageHeaders(call, usedPercent(call), 0),
        ...answer.headers,
      },
    };
  },
};

function own(path: string, operation: string, handle: Route["handle"]): Route {
  return { operation, method: "GET", path, hosts: [instagramHost], handle };
}

/** Routes for things that are told apart by what lies under the id. */
function byId(method: Route["method"], deeds: Deeds): Route[] {
  return graph(
    method,
    "/:id",
    (call) => deeds[thingInPath(call)][0],
    (call) => deeds[thingInPath(call)][1](call),
  );
}

function thingInPath(call: Call): Thing {
  const id = call.params["id"] ?? "";
  if (onShelf(call, "containers", id) !== null) return "container";
  if (onShelf(call, "media", id) !== null) return "media";
  if (onShelf(call, "comments", id) !== null) return "comment";
  if (onShelf(call, "messages", id) !== null) return "message";
  if (onShelf(call, "conversations", id) !== null) return "conversation";
  return onShelf(call, "scoped_ids", id) === null ? "account" : "person";
}

/** GET /me at Instagram's own host, GET /{account} at both */
function readAccount(call: Call): Answer {
  const admitted = admit(call, ["fields"], "read");
  if (isAnswer(admitted)) return admitted;
  const id = accountInPath(call, admitted);
  if (typeof id !== "string") return id;
  const answer = answerNode(admitted.params, accountNode(call, id));
  // Meta's example wraps it, and those who call it see it flat.
  const isWrapped = answer.status === 200 && knob<string>(call, "profileShape", "flat") === "data";
  return isWrapped ? { ...answer, body: `{"data":[${answer.body}]}` } : answer;
}

function accountNode(call: Call, id: string): Node {
  const person = personById(call, id);
  const account = instagramAccounts.find((one) => one.id === id);
  const posts = call.world.publications.filter(
    ({ personId, replyTo, deletedAt }) => personId === id && replyTo === null && deletedAt === null,
  );
  const details = person?.details ?? {};
  const isOwn = call.host === instagramHost;
  return {
    // At Instagram's own host `id` is the app-scoped one, and `user_id` the account's.
    id: isOwn ? account?.appScopedId : id,
    ...(isOwn ? { user_id: id, account_type: details["account_type"] ?? "BUSINESS" } : {}),
    username: person?.username,
    name: person?.name,
    biography: person?.about,
    website: undefined,
    has_profile_pic: details["picture"] !== undefined,
    profile_picture_url: details["picture"],
    followers_count: details["followers_count"] ?? 0,
    follows_count: details["follows_count"] ?? 0,
    media_count: posts.length,
  };
}

/** A post's public page. */
function showPost(call: Call): Answer {
  const code = call.params["code"] ?? "";
  const found = call.world.publications.find(
    ({ id, replyTo, deletedAt }) => replyTo === null && deletedAt === null && shortcode(id) === code,
  );
  return found === undefined
    ? refusalPage(call, "Instagram", "This post is not there.", 404)
    : redirect(permalink(call, found.id));
}
