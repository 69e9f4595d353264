/**
 * Events on their way from the simulated Instagram to the app: who gets one, and the bytes that go over the wire. They
 * wait in the World's drawer "outbox"; lib/sandbox/courier.ts brings them.
 */
import { createHmac } from "node:crypto";
import { type Call, type Client, type Json, knob, shelf, type World } from "@/lib/sandbox/kit";
import { pages } from "@/lib/sandbox/meta";
import { scopedId } from "./people";
import type { Thread } from "./store";

/** Which of the two apps: "instagram" through its own log-in, "facebook" through a Page. */
export type Login = "instagram" | "facebook";

export type Subscription = { login: Login; account: string; fields: string[]; at: number };

export type Event = {
  id: string;
  login: Login;
  account: string;
  field: string;
  place: "messaging" | "standby" | "changes";
  body: Record<string, Json>;
  at: number;
  /** sandbox clock: not before this */
  dueAt: number;
  attempts: number;
  failingSince: number | null;
  /** the answer to the request that made it waits until it was brought once */
  beforeAnswer: boolean;
};

const commentFields = ["comments", "live_comments", "mentions"];
const shared = [
  "messages",
  "message_reactions",
  "message_edit",
  "messaging_postbacks",
  "messaging_seen",
  "messaging_referral",
  "messaging_handover",
  "standby",
  "comments",
  "live_comments",
];

/** What can be ticked in the dashboard. */
export const fieldsOf: Record<Login, string[]> = {
  instagram: [...shared, "message_echoes", "messaging_optins"],
  facebook: [
    ...shared,
    "messaging_policy_enforcement",
    "response_feedback",
    "mentions",
    "story_insights",
    // A Page's own, for whoever subscribes to that as well.
    "feed",
  ],
};

export const isCommentField = (field: string): boolean => commentFields.includes(field);

/** The permissions without which a field brings nothing. */
export function permissionFor(login: Login, field: string): string {
  const prefix = login === "instagram" ? "instagram_business" : "instagram";
  if (isCommentField(field)) return `${prefix}_manage_comments`;
  return field === "feed" ? "pages_manage_metadata" : `${prefix}_manage_messages`;
}

/** By log-in and account. */
export const subscriptionsIn = (world: World): Record<string, Subscription> =>
  shelf<Subscription>({ world }, "subscriptions");

/** What waits to be brought, by number. */
export const outbox = (world: World): Record<string, Event> => shelf<Event>({ world }, "outbox");

/** One event under `messaging`, or under `standby` where another app owns the thread. */
export function tell(
  call: Call,
  thread: Thread,
  field: string,
  what: Record<string, Json>,
  more: { by: "customer" | "business"; at: number; echo?: boolean; always?: boolean },
): void {
  const person = { id: scopedId(thread.account, thread.peer) };
  const business = { id: thread.account };
  const [sender, recipient] = more.by === "customer" ? [person, business] : [business, person];
  const standby = thread.owner === "other" && more.always !== true;
  const echo = more.echo === true ? knob<string>(call, "echo", "after") : null;
  if (echo === "never") return;
  send(call, thread.account, field, {
    place: standby ? "standby" : "messaging",
    body: { sender, recipient, timestamp: more.at, ...what },
    delayMs: echo === "after" ? knob(call, "echoDelayMs", 200) : 0,
    beforeAnswer: echo === "before",
  });
}

/** One event under `changes`. */
export function tellChange(call: Call, account: string, field: string, value: Json, only?: Login): void {
  send(
    call,
    account,
    field,
    { place: "changes", body: { field, value }, delayMs: 0, beforeAnswer: false },
    only,
  );
}

function send(
  call: Call,
  account: string,
  field: string,
  event: Pick<Event, "place" | "body" | "beforeAnswer"> & { delayMs: number },
  only?: Login,
): void {
  const { delayMs, ...what } = event;
  for (const one of Object.values(subscriptionsIn(call.world))) {
    const { login } = one;
    if (one.account !== account || (only !== undefined && only !== login)) continue;
    // Through a Page echoes come with the messages.
    const named = field === "message_echoes" && login === "facebook" ? "messages" : field;
    if (!isTicked(call, login, named) || !isAllowed(call, one, named)) continue;
    call.world.counter += 1;
    const id = String(call.world.counter);
    const dueAt = call.now + delayMs + knob(call, "webhookDelayMs", 0);
    const times = { at: call.now, dueAt, attempts: 0, failingSince: null };
    outbox(call.world)[id] = { id, login, account, field: named, ...what, ...times };
  }
}

/** The account's own choice of fields counts for nothing: what is ticked in the dashboard comes. */
function isTicked(call: Call, login: Login, field: string): boolean {
  const ticked = knob<string>(call, login === "instagram" ? "dashboardFields" : "dashboardFieldsMeta", "");
  return fieldsOf[login].includes(field) && (ticked === "" || ticked.split(",").includes(field));
}

/** A consent with the permission must live, and for messages the owner must let apps at them. */
function isAllowed(call: Call, { login, account }: Subscription, field: string): boolean {
  if (!isCommentField(field) && !letsAppsRead(call, account)) return false;
  const world = login === "instagram" ? call.world : call.worlds["facebook"];
  const page = pages.find(({ instagram }) => instagram?.id === account);
  const person = login === "instagram" ? account : page?.ownerId;
  const granted = world?.shelves["granted_pages"] ?? {};
  return Object.values(world?.grants ?? {}).some((grant) => {
    const reached = granted[grant.id];
    const reaches = login === "instagram" || (Array.isArray(reached) && reached.includes(page?.id ?? ""));
    const alive = grant.revokedAt === null && (grant.expiresAt === null || call.now < grant.expiresAt);
    return (
      grant.personId === person && reaches && alive && grant.scopes.includes(permissionFor(login, field))
    );
  });
}

/** Instagram's settings, Message controls, Connected tools: person detail `message_access`, on unless it is false. */
export const letsAppsRead = (call: Call, account: string): boolean =>
  call.world.settings.people[account]?.["message_access"] !== false;

/** The body of one POST: an entry for each account, in the order of their first events. */
export function bodyOf(world: World, events: Event[], at: number): string {
  const setting = (name: string): Json => world.settings.own[name] ?? null;
  const entries: Record<string, Json>[] = [];
  for (const { account, place, body } of events) {
    const flat = place === "changes" && setting("commentShape") === "flat";
    const known = flat ? undefined : entries.find((one) => one["id"] === account && place in one);
    const list = known?.[place];
    if (Array.isArray(list)) list.push(body);
    else if (flat) entries.push({ id: account, time: seconds(at), ...body });
    else entries.push({ id: account, time: place === "changes" ? seconds(at) : at, [place]: [body] });
  }
  const whole: Json = { object: "instagram", entry: entries };
  return onTheWire(setting("envelope") === "array" ? [whole] : whole);
}

/** As Meta writes JSON: no letter beyond ASCII, and every slash with a backslash before it. */
export const onTheWire = (value: Json): string =>
  JSON.stringify(value)
    .replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .replaceAll("/", "\\/");

/** Over the very bytes that are sent. */
export function signatures(secret: string, bytes: string): Record<string, string> {
  const sign = (hash: string) => createHmac(hash, secret).update(bytes).digest("hex");
  return { "x-hub-signature": `sha1=${sign("sha1")}`, "x-hub-signature-256": `sha256=${sign("sha256")}` };
}

/** Meta does not say which secret signs for Instagram's own log-in: the knob `signWith` chooses. */
export function secretFor(world: World, clients: Record<string, Client>, login: Login): string {
  const own = login === "facebook" || world.settings.own["signWith"] === "meta" ? "facebook" : "instagram";
  return clients[own]?.secret ?? "";
}

export const seconds = (ms: number): number => Math.floor(ms / 1_000);
