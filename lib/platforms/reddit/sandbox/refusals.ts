/** The words in which the simulated Reddit refuses a submit inside a 200. */
import type { Call } from "@/lib/sandbox/kit";
import { type SubmitError, setting } from "./answers";

const messages: Record<string, [message: string, field: string]> = {
  ALREADY_SUB: ["that link has already been submitted", "url"],
  BAD_CAPTCHA: ["care to try these again?", "captcha"],
  BAD_URL: ["you should check that url", "url"],
  BANNED_FROM_SUBREDDIT: ["you are banned from that community", "sr"],
  DOMAIN_BANNED: ["that domain is not allowed here", "url"],
  GALLERIES_DISABLED: ["this community does not allow galleries", "sr"],
  INVALID_OPTION: ["that option is not valid", "kind"],
  NO_IMAGES: ["this community does not allow images", "sr"],
  NO_LINKS: ["this community only allows text posts", "sr"],
  NO_SELFS: ["this community does not allow text posts", "sr"],
  NO_TEXT: ["we need something here", "title"],
  NO_URL: ["a url is required", "url"],
  NO_VIDEOS: ["this community does not allow videos", "sr"],
  SUBREDDIT_NOEXIST: ["that community does not exist", "sr"],
  SUBREDDIT_NOTALLOWED: ["you are not allowed to post there", "sr"],
  SUBREDDIT_NO_ACCESS: ["you cannot see that community", "sr"],
  SUBREDDIT_RATELIMIT: ["you are posting there too much, try again later", "sr"],
  SUBREDDIT_REQUIRED: ["you must specify a community", "sr"],
  TOO_LONG: ["this is too long", "title"],
  TOO_SHORT: ["this is too short", "title"],
  VERIFIED_USER_REQUIRED: ["verify your email address to do that", "captcha"],
};

/** One entry of `json.errors`, with the field it is usually about. */
export function errorOf(code: string, field?: string): SubmitError {
  const [message, usual] = messages[code] ?? [code.toLowerCase().replaceAll("_", " "), ""];
  return [code, message, field ?? usual];
}

/** The error an operator ordered by its code. */
export function orderedError(call: Call, code: string): SubmitError {
  return code === "RATELIMIT" ? rateLimit(call, 180_000) : errorOf(code);
}

/** Posting too fast, in one of the wordings seen. */
export function rateLimit(call: Call, waitMs: number): SubmitError {
  const wait = waitInWords(waitMs);
  const wordings: Record<string, string> = {
    archive: `you are doing that too much. try again in ${wait}.`,
    break: `Looks like you've been doing that a lot. Take a break for ${wait} before trying again.`,
  };
  const usual = `You're doing that too much. Try again in ${wait}.`;
  return ["RATELIMIT", wordings[setting(call, "rateLimitWording")] ?? usual, "ratelimit"];
}

/** Rounded up, so that who waits that long has waited long enough. */
function waitInWords(waitMs: number): string {
  const units = [
    { name: "millisecond", ms: 1 },
    { name: "second", ms: 1_000 },
    { name: "minute", ms: 60_000 },
  ];
  const unit = units.findLast(({ ms }) => waitMs >= ms) ?? { name: "millisecond", ms: 1 };
  const count = Math.ceil(waitMs / unit.ms);
  return `${count} ${unit.name}${count === 1 ? "" : "s"}`;
}
