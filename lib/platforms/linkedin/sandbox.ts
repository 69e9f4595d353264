/**
 * LinkedIn as a simulator: its people, its addresses, and who it says you are. Consent and tokens are in
 * sandbox/oauth, organizations in sandbox/organizations, posts in sandbox/posts, sandbox/content and
 * sandbox/little-text, uploads in sandbox/assets.
 */
import {
  type Answer,
  type Call,
  findPublication,
  html,
  json,
  type Person,
  permalink,
  type Route,
  redirect,
  type Simulator,
} from "@/lib/sandbox/kit";
import {
  badRequest,
  denied,
  failure,
  knobs,
  noSuchResource,
  signedIn,
  tooManyRequests,
} from "./sandbox/answers";
import {
  getAsset,
  initializeUpload,
  siteHost,
  upload,
  uploadPart,
  videoAction,
  videoHost,
  videoOperation,
} from "./sandbox/assets";
import {
  allowConsent,
  checkConsent,
  denyConsent,
  exchange,
  ISSUER,
  revoke,
  tokenOperation,
} from "./sandbox/oauth";
import { listRoles, lookUpOrganizations } from "./sandbox/organizations";
import { createPost, deletePost, getPost } from "./sandbox/posts";

const siteHosts = [siteHost];
const apiHosts = ["api.linkedin.com"];
const imageHosts = ["media.licdn.com"];

const personPrefix = "urn:li:person:";

/**
 * Ids are URNs, as callers of the API name authors; /v2/userinfo says only the last part. `details.roles` (role by
 * organization URN) may be overridden per person.
 */
const people: Person[] = [
  {
    id: `${personPrefix}Ad4b3ll-7x`,
    username: "adabell",
    name: "Ada Bell",
    about: "Rings changes. Administers no organization.",
    details: { given_name: "Ada", family_name: "Bell", email: "ada@bells.example", roles: {} },
  },
  {
    id: `${personPrefix}cH1mEc4f3Q`,
    username: "celeste-chime",
    name: "Céleste Chime",
    about: "Coffee on the hour. Administers one organization.",
    details: {
      given_name: "Céleste",
      family_name: "Chime",
      email: "celeste@chimecafe.example",
      roles: { "urn:li:organization:107463920": "ADMINISTRATOR" },
    },
  },
  {
    id: `${personPrefix}0tt0_Kl4ng`,
    username: "otto-klang",
    name: "Otto Klang",
    about: "Founder of bells. Administers two organizations.",
    details: {
      given_name: "Otto",
      family_name: "Klang",
      email: "otto@klang.example",
      roles: {
        "urn:li:organization:107463921": "ADMINISTRATOR",
        "urn:li:organization:107463922": "ADMINISTRATOR",
      },
    },
  },
];

export const linkedinSandbox: Simulator = {
  platform: "linkedin",
  name: "LinkedIn",
  hosts: [...siteHosts, ...apiHosts, ...imageHosts, videoHost],
  issuer: ISSUER,
  clientEnv: { id: "LINKEDIN_CLIENT_ID", secret: "LINKEDIN_CLIENT_SECRET" },
  people,
  operations: [
    "authorize",
    "consent",
    "token",
    "refresh",
    "revoke",
    "me",
    "organizations",
    "initialize_image",
    "upload_image",
    "image_status",
    "initialize_video",
    "upload_video",
    "finalize_video",
    "video_status",
    "initialize_document",
    "upload_document",
    "document_status",
    "create_post",
    "get_post",
    "delete_post",
    "permalink",
    "avatar",
  ],
  consent: {
    hosts: siteHosts,
    path: "/oauth/v2/authorization",
    check: checkConsent,
    allow: allowConsent,
    deny: denyConsent,
  },
  routes: [
    {
      operation: tokenOperation,
      method: "POST",
      path: "/oauth/v2/accessToken",
      hosts: siteHosts,
      handle: exchange,
    },
    { operation: "revoke", method: "POST", path: "/oauth/v2/revoke", hosts: siteHosts, handle: revoke },
    { operation: "me", method: "GET", path: "/v2/userinfo", hosts: apiHosts, handle: userinfo },
    { operation: "me", method: "GET", path: "/v2/me", hosts: apiHosts, handle: basicProfile },
    {
      operation: "organizations",
      method: "GET",
      path: "/rest/organizationAcls",
      hosts: apiHosts,
      handle: listRoles,
    },
    {
      operation: "organizations",
      method: "GET",
      path: "/rest/organizations",
      hosts: apiHosts,
      handle: lookUpOrganizations,
    },
    ...wholeUpload("image"),
    ...wholeUpload("document"),
    {
      operation: videoOperation,
      method: "POST",
      path: "/rest/videos",
      hosts: apiHosts,
      handle: videoAction,
    },
    {
      operation: "upload_video",
      method: "PUT",
      path: "/dms-uploads/:id/uploaded-video/:part",
      hosts: [videoHost],
      takes: "file",
      handle: uploadPart,
    },
    {
      operation: "video_status",
      method: "GET",
      path: "/rest/videos/:urn",
      hosts: apiHosts,
      handle: getAsset("video"),
    },
    { operation: "create_post", method: "POST", path: "/rest/posts", hosts: apiHosts, handle: createPost },
    { operation: "get_post", method: "GET", path: "/rest/posts/:urn", hosts: apiHosts, handle: getPost },
    {
      operation: "delete_post",
      method: "DELETE",
      path: "/rest/posts/:urn",
      hosts: apiHosts,
      handle: deletePost,
    },
    {
      operation: "permalink",
      method: "GET",
      path: "/feed/update/:urn/",
      hosts: siteHosts,
      handle: showPost,
    },
    { operation: "avatar", method: "GET", path: "/:id/photo.svg", hosts: imageHosts, handle: avatar },
  ],
  knobs,
  notFound: noSuchResource,
  failure,
  rateLimited: tooManyRequests,
};

/** What is uploaded in one piece: announced, sent, asked about. */
function wholeUpload(kind: "image" | "document"): Route[] {
  return [
    {
      operation: `initialize_${kind}`,
      method: "POST",
      path: `/rest/${kind}s`,
      hosts: apiHosts,
      handle: initializeUpload(kind),
    },
    {
      operation: `upload_${kind}`,
      method: "PUT",
      path: `/dms-uploads/:id/uploaded-${kind}/0`,
      hosts: siteHosts,
      takes: "file",
      handle: upload(kind),
    },
    {
      operation: `${kind}_status`,
      method: "GET",
      path: `/rest/${kind}s/:urn`,
      hosts: apiHosts,
      handle: getAsset(kind),
    },
  ];
}

/** GET /v2/userinfo, of OpenID Connect: unversioned. */
function userinfo(call: Call): Answer {
  const member = signedIn(call);
  if ("status" in member) return member;
  const { person, scopes } = member;
  if (!scopes.includes("openid") || !scopes.includes("profile")) return denied("userinfo.GET.NO_VERSION");
  if ([...call.query].length > 0) return badRequest("Invalid query parameters passed to request");
  const { given_name, family_name, email } = person.details ?? {};
  return json(200, {
    sub: subOf(person),
    name: person.name,
    given_name,
    family_name,
    picture: photoOf(call, person),
    locale: { country: "US", language: "en" },
    ...(scopes.includes("email") ? { email, email_verified: true } : {}),
  });
}

/** GET /v2/me, the older way: it also knows the name in the profile's address. */
function basicProfile(call: Call): Answer {
  const member = signedIn(call);
  if ("status" in member) return member;
  const { person, scopes } = member;
  if (!scopes.includes("r_basicprofile")) return denied("me.GET.NO_VERSION");
  if ([...call.query].length > 0) return badRequest("Invalid query parameters passed to request");
  return json(200, {
    id: subOf(person),
    localizedFirstName: person.details?.given_name,
    localizedLastName: person.details?.family_name,
    vanityName: person.username,
  });
}

/** The address people share. */
function showPost(call: Call): Answer {
  const urn = call.params.urn ?? "";
  return findPublication(call, urn) === null
    ? html(
        404,
        "<!doctype html><html lang=en><title>LinkedIn</title><h1>This post cannot be displayed.</h1></html>",
      )
    : redirect(permalink(call, urn));
}

function avatar(call: Call): Answer {
  const person = people.find((one) => subOf(one) === call.params.id);
  if (person === undefined) return html(404, "");
  const svg =
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48"><rect width="48" height="48" fill="#2f6f62"/>' +
    `<text x="24" y="32" font-family="sans-serif" font-size="22" fill="#fff" text-anchor="middle">${person.name.charAt(0)}</text></svg>`;
  return { status: 200, headers: { "content-type": "image/svg+xml" }, body: svg };
}

function photoOf(call: Call, person: Person): string {
  return `${call.sandboxOrigin}/media.licdn.com/${subOf(person)}/photo.svg`;
}

/** The person as this one app knows them. */
function subOf(person: Person): string {
  return person.id.slice(personPrefix.length);
}
