import { createHmac, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import type { InboxEvent } from "../inbox-contract";
import { parseJson } from "../kit";
import { readChange, readElement } from "./webhook/events";
import { Any, Id, instantOf } from "./webhook/fields";

/**
 * What Meta posts to us, from raw bytes to events. Nothing here asks the network or a clock of its own, and nothing throws:
 * what cannot be read becomes an "ignored" event, and never takes its neighbours with it.
 */

/**
 * Is this body signed with one of these secrets? Over the bytes as they came: non-ASCII travels escaped, so JSON that was
 * parsed and written again would no longer match. Which secret Meta takes for an Instagram log-in is not said: hand over
 * Instagram's and Meta's. Anything but `sha256=` and 64 lower-case hex digits, as Meta writes it, is refused, upper case too.
 */
export function verifySignature(raw: Uint8Array, header: string | null, secrets: string[]): boolean {
  const hex = /^sha256=([0-9a-f]{64})$/.exec(header ?? "")?.[1];
  if (hex === undefined) return false;
  const given = Buffer.from(hex, "hex");
  let matches = false;
  for (const secret of secrets) {
    // Anyone can sign with a secret that is not configured.
    if (secret === "") continue;
    const expected = createHmac("sha256", secret).update(raw).digest();
    matches = timingSafeEqual(expected, given) || matches;
  }
  return matches;
}

/**
 * The JSON of a delivery: ids beyond 2^53 keep their digits, and what no database takes (NUL, halves of surrogate pairs)
 * is left out. What is nested deeper than any event becomes null, so that nobody who walks it runs out of stack.
 * Undefined when it is no JSON.
 */
export const parseWebhook = (text: string): unknown => parseJson(shallow(storable(text)));

/** One account's part of a delivery. Where `ignored` says why, there is nothing to keep: count it. */
export type WebhookEntry = {
  /** As connections know it (`remoteId`); "" where there is none. */
  accountId: string;
  /** JSON for readEntry, now or after it was stored. */
  entry: unknown;
  /** "test": the button in Meta's dashboard. "unknown_object": not about Instagram. "unreadable": of no known shape. */
  ignored: "test" | "unknown_object" | "unreadable" | null;
};

/** Splits a delivery, which may hold up to a thousand updates for several accounts. Documentation wraps it in a list. */
export function readWebhook(body: unknown): WebhookEntry[] {
  return (Array.isArray(body) ? body : [body]).flatMap((one): WebhookEntry[] => {
    const delivery = Delivery.safeParse(one);
    if (!delivery.success) return [{ accountId: "", entry: null, ignored: "unreadable" }];
    return delivery.data.entry.map((entry): WebhookEntry => {
      if (delivery.data.object !== "instagram") return { accountId: "", entry, ignored: "unknown_object" };
      const read = Entry.safeParse(entry);
      if (!read.success) return { accountId: "", entry, ignored: "unreadable" };
      const { id } = read.data;
      return { accountId: id, entry, ignored: id === TEST_ACCOUNT ? "test" : null };
    });
  });
}

/**
 * What happened at an account, in the order it was told (which is not always the order it happened in).
 * @param receivedAt stands in where an event carries no time
 * @param appIds our own app's ids at Meta, to tell whether a conversation was handed to us
 */
export function readEntry(
  entry: unknown,
  { receivedAt = new Date(), appIds = [] }: { receivedAt?: Date; appIds?: string[] } = {},
): InboxEvent[] {
  const read = Entry.safeParse(entry);
  if (!read.success) {
    return [{ accountId: "", at: receivedAt, standby: false, kind: "ignored", reason: "unreadable" }];
  }
  const { id: accountId, time, messaging, standby, changes, field, value } = read.data;
  const ground = { accountId, at: instantOf(time) ?? receivedAt, standby: false };
  if (accountId === TEST_ACCOUNT) return [{ ...ground, kind: "ignored", reason: "test" }];

  const each = (list: unknown, readOne: (one: unknown) => InboxEvent): InboxEvent[] => {
    if (list === undefined) return [];
    return Array.isArray(list)
      ? list.map(readOne)
      : [{ ...ground, kind: "ignored", reason: "unreadable" as const }];
  };
  const events = [
    ...each(messaging, (one) => readElement(one, ground, appIds)),
    ...each(standby, (one) => readElement(one, { ...ground, standby: true }, appIds)),
    ...each(changes, (one) => readChange(one, ground, appIds)),
    // Instagram's own documentation prints comments without the list around them.
    ...(field === undefined ? [] : [readChange({ field, value }, ground, appIds)]),
  ];
  const shaped = [messaging, standby, changes, field].some((part) => part !== undefined);
  return shaped ? events : [{ ...ground, kind: "ignored", reason: "unknown_field" }];
}

/** The account that the dashboard's Test button sends its samples for. */
const TEST_ACCOUNT = "0";

const Delivery = z.object({ object: Any, entry: z.array(Any) });

const Entry = z.object({
  id: Id,
  time: Any,
  messaging: Any,
  standby: Any,
  changes: Any,
  field: Any,
  value: Any,
});

/** The deepest event known is a dozen levels deep. */
const MAX_DEPTH = 64;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);

/** The same JSON, with null for whatever lies deeper than MAX_DEPTH. */
function shallow(text: string): string {
  let kept = "";
  let from = 0;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at);
    if (character === QUOTE) {
      at = endOfString(text, at);
    } else if (OPENING.has(character)) {
      depth += 1;
      if (depth === MAX_DEPTH + 1) kept += `${text.slice(from, at)}null`;
    } else if (CLOSING.has(character)) {
      if (depth === MAX_DEPTH + 1) from = at + 1;
      depth -= 1;
    }
  }
  return depth > MAX_DEPTH ? kept : kept + text.slice(from);
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const character = text.charCodeAt(at);
    if (character === BACKSLASH) at += 1;
    else if (character === QUOTE) return at;
  }
  return text.length;
}

/** Every escape in turn, so that an escaped backslash is not taken for the start of one. A whole surrogate pair comes first. */
const ESCAPE = /\\(?:u(?:d[89ab][\da-f]{2}\\ud[c-f][\da-f]{2}|(0000)|(d[89a-f][\da-f]{2}))|[\s\S])/gi;

/** PostgreSQL takes neither NUL nor half a surrogate pair; one of them would lose its whole delivery. */
const storable = (text: string): string =>
  /\\u(?:0000|d[89a-f])/i.test(text)
    ? text.replace(ESCAPE, (whole, nul?: string, half?: string) => (nul ? "" : half ? "\\ufffd" : whole))
    : text;
