/**
 * The simulated TikTok: its people, its addresses, and who it says you are. The world sees a post when the last chunk
 * has come ("upload"), or at "video_init" and "photo_init" where TikTok fetches the files itself.
 */
import { refusalPage } from "@/lib/sandbox/consent";
import {
  type Answer,
  type Call,
  findPublication,
  isAnswer,
  type Person,
  permalink,
  type Route,
  redirect,
  type Simulator,
  strangeParam,
} from "@/lib/sandbox/kit";
import { avatarUrl, creatorInfo } from "./sandbox/account";
import {
  admitCounted,
  apiError,
  failure,
  invalidParams,
  knobs,
  ok,
  refused,
  setting,
  tooManyRequests,
} from "./sandbox/answers";
import { inboxInit, photoInit, videoInit } from "./sandbox/init";
import {
  allowConsent,
  checkConsent,
  denyConsent,
  exchange,
  ISSUER,
  revoke,
  tokenOperation,
} from "./sandbox/oauth";
import { fetchStatus } from "./sandbox/posts";
import { putChunk } from "./sandbox/upload";

const siteHost = "www.tiktok.com";
const apiHost = "open.tiktokapis.com";
const uploadHost = "open-upload.tiktokapis.com";

/** `details` may be overridden per person: private, what is switched off, and the longest video. */
const people: Person[] = [
  {
    id: "7d1e5c04-93ab-4f6e-b2c8-0a4be11ada01",
    username: "adabell",
    name: "Ada Bell",
    about: "Rings every morning.",
    details: account("c0ffee11-2b5d-4e0f-9a31-5d2fbe110001", { max_video_post_duration_sec: 600 }),
  },
  {
    id: "e28a7f19-06cd-4b13-8f57-c41d0c4fe002",
    username: "chimecafe",
    name: "Chime Café",
    about: "Coffee on the hour. For friends of the house.",
    details: account("c0ffee22-7a90-4c6b-8d12-93ab0c4fe002", {
      private: true,
      duet_disabled: true,
      stitch_disabled: true,
    }),
  },
  {
    id: "35b9d6e2-f184-4a7c-91d0-6e2f07700003",
    username: "otto_klang",
    name: "Otto Klang",
    about: "Founder of bells.",
    details: account("c0ffee33-4d18-4f27-b6e5-1c8a07700003", { max_video_post_duration_sec: 60 }),
  },
];

const fieldsOfScope: Record<string, string[]> = {
  "user.info.basic": [
    "open_id",
    "union_id",
    "avatar_url",
    "avatar_url_100",
    "avatar_large_url",
    "display_name",
  ],
  "user.info.profile": [
    "username",
    "bio_description",
    "profile_deep_link",
    "profile_web_link",
    "is_verified",
  ],
  "user.info.stats": ["follower_count", "following_count", "likes_count", "video_count"],
};

export const tiktokSandbox: Simulator = {
  platform: "tiktok",
  name: "TikTok",
  hosts: [siteHost, apiHost, uploadHost],
  issuer: ISSUER,
  clientEnv: { id: "TIKTOK_CLIENT_KEY", secret: "TIKTOK_CLIENT_SECRET" },
  people,
  operations: [
    "token",
    "refresh",
    "revoke",
    "me",
    "creator_info",
    "video_init",
    "inbox_init",
    "photo_init",
    "upload",
    "status",
    "permalink",
    "avatar",
  ],
  consent: {
    hosts: [siteHost],
    path: "/v2/auth/authorize/",
    check: checkConsent,
    allow: allowConsent,
    deny: denyConsent,
  },
  // The slash at the end is part of every address.
  routes: [
    api("POST", "/v2/oauth/token/", tokenOperation, { handle: exchange }),
    api("POST", "/v2/oauth/revoke/", "revoke", { handle: revoke }),
    api("GET", "/v2/user/info/", "me", { handle: userInfo }),
    api("POST", "/v2/post/publish/creator_info/query/", "creator_info", { handle: creatorInfo }),
    api("POST", "/v2/post/publish/video/init/", "video_init", videoInit),
    api("POST", "/v2/post/publish/inbox/video/init/", "inbox_init", inboxInit),
    api("POST", "/v2/post/publish/content/init/", "photo_init", photoInit),
    api("POST", "/v2/post/publish/status/fetch/", "status", { handle: fetchStatus }),
    {
      operation: "upload",
      method: "PUT",
      path: "/video/",
      hosts: [uploadHost],
      takes: "file",
      handle: putChunk,
    },
    { operation: "avatar", method: "GET", path: "/avatar/:file", hosts: [siteHost], handle: avatar },
    ...["video", "photo"].map(
      (kind): Route => ({
        operation: "permalink",
        method: "GET",
        path: `/:handle/${kind}/:id`,
        hosts: [siteHost],
        handle: showPost,
      }),
    ),
  ],
  knobs,
  notFound: () => apiError(404, "unsupported_path", "Unsupported path."),
  failure,
  rateLimited: tooManyRequests,
};

function api(
  method: Route["method"],
  path: string,
  operation: Route["operation"],
  rest: Pick<Route, "handle" | "fetches">,
): Route {
  return { operation, method, path, hosts: [apiHost], ...rest };
}

function account(unionId: string, details: NonNullable<Person["details"]>): NonNullable<Person["details"]> {
  return {
    union_id: unionId,
    private: false,
    comment_disabled: false,
    duet_disabled: false,
    stitch_disabled: false,
    max_video_post_duration_sec: 300,
    ...details,
  };
}

/** GET /v2/user/info/?fields=… */
function userInfo(call: Call): Answer {
  const quota = { name: "user_info", limit: "userInfoPerMinute", by: "app" } as const;
  const admitted = admitCounted(call, Object.keys(fieldsOfScope), quota);
  if (isAnswer(admitted)) return admitted;
  const { person, grant } = admitted;
  const strange = strangeParam(call.query, ["fields"]);
  if (strange !== null) return invalidParams(call, `Unexpected parameter: ${strange}`);
  const fields = (call.query.get("fields") ?? "").split(",");
  for (const field of fields) {
    const scope = Object.keys(fieldsOfScope).find((one) => fieldsOfScope[one]?.includes(field));
    if (scope === undefined) return invalidParams(call, `fields: "${field}" is not a field of a user.`);
    if (!grant.scopes.includes(scope)) {
      const message = "Access token is invalid, some fields need additional scopes.";
      return refused(call, setting(call, "fieldScopeError"), message);
    }
  }
  const user: Record<string, unknown> = {
    open_id: person.id,
    union_id: person.details?.["union_id"],
    avatar_url: avatarUrl(call, person),
    avatar_url_100: avatarUrl(call, person),
    avatar_large_url: avatarUrl(call, person),
    display_name: person.name,
    username: person.username,
    bio_description: person.about ?? "",
    profile_deep_link: `https://vm.tiktok.com/${person.username}/`,
    profile_web_link: `${ISSUER}/@${person.username}`,
    is_verified: person.details?.["is_verified"] ?? false,
    follower_count: 0,
    following_count: 0,
    likes_count: 0,
    video_count: call.world.publications.filter(({ personId }) => personId === person.id).length,
  };
  return ok({ user: Object.fromEntries(fields.map((field) => [field, user[field]])) });
}

/** The address people share leads to the sandbox's feed; strangers see public posts only. */
function showPost(call: Call): Answer {
  const id = call.params["id"] ?? "";
  const publication = findPublication(call, id);
  const isThere =
    publication !== null &&
    publication.details["privacy_level"] === "PUBLIC_TO_EVERYONE" &&
    call.params["handle"] === `@${publication.author}`;
  return isThere
    ? redirect(permalink(call, id))
    : refusalPage(call, "TikTok", "This post is not there.", 404);
}

function avatar(call: Call): Answer {
  const person = people.find(({ id }) => `${id}.svg` === call.params["file"]);
  if (person === undefined || call.now >= Number(call.query.get("x-expires") ?? 0) * 1_000) {
    return refusalPage(call, "TikTok", "This picture is not there.", 403);
  }
  const svg =
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48"><rect width="48" height="48" fill="#111"/>' +
    `<text x="24" y="32" font-family="sans-serif" font-size="22" fill="#fff" text-anchor="middle">${person.name.charAt(0)}</text></svg>`;
  return { status: 200, headers: { "content-type": "image/svg+xml" }, body: svg };
}
