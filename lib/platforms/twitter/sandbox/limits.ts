/** How the simulated X counts requests: per person in a quarter of an hour, per app and per account in a day. */
import { type Answer, bearer, type Call, type Person, shelf } from "@/lib/sandbox/kit";
import { liveToken } from "@/lib/sandbox/oauth";
import { type Knob, setting } from "./knobs";

type Limits = { perUser: Knob; perApp?: Knob };
/** `header` is null where X does not tell how much is left. */
type Budget = { key: string; header: string | null; limit: number; windowMs: number };
type Window = { startedAt: number; count: number };

const QUARTER_HOUR = 900_000;
const DAY = 86_400_000;

const chunked: Limits = { perUser: "chunkLimit", perApp: "appChunkLimit" };
// X's sheet of limits is silent on the two reads: 900, as its other reads of posts.
const limits: Record<string, Limits> = {
  create_tweet: { perUser: "createLimit", perApp: "appCreateLimit" },
  delete_tweet: { perUser: "deleteLimit" },
  me: { perUser: "meLimit" },
  list_tweets: { perUser: "readLimit" },
  get_tweet: { perUser: "readLimit" },
  upload_media: { perUser: "uploadLimit", perApp: "appUploadLimit" },
  media_status: { perUser: "statusLimit", perApp: "appStatusLimit" },
  initialize_media: chunked,
  append_media: chunked,
  finalize_media: chunked,
  media_metadata: { perUser: "metadataLimit", perApp: "appMetadataLimit" },
};

/** Takes one request from every budget, or from none when one is used up. */
export function countRequest(call: Call, person: Person): boolean {
  const budgets = budgetsOf(call, person.id);
  if (budgets.some((budget) => windowOf(call, budget).count >= budget.limit)) return false;
  for (const budget of budgets) {
    const { startedAt, count } = windowOf(call, budget);
    shelf<Window>(call, "windows")[budget.key] = { startedAt, count: count + 1 };
  }
  return true;
}

/** The answer with `x-rate-limit-*` as they stand; what it already says wins. Resets are Unix seconds. */
export function withLimits(call: Call, answer: Answer): Answer {
  const person = liveToken(call, bearer(call), "access")?.grant.personId ?? "nobody";
  const headers: Record<string, string> = {};
  for (const budget of budgetsOf(call, person)) {
    if (budget.header === null) continue;
    const { startedAt, count } = windowOf(call, budget);
    headers[`${budget.header}-limit`] = String(budget.limit);
    headers[`${budget.header}-remaining`] = String(Math.max(0, budget.limit - count));
    headers[`${budget.header}-reset`] = String(Math.ceil((startedAt + budget.windowMs) / 1_000));
  }
  return { ...answer, headers: { ...headers, ...answer.headers } };
}

function budgetsOf(call: Call, personId: string): Budget[] {
  const found = limits[call.operation];
  if (found === undefined) return [];
  const isCreate = call.operation === "create_tweet";
  const budgets: Budget[] = [
    {
      key: `${call.operation} ${personId}`,
      header: "x-rate-limit",
      limit: Number(setting(call, found.perUser)),
      windowMs: QUARTER_HOUR,
    },
  ];
  if (isCreate) {
    budgets.push({
      key: `day ${personId}`,
      header: "x-user-limit-24hour",
      limit: setting(call, "dailyPostLimit"),
      windowMs: DAY,
    });
  }
  if (found.perApp !== undefined) {
    budgets.push({
      key: `day of ${call.operation}`,
      header: isCreate ? "x-app-limit-24hour" : null,
      limit: Number(setting(call, found.perApp)),
      windowMs: DAY,
    });
  }
  return budgets;
}

function windowOf(call: Call, { key, windowMs }: Budget): Window {
  const kept = shelf<Window>(call, "windows")[key];
  const isOpen = kept !== undefined && call.now < kept.startedAt + windowMs && call.now >= kept.startedAt;
  return isOpen ? kept : { startedAt: call.now, count: 0 };
}
