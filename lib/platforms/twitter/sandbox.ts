/** X as a simulator: its people, its addresses, and who it says you are. */
import {
  type Answer,
  type Call,
  findPublication,
  html,
  isAnswer,
  json,
  type Person,
  permalink,
  type Route,
  redirect,
  type Simulator,
  strangeParam,
} from "@/lib/sandbox/kit";
import {
  failure,
  forbidden,
  invalidRequest,
  NOT_PERMITTED,
  problem,
  signedIn,
  tooManyRequests,
} from "./sandbox/answers";
import { knobs, setting } from "./sandbox/knobs";
import { withLimits } from "./sandbox/limits";
import {
  appendMedia,
  describeMedia,
  finalizeMedia,
  initializeMedia,
  mediaStatus,
  uploadMedia,
} from "./sandbox/media";
import {
  allowConsent,
  checkConsent,
  denyConsent,
  exchange,
  ISSUER,
  revoke,
  tokenOperation,
} from "./sandbox/oauth";
import { createPost, deletePost } from "./sandbox/posts";
import { getPost, listPosts } from "./sandbox/timeline";

// The former names still answer.
const apiHosts = ["api.x.com", "api.twitter.com"];
const webHosts = ["x.com", "twitter.com"];
const imageHost = "pbs.twimg.com";

/** `details` may be overridden per person: subscription_type, verified, protected; suspended and locked bar them. */
const people: Person[] = [
  {
    id: "1846023975518208001",
    username: "adabell",
    name: "Ada Bell",
    about: "Rings changes. Posts within 280.",
    details: { subscription_type: "None", verified: false, verified_type: "none", protected: false },
  },
  {
    id: "1846023975518208002",
    username: "chimecafe",
    name: "Chime Café",
    about: "Coffee on the hour. Premium, so long posts are fine.",
    details: { subscription_type: "Premium", verified: true, verified_type: "blue", protected: false },
  },
  {
    id: "1846023975518208003",
    username: "otto_klang",
    name: "Otto Klang",
    about: "Founder of bells.",
    details: { subscription_type: "None", verified: false, verified_type: "none", protected: false },
  },
];

const userFields = (
  "affiliation connection_status confirmed_email created_at description entities id is_identity_verified location " +
  "most_recent_tweet_id name parody pinned_tweet_id profile_banner_url profile_image_url protected public_metrics " +
  "receives_your_dm subscription subscription_type url username verified verified_followers_count verified_type " +
  "withheld"
).split(" ");

/** Pictures come whole, also as base64; a longer body than this is not even read. */
const maxUploadBytes = 33_554_432;
/** A segment of 8 MB, and the form around it. */
const maxAppendBytes = 8_404_992;

const mediaRoutes: Route[] = [
  {
    operation: "upload_media",
    method: "POST",
    path: "/2/media/upload",
    hosts: apiHosts,
    takes: "parts",
    maxBodyBytes: maxUploadBytes,
    handle: uploadMedia,
  },
  {
    operation: "media_status",
    method: "GET",
    path: "/2/media/upload",
    hosts: apiHosts,
    handle: mediaStatus,
  },
  {
    operation: "initialize_media",
    method: "POST",
    path: "/2/media/upload/initialize",
    hosts: apiHosts,
    handle: initializeMedia,
  },
  {
    operation: "append_media",
    method: "POST",
    path: "/2/media/upload/:id/append",
    hosts: apiHosts,
    takes: "parts",
    maxBodyBytes: maxAppendBytes,
    handle: appendMedia,
  },
  {
    operation: "finalize_media",
    method: "POST",
    path: "/2/media/upload/:id/finalize",
    hosts: apiHosts,
    handle: finalizeMedia,
  },
  {
    operation: "media_metadata",
    method: "POST",
    path: "/2/media/metadata",
    hosts: apiHosts,
    handle: describeMedia,
  },
];

export const twitterSandbox: Simulator = {
  platform: "twitter",
  name: "X",
  hosts: [...apiHosts, ...webHosts, imageHost],
  issuer: ISSUER,
  clientEnv: { id: "TWITTER_CLIENT_ID", secret: "TWITTER_CLIENT_SECRET" },
  people,
  operations: [
    "authorize",
    "consent",
    "token",
    "refresh",
    "revoke",
    "me",
    "create_tweet",
    "list_tweets",
    "get_tweet",
    "delete_tweet",
    "upload_media",
    "initialize_media",
    "append_media",
    "finalize_media",
    "media_status",
    "media_metadata",
    "permalink",
    "avatar",
  ],
  consent: {
    hosts: webHosts,
    path: "/i/oauth2/authorize",
    check: checkConsent,
    allow: allowConsent,
    deny: denyConsent,
  },
  routes: [
    { operation: tokenOperation, method: "POST", path: "/2/oauth2/token", hosts: apiHosts, handle: exchange },
    { operation: "revoke", method: "POST", path: "/2/oauth2/revoke", hosts: apiHosts, handle: revoke },
    { operation: "me", method: "GET", path: "/2/users/me", hosts: apiHosts, handle: me },
    { operation: "create_tweet", method: "POST", path: "/2/tweets", hosts: apiHosts, handle: createPost },
    {
      operation: "list_tweets",
      method: "GET",
      path: "/2/users/:id/tweets",
      hosts: apiHosts,
      handle: listPosts,
    },
    { operation: "get_tweet", method: "GET", path: "/2/tweets/:id", hosts: apiHosts, handle: getPost },
    {
      operation: "delete_tweet",
      method: "DELETE",
      path: "/2/tweets/:id",
      hosts: apiHosts,
      handle: deletePost,
    },
    ...mediaRoutes,
    { operation: "permalink", method: "GET", path: "/i/web/status/:id", hosts: webHosts, handle: showPost },
    {
      operation: "permalink",
      method: "GET",
      path: "/:username/status/:id",
      hosts: webHosts,
      handle: showPost,
    },
    {
      operation: "avatar",
      method: "GET",
      path: "/profile_images/:id/:file",
      hosts: [imageHost],
      handle: avatar,
    },
  ],
  knobs,
  notFound: () => problem(404, "Not Found", "Not Found"),
  failure,
  rateLimited: tooManyRequests,
  finish: withLimits,
};

function me(call: Call): Answer {
  const person = signedIn(call, ["tweet.read", "users.read"]);
  if (isAnswer(person)) return person;
  const strange = strangeParam(call.query, ["user.fields"]);
  if (strange !== null) return invalidRequest(`The query parameter [${strange}] is not one of [user.fields]`);
  const asked = call.query.get("user.fields")?.split(",") ?? [];
  const stranger = asked.find((name) => !userFields.includes(name));
  if (stranger !== undefined) {
    const message = `The \`user.fields\` query parameter value [${stranger}] is not one of [${userFields.join(",")}]`;
    return invalidRequest(message, { "user.fields": [stranger] });
  }
  const plan = setting(call, "subscriptionField");
  // Some plans do not have this field at all.
  if (plan === "refused" && asked.includes("subscription_type")) return forbidden(NOT_PERMITTED);
  const known: Record<string, unknown> = {
    id: person.id,
    name: person.name,
    username: person.username,
    description: person.about,
    created_at: "2024-10-15T03:00:00.000Z",
    profile_image_url: `${call.sandboxOrigin}/${imageHost}/profile_images/${person.id}/bell_normal.svg`,
    ...person.details,
    subscription_type: plan === "given" ? person.details?.subscription_type : undefined,
  };
  return json(200, {
    data: Object.fromEntries(["id", "name", "username", ...asked].map((name) => [name, known[name]])),
  });
}

/** The address people share; the name in it does not matter to X. */
function showPost(call: Call): Answer {
  const id = call.params.id ?? "";
  return findPublication(call, id) === null
    ? html(
        404,
        "<!doctype html><html lang=en><title>Not found</title><h1>This page doesn’t exist.</h1></html>",
      )
    : redirect(permalink(call, id));
}

function avatar(call: Call): Answer {
  const person = people.find(({ id }) => id === call.params.id);
  if (person === undefined) return html(404, "");
  const svg =
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48"><rect width="48" height="48" fill="#2f6f62"/>' +
    `<text x="24" y="32" font-family="sans-serif" font-size="22" fill="#fff" text-anchor="middle">${person.name.charAt(0)}</text></svg>`;
  return { status: 200, headers: { "content-type": "image/svg+xml" }, body: svg };
}
