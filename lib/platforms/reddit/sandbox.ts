/**
 * Reddit as a simulator: its people, its addresses, and who it says you are. Consent and tokens are in sandbox/oauth,
 * communities in sandbox/subreddits, files in sandbox/media, submitting in sandbox/draft, sandbox/submit and
 * sandbox/refusals, reading back and deleting in sandbox/posts.
 */
import {
  type Answer,
  type Call,
  html,
  isAnswer,
  json,
  type Person,
  type Route,
  type Simulator,
} from "@/lib/sandbox/kit";
import {
  apiHost,
  failure,
  knobs,
  queryRefusal,
  signedIn,
  tooManyRequests,
  withLimits,
} from "./sandbox/answers";
import {
  leaseUpload,
  MAX_FORM_BYTES,
  socketHost,
  storageFailure,
  storageHost,
  storeUpload,
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
import { comment, del, info, showPost, submitted } from "./sandbox/posts";
import { submit, submitJson } from "./sandbox/submit";
import { about, linkFlairs, postRequirements, rules } from "./sandbox/subreddits";

const siteHost = "www.reddit.com";
const shortHost = "redd.it";
const imageHost = "styles.redditmedia.com";

/**
 * `details` may be overridden per person: is_suspended, has_verified_email, total_karma, banned_from and member_of
 * (lists of communities), and post_spacing_ms, which new accounts have to keep between two posts.
 */
const people: Person[] = [
  {
    id: "1f0xad4b3l",
    username: "adabell",
    name: "Ada Bell",
    about: "Rings changes, and writes about it.",
    details: {
      total_karma: 4_210,
      member_of: [],
      banned_from: [],
      is_suspended: false,
      has_verified_email: true,
      post_spacing_ms: 0,
    },
  },
  {
    id: "2c9hm3caf8",
    username: "chimecafe",
    name: "Chime Café",
    about: "Coffee on the hour. A member everywhere, but no longer welcome in r/ringers.",
    details: {
      total_karma: 18_733,
      member_of: ["carillonneurs", "belfry"],
      banned_from: ["ringers"],
      is_suspended: false,
      has_verified_email: true,
      post_spacing_ms: 0,
    },
  },
  {
    id: "3t0kl4ng7q",
    username: "otto_klang",
    name: "Otto Klang",
    about: "New here, so one post in ten minutes.",
    details: {
      total_karma: 1,
      member_of: [],
      banned_from: [],
      is_suspended: false,
      has_verified_email: true,
      post_spacing_ms: 600_000,
    },
  },
];

export const redditSandbox: Simulator = {
  platform: "reddit",
  name: "Reddit",
  hosts: [siteHost, apiHost, shortHost, imageHost, storageHost, socketHost],
  issuer: ISSUER,
  clientEnv: { id: "REDDIT_CLIENT_ID", secret: "REDDIT_CLIENT_SECRET" },
  people,
  operations: [
    "authorize",
    "consent",
    "token",
    "refresh",
    "revoke",
    "me",
    "about",
    "rules",
    "post_requirements",
    "flairs",
    "submit",
    "submit_gallery",
    "submit_poll",
    "media_asset",
    "upload",
    "submitted",
    "info",
    "del",
    "comment",
    "permalink",
    "avatar",
  ],
  consent: {
    hosts: [siteHost],
    path: "/api/v1/authorize",
    check: checkConsent,
    allow: allowConsent,
    deny: denyConsent,
  },
  routes: [
    site("POST", "/api/v1/access_token", tokenOperation, exchange),
    site("POST", "/api/v1/revoke_token", "revoke", revoke),
    api("GET", "/api/v1/me", "me", me),
    api("GET", "/api/v1/:sr/post_requirements", "post_requirements", postRequirements),
    api("GET", "/r/:sr/about", "about", about),
    api("GET", "/r/:sr/about/rules", "rules", rules),
    api("GET", "/r/:sr/api/link_flair_v2", "flairs", linkFlairs),
    api("POST", "/api/submit", "submit", submit),
    api("POST", "/api/submit_gallery_post.json", "submit_gallery", submitJson("gallery")),
    api("POST", "/api/submit_poll_post", "submit_poll", submitJson("poll")),
    api("POST", "/api/media/asset.json", "media_asset", leaseUpload),
    {
      operation: "upload",
      method: "POST",
      path: "/",
      hosts: [storageHost],
      takes: "parts",
      maxBodyBytes: MAX_FORM_BYTES,
      handle: storeUpload,
    },
    api("GET", "/user/:name/submitted", "submitted", submitted),
    api("GET", "/api/info", "info", info),
    api("POST", "/api/del", "del", del),
    api("POST", "/api/comment", "comment", comment),
    // People share these with and without the title in them, and with and without the last slash.
    ...["/r/:sr", "/user/:name"].flatMap((home) =>
      ["", "/:slug", "/:slug/:comment"].flatMap((rest) => [
        site("GET", `${home}/comments/:id${rest}`, "permalink", showPost),
        site("GET", `${home}/comments/:id${rest}/`, "permalink", showPost),
      ]),
    ),
    { operation: "permalink", method: "GET", path: "/:id", hosts: [shortHost], handle: showPost },
    { operation: "avatar", method: "GET", path: "/:id/icon.svg", hosts: [imageHost], handle: avatar },
  ],
  knobs,
  notFound: (call) => failureAt(call, 404),
  failure: failureAt,
  rateLimited: (call, retryAfterMs) =>
    call.host === storageHost ? storageFailure(call, 429) : tooManyRequests(call, retryAfterMs),
  finish: withLimits,
};

function api(
  method: Route["method"],
  path: string,
  operation: Route["operation"],
  handle: Route["handle"],
): Route {
  return { operation, method, path, hosts: [apiHost], handle };
}

function site(
  method: Route["method"],
  path: string,
  operation: Route["operation"],
  handle: Route["handle"],
): Route {
  return { operation, method, path, hosts: [siteHost], handle };
}

function me(call: Call): Answer {
  const person = signedIn(call, "identity");
  if (isAnswer(person)) return person;
  const wrong = queryRefusal(call);
  if (wrong !== null) return wrong;
  const { total_karma, is_suspended, has_verified_email } = person.details ?? {};
  return json(200, {
    name: person.username,
    id: person.id,
    // The entity in it is there whatever raw_json says.
    icon_img: `${call.sandboxOrigin}/${imageHost}/${person.id}/icon.svg?width=256&amp;s=1f2e`,
    is_suspended,
    total_karma,
    has_verified_email,
    created_utc: 1_728_961_200,
  });
}

/** The storage is another company's, and speaks XML. */
function failureAt(call: Call, status: number): Answer {
  return call.host === storageHost ? storageFailure(call, status) : failure(call, status);
}

function avatar(call: Call): Answer {
  const person = people.find(({ id }) => id === call.params.id);
  if (person === undefined) return html(404, "");
  const svg =
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48"><rect width="48" height="48" fill="#2f6f62"/>' +
    `<text x="24" y="32" font-family="sans-serif" font-size="22" fill="#fff" text-anchor="middle">${person.name.charAt(0)}</text></svg>`;
  return { status: 200, headers: { "content-type": "image/svg+xml" }, body: svg };
}
