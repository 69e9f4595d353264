/**
 * Facebook's Pages as a simulator: its addresses and its versions. Instagram through Facebook shares the app, the
 * tokens and two hosts; which request is whose is settled by `isInstagrams`. Knobs are in sandbox/graph.
 */
import { refusalPage } from "@/lib/sandbox/consent";
import { type Answer, type Call, permalink, type Route, redirect, type Simulator } from "@/lib/sandbox/kit";
import { graphError, isInstagrams, pages } from "@/lib/sandbox/meta";
import { listAccounts, listBusinesses, people, pictureHost, showPicture } from "./sandbox/accounts";
import { publishDue } from "./sandbox/drafts";
import { invalidParam, knobs, readParams, setting, tooMany } from "./sandbox/graph";
import {
  allowConsent,
  checkConsent,
  debugToken,
  denyConsent,
  ISSUER,
  listPermissions,
  revoke,
  sellToken,
  tokenOperation,
} from "./sandbox/oauth";
import { createPhoto, createPhotoStory, photoOperation } from "./sandbox/photos";
import { createComment, createPost, deletePost, editPost } from "./sandbox/posts";
import {
  listComments,
  listPosts,
  listScheduled,
  listStories,
  nodeOperation,
  readNode,
} from "./sandbox/reading";
import { isUpload, readUpload, startUpload, takeUpload, takeVideo, videoAddress } from "./sandbox/uploads";
import { createVideo, phaseOperation, publishUploaded, videoOperation } from "./sandbox/video-posts";

const siteHost = "www.facebook.com";
const graphHost = "graph.facebook.com";
const uploadHost = "rupload.facebook.com";
const versions = ["v21.0", "v22.0", "v23.0", "v24.0", "v25.0", "v26.0"];
/** room for a file in a form */
const maxFormBytes = 104_857_600;

export const facebookSandbox: Simulator = {
  platform: "facebook",
  name: "Facebook",
  hosts: [siteHost, graphHost, uploadHost, pictureHost],
  issuer: ISSUER,
  clientEnv: { id: "META_APP_ID", secret: "META_APP_SECRET" },
  alsoRedirectsTo: ["instagram"],
  claims: (call) => !isInstagrams(call),
  removal: {
    paths: {
      deauthorize: "/api/webhooks/meta/deauthorize",
      "data-deletion": "/api/webhooks/meta/data-deletion",
    },
    userId: (id) => id,
  },
  people,
  operations: [
    "token",
    "exchange_long",
    "app_token",
    "debug_token",
    "me",
    "permissions",
    "revoke",
    "accounts",
    "businesses",
    "create_post",
    "upload_photo",
    "create_photo",
    "create_photo_story",
    "create_video",
    "video_start",
    "video_transfer",
    "start_reel",
    "create_reel",
    "start_story",
    "create_story",
    "upload_video",
    "start_upload",
    "upload",
    "create_comment",
    "edit_post",
    "delete_post",
    "list_posts",
    "list_scheduled",
    "list_stories",
    "list_comments",
    "get_post",
    "get_photo",
    "video_status",
    "permalink",
    "picture",
  ],
  consent: {
    hosts: [siteHost],
    path: "/v26.0/dialog/oauth",
    check: checkConsent,
    allow: allowConsent,
    deny: denyConsent,
  },
  routes: [
    ...graph("GET", "/", "unknown", askedAtRoot),
    ...graph("GET", "/oauth/access_token", tokenOperation, sellToken),
    ...graph("POST", "/oauth/access_token", tokenOperation, sellToken),
    ...graph("GET", "/debug_token", "debug_token", debugToken),
    ...graph("GET", "/:id/permissions", "permissions", listPermissions),
    ...graph("DELETE", "/:id/permissions", "revoke", revoke),
    ...graph("DELETE", "/:id/permissions/:permission", "revoke", revoke),
    ...graph("GET", "/:id/accounts", "accounts", listAccounts),
    ...graph("GET", "/:id/businesses", "businesses", listBusinesses),
    ...graph("POST", "/:id/feed", "create_post", createPost),
    ...["feed", "posts", "published_posts"].flatMap((edge) =>
      graph("GET", `/:id/${edge}`, "list_posts", listPosts),
    ),
    ...graph("GET", "/:id/scheduled_posts", "list_scheduled", listScheduled),
    ...graph("GET", "/:id/stories", "list_stories", listStories),
    ...graph("POST", "/:id/photos", photoOperation, createPhoto, "url"),
    ...graph("POST", "/:id/photo_stories", "create_photo_story", createPhotoStory),
    ...graph("POST", "/:id/videos", videoOperation, createVideo, "file_url"),
    ...graph("POST", "/:id/video_reels", phaseOperation("reel"), publishUploaded("reel")),
    ...graph("POST", "/:id/video_stories", phaseOperation("story"), publishUploaded("story")),
    ...graph("POST", "/:id/uploads", "start_upload", startUpload),
    ...graph("POST", "/:id/comments", "create_comment", createComment, "attachment_url"),
    ...graph("GET", "/:id/comments", "list_comments", listComments),
    {
      operation: "upload_video",
      method: "POST",
      path: "/video-upload/:version/:id",
      hosts: [uploadHost],
      takes: "file",
      fetches: videoAddress,
      handle: takeVideo,
    },
    ...graph(
      "GET",
      "/:id",
      (call) => (isUpload(call) ? "upload" : nodeOperation(call)),
      (call) => (isUpload(call) ? readUpload(call) : readNode(call)),
    ),
    ...graph(
      "POST",
      "/:id",
      (call) => (isUpload(call) ? "upload" : "edit_post"),
      (call) => (isUpload(call) ? takeUpload(call) : editPost(call)),
    ),
    ...graph("DELETE", "/:id", "delete_post", deletePost),
    ...["/dialog/oauth", "/:version/dialog/oauth"].map(
      (path): Route => ({
        operation: "authorize",
        method: "GET",
        path,
        hosts: [siteHost],
        handle: showNewestDialog,
      }),
    ),
    {
      operation: "picture",
      method: "GET",
      path: "/v/:id/picture.svg",
      hosts: [pictureHost],
      handle: showPicture,
    },
    { operation: "permalink", method: "GET", path: "/:post", hosts: [siteHost], handle: showPost },
  ],
  knobs,
  notFound: unknownPath,
  failure: (_call, status) =>
    graphError(status, {
      message:
        status >= 500 ? "An unexpected error has occurred. Please retry your request later." : "Refused.",
      type: "OAuthException",
      code: status === 401 ? 190 : status === 403 ? 200 : status >= 500 ? 2 : 100,
      is_transient: status >= 500,
    }),
  rateLimited: (call, retryAfterMs) => {
    const answer = pageIn(call)
      ? tooMany(80001, "There have been too many calls to this Page account. Wait a bit and try again.")
      : tooMany(4, "Application request limit reached");
    return {
      ...answer,
      headers: { ...answer.headers, ...usage(call, 100, Math.ceil(retryAfterMs / 60_000)) },
    };
  },
  finish: (call, answer) => {
    if (call.host !== graphHost) return answer;
    const asked = call.path.split("/")[1] ?? "";
    // An expired version, or none, is served by the oldest one that still is.
    const version = versions.includes(asked) ? asked : "v21.0";
    const used = usage(call, setting(call, "usagePercent"), 0);
    return { ...answer, headers: { "facebook-api-version": version, ...used, ...answer.headers } };
  },
};

/** A path of the Graph API, with any version and without. `fetched` names the parameter with an address in it. */
function graph(
  method: Route["method"],
  path: string,
  operation: Route["operation"],
  handle: Route["handle"],
  fetched?: string,
): Route[] {
  const route = (full: string): Route => ({
    operation,
    method,
    path: full,
    hosts: [graphHost],
    takes: "parts",
    maxBodyBytes: maxFormBytes,
    fetches: (call) => {
      const address = fetched === undefined ? null : readParams(call).get(fetched);
      return address === null || address === "" ? [] : [address];
    },
    handle: (call) => {
      const { version } = call.params;
      if (version !== undefined && !isVersion(version)) return unknownPath(call);
      if (path === "/:id" && isVersion(call.params["id"] ?? "")) return askedAtRoot(call);
      publishDue(call);
      return handle(call);
    },
  });
  return [route(path), route(`/:version${path}`)];
}

/** GET /?ids=… ended on 27 October 2026; nothing else is there. */
function askedAtRoot(call: Call): Answer {
  return readParams(call).has("ids")
    ? invalidParam("The parameter ids is not supported.")
    : unknownPath(call);
}

function unknownPath(call: Call): Answer {
  if (call.host !== graphHost) return refusalPage(call, "Facebook", "This page isn’t available.", 404);
  return graphError(400, {
    message: `Unknown path components: ${call.path}`,
    type: "OAuthException",
    code: 2500,
  });
}

/** The dialog of every version is the newest one's. */
function showNewestDialog(call: Call): Answer {
  return redirect(`${call.sandboxOrigin}/${siteHost}/v26.0/dialog/oauth${call.url.search}`);
}

/** The address people share. */
function showPost(call: Call): Answer {
  publishDue(call);
  const id = call.params["post"] ?? "";
  return call.world.publications.some((one) => one.id === id && one.deletedAt === null)
    ? redirect(permalink(call, id))
    : refusalPage(call, "Facebook", "This content isn’t available right now.", 404);
}

/** Percent of an hour's and a day's allowance, the second where a Page is spoken of. */
function usage(call: Call, percent: number, minutes: number): Record<string, string> {
  const used = { call_count: percent, total_cputime: percent, total_time: percent };
  const page = pageIn(call);
  const ofPage = [{ type: "pages", ...used, estimated_time_to_regain_access: minutes }];
  return {
    "x-app-usage": JSON.stringify(used),
    ...(page === undefined ? {} : { "x-business-use-case-usage": JSON.stringify({ [page]: ofPage }) }),
  };
}

const pageIn = (call: Call): string | undefined =>
  pages.find(({ id }) => call.path.split(/[/_]/).includes(id))?.id;

const isVersion = (text: string): boolean => /^v\d+\.\d+$/.test(text);
