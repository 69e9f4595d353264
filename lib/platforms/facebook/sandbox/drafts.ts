/** How something comes to be seen on a Page: at once, at a set time, or not yet. Seen things are publications. */
import {
  type Answer,
  type Call,
  type Json,
  newId,
  type Publication,
  publish,
  type Shown,
  shelf,
} from "@/lib/sandbox/kit";
import type { Page } from "@/lib/sandbox/meta";
import { DAY, SECOND } from "@/lib/sandbox/oauth";
import { flag, invalidParam } from "./graph";

export type Kind = "post" | "photo" | "video" | "reel" | "story" | "comment";

/** What is written down, and seen from `scheduledAt` on; null: a dark post that only its id leads to. */
export type Draft = {
  id: string;
  page: Page;
  text: string;
  link: string | null;
  media: Shown[];
  details: Record<string, Json>;
  createdAt: number;
  scheduledAt: number | null;
};

export type When = { published: boolean; scheduledAt: number | null };

const minute = 60 * SECOND;

/** Puts it on the Page, or keeps it for later. `id` becomes the publication's. */
export function release(
  call: Call,
  what: { id: string; page: Page; text: string; kind: Kind; when: When } & Partial<
    Pick<Draft, "link" | "media" | "details">
  >,
): void {
  const { id, page, text, kind, when, link = null, media = [] } = what;
  const details = { ...what.details, kind, page: page.id, pageName: page.name };
  if (when.published) {
    publish(call, { id, personId: page.ownerId, text, link, media, details });
    return;
  }
  const draft: Draft = {
    id,
    page,
    text,
    link,
    media,
    details,
    createdAt: call.now,
    scheduledAt: when.scheduledAt,
  };
  drafts(call)[id] = draft;
}

export const newPostId = (call: Call, page: Page): string => `${page.id}_${newId(call)}`;

export const drafts = (call: Call): Record<string, Draft> => shelf<Draft>(call, "drafts");

export function findDraft(call: Call, id: string): Draft | null {
  return Object.hasOwn(drafts(call), id) ? (drafts(call)[id] ?? null) : null;
}

/** Time has gone on since the last request: what was due meanwhile has been published. */
export function publishDue(call: Call): void {
  const due = Object.values(drafts(call)).filter(
    ({ scheduledAt }) => scheduledAt !== null && scheduledAt <= call.now,
  );
  for (const { id, page, text, link, media, details, scheduledAt } of due) {
    const publication: Publication = publish(call, {
      id,
      personId: page.ownerId,
      text,
      link,
      media,
      details,
    });
    publication.createdAt = scheduledAt ?? call.now;
    delete drafts(call)[id];
  }
}

/** `published` and `scheduled_publish_time` as they are given together. */
export function whenFrom(call: Call, params: URLSearchParams, longestDays: number): When | Answer {
  const published = flag(params, "published", true);
  if (typeof published !== "boolean") return published;
  const given = params.get("scheduled_publish_time");
  if (given === null || given === "") return { published, scheduledAt: null };
  if (published) return invalidParam("scheduled_publish_time needs published=false.");
  const scheduledAt = scheduledTime(call, given, longestDays);
  return typeof scheduledAt === "number" ? { published, scheduledAt } : scheduledAt;
}

/** Unix seconds, ISO 8601 or words; from ten minutes on. */
export function scheduledTime(call: Call, given: string, longestDays: number): number | Answer {
  const at = /^\d+$/.test(given) ? Number(given) * SECOND : Date.parse(given);
  const isInWindow = at >= call.now + 10 * minute && at <= call.now + longestDays * DAY;
  return isInWindow ? at : invalidParam("The specified scheduled publish time is invalid.");
}
