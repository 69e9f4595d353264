/** What a creator may do on the simulated TikTok just now: creator_info, and the caps behind it. */
import { type Answer, type Call, isAnswer, type Person, strangeParam } from "@/lib/sandbox/kit";
import { DAY, HOUR } from "@/lib/sandbox/oauth";
import { admitCounted, bodyOf, invalidParams, ok, refused, setting } from "./answers";
import { recentPosts } from "./store";

const UNAUDITED_USERS = 5;
const AVATAR_LIFE_MS = 2 * HOUR;

/** Every privacy level there is; which of them a creator has is in `privacyOptions`. */
export const privacyLevels = [
  "PUBLIC_TO_EVERYONE",
  "FOLLOWER_OF_CREATOR",
  "MUTUAL_FOLLOW_FRIENDS",
  "SELF_ONLY",
];

/** POST /v2/post/publish/creator_info/query/, without a body or with an empty object. */
export function creatorInfo(call: Call): Answer {
  const quota = { name: "creator_info", limit: "creatorInfoPerMinute", by: "person" } as const;
  const admitted = admitCounted(call, ["video.publish"], quota);
  if (isAnswer(admitted)) return admitted;
  const { person } = admitted;
  const strange = strangeParam(call.query, []);
  if (strange !== null) return invalidParams(call, `Unexpected parameter: ${strange}`);
  if (call.body.byteLength > 0) {
    const body = bodyOf(call);
    if (isAnswer(body)) return body;
    if (Object.keys(body.fields).length > 0) return invalidParams(call, "This request has no fields.");
  }
  const barred = creatorRefusal(call, person) ?? dailyRefusal(call, person);
  if (barred !== null) return barred;
  return ok({
    creator_avatar_url: avatarUrl(call, person),
    creator_username: person.username,
    creator_nickname: person.name,
    privacy_level_options: privacyOptions(call, person),
    comment_disabled: isSet(person, "comment_disabled"),
    duet_disabled: isSet(person, "duet_disabled"),
    stitch_disabled: isSet(person, "stitch_disabled"),
    max_video_post_duration_sec: longestVideoSeconds(person),
  });
}

/** Why this creator may not post through this app at all, or null. */
export function creatorRefusal(call: Call, person: Person): Answer | null {
  if (setting(call, "bannedFromPosting")) {
    return refused(call, "spam_risk_user_banned_from_posting", "The user is banned from making new posts.");
  }
  const active = new Set(recentPosts(call).map(({ personId }) => personId));
  const cap = setting(call, "activeUserCap");
  const limit = setting(call, "unaudited") ? Math.min(cap, UNAUDITED_USERS) : cap;
  return active.has(person.id) || active.size < limit
    ? null
    : refused(call, "reached_active_user_cap", "The app's daily quota of active users is reached.");
}

/** Why no further direct post is possible in these 24 hours, or null. */
export function dailyRefusal(call: Call, person: Person): Answer | null {
  return hasPostedEnough(call, person.id)
    ? refused(
        call,
        "spam_risk_too_many_posts",
        "The daily cap of posts from the API is reached for this user.",
      )
    : null;
}

export function hasPostedEnough(call: Call, personId: string): boolean {
  const mine = call.world.publications.filter((one) => one.personId === personId);
  return mine.filter(({ createdAt }) => createdAt > call.now - DAY).length >= setting(call, "dailyPosts");
}

/** Why no further draft may be sent in these 24 hours, or null. Drafts whose bytes never came count, too. */
export function pendingRefusal(call: Call, person: Person): Answer | null {
  const pending = recentPosts(call).filter(
    ({ personId, draft, failReason }) => personId === person.id && draft && failReason === null,
  );
  if (pending.length < setting(call, "pendingShares")) return null;
  return refused(call, "spam_risk_too_many_pending_share", "Too many drafts wait in the user's inbox.");
}

/** The refusal of a privacy level this creator does not have, or of a public account before the audit; or null. */
export function privacyRefusal(call: Call, person: Person, level: string): Answer | null {
  if (setting(call, "unaudited") && !isSet(person, "private")) {
    const code = "unaudited_client_can_only_post_to_private_accounts";
    return refused(call, code, "Apps that are not audited can only post to private accounts.");
  }
  if (privacyOptions(call, person).includes(level)) return null;
  return refused(call, "privacy_level_option_mismatch", `${level} is not among the creator's options.`);
}

export function longestVideoSeconds(person: Person): number {
  return Number(person.details?.["max_video_post_duration_sec"] ?? 600);
}

export function isSet(person: Person, detail: string): boolean {
  return person.details?.[detail] === true;
}

/** An address that answers for two hours. */
export function avatarUrl(call: Call, { id }: Person): string {
  const expires = Math.floor((call.now + AVATAR_LIFE_MS) / 1_000);
  return `${call.sandboxOrigin}/www.tiktok.com/avatar/${id}.svg?x-expires=${expires}`;
}

function privacyOptions(call: Call, person: Person): string[] {
  if (setting(call, "unaudited")) return ["SELF_ONLY"];
  const widest = isSet(person, "private") ? "FOLLOWER_OF_CREATOR" : "PUBLIC_TO_EVERYONE";
  return [widest, "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY"];
}
