import { z } from "zod";
import { MediaRef } from "@/lib/media/schema";
import { Content, type DeliveryDto, type Problem, type Target } from "@/lib/posts/schema";

/**
 * The composer's memory as a pure reducer: one shared post, and for each account only what differs from it.
 * An account that is unticked keeps its differences, so that ticking it again loses nothing.
 */

const Part = z.object({ id: z.string(), text: z.string() });

/** What one account says differently; an absent field is inherited. */
const Differences = z.object({
  text: z.string().exactOptional(),
  link: z.string().exactOptional(),
  replies: z.array(Part).exactOptional(),
  media: z.array(MediaRef).exactOptional(),
});
type Differences = z.infer<typeof Differences>;

export const Draft = z.object({
  text: z.string(),
  link: z.string(),
  /** Follow-ups, each a reply to the part before it. */
  replies: z.array(Part),
  /** Files of the library, in order. Drafts from before there were any have none. */
  media: z.array(MediaRef).default([]),
  /** Ids of the chosen connections. */
  selected: z.array(z.string()),
  differences: z.record(z.string(), Differences),
  /** Answers to the platform's own questions, by connection and name. */
  options: z.record(z.string(), z.record(z.string(), z.unknown())),
});
export type Draft = z.infer<typeof Draft>;

export type DraftField = keyof Differences;

/** `connectionId` null means the shared post; otherwise that account's own version. */
type Place = { connectionId: string | null };

export type DraftAction =
  | ({ type: "text_changed"; text: string } & Place)
  | ({ type: "link_changed"; link: string } & Place)
  | ({ type: "reply_added"; id: string } & Place)
  | ({ type: "reply_changed"; id: string; text: string } & Place)
  | ({ type: "reply_removed"; id: string } & Place)
  | ({ type: "media_changed"; media: MediaRef[] } & Place)
  | { type: "overridden"; connectionId: string; field: DraftField }
  | { type: "inherited"; connectionId: string; field: DraftField }
  | { type: "option_changed"; connectionId: string; name: string; value: unknown }
  | { type: "target_toggled"; connectionId: string }
  | { type: "targets_chosen"; connectionIds: string[] }
  | { type: "restored"; draft: Draft }
  | { type: "emptied" };

export const emptyDraft = (selected: string[] = []): Draft => ({
  text: "",
  link: "",
  replies: [],
  media: [],
  selected,
  differences: {},
  options: {},
});

export function draftReducer(draft: Draft, action: DraftAction): Draft {
  switch (action.type) {
    case "text_changed":
      return changed(draft, action, { text: action.text });
    case "link_changed":
      return changed(draft, action, { link: action.link });
    case "reply_added":
      return changed(draft, action, {
        replies: [...effective(draft, action.connectionId).replies, { id: action.id, text: "" }],
      });
    case "reply_changed":
      return changed(draft, action, {
        replies: effective(draft, action.connectionId).replies.map((part) =>
          part.id === action.id ? { ...part, text: action.text } : part,
        ),
      });
    case "reply_removed":
      return changed(draft, action, {
        replies: effective(draft, action.connectionId).replies.filter((part) => part.id !== action.id),
      });
    case "media_changed":
      return changed(draft, action, { media: action.media });
    case "overridden":
      return changed(draft, action, { [action.field]: effective(draft, action.connectionId)[action.field] });
    case "inherited": {
      const { [action.field]: _dropped, ...kept } = draft.differences[action.connectionId] ?? {};
      return { ...draft, differences: { ...draft.differences, [action.connectionId]: kept } };
    }
    case "option_changed": {
      const { [action.name]: _old, ...others } = draft.options[action.connectionId] ?? {};
      const given = isUnanswered(action.value) ? others : { ...others, [action.name]: action.value };
      return { ...draft, options: { ...draft.options, [action.connectionId]: given } };
    }
    case "target_toggled":
      return {
        ...draft,
        selected: draft.selected.includes(action.connectionId)
          ? draft.selected.filter((id) => id !== action.connectionId)
          : [...draft.selected, action.connectionId],
      };
    case "targets_chosen":
      return { ...draft, selected: action.connectionIds };
    case "restored":
      return action.draft;
    case "emptied":
      return emptyDraft(draft.selected);
  }
}

/** Nothing a person wrote would be lost by dropping it. */
export const isEmptyDraft = (draft: Draft): boolean =>
  [draft, ...Object.values(draft.differences)].every(
    ({ text, link, replies, media }) =>
      !text?.trim() && !link?.trim() && !replies?.some((part) => part.text.trim()) && !media?.length,
  );

/** What the server is asked to publish: the shared content, and per account only what differs. */
export function toRequest(draft: Draft): { content: Content; targets: Target[] } {
  const link = draft.link.trim();
  return {
    content: { text: draft.text, ...(link && { link }), replies: texts(draft.replies), media: draft.media },
    targets: draft.selected.map((connectionId) => target(draft, connectionId)),
  };
}

/** Every file that the post has on any of the chosen accounts, each once. */
export function filesOf(draft: Draft): MediaRef[] {
  const refs = [null, ...draft.selected].flatMap((id) => effective(draft, id).media);
  return refs.filter(({ id }, index) => refs.findIndex((ref) => ref.id === id) === index);
}

/** Links that are no web addresses: found here, because the server takes a post with one for no post at all. */
export const linkProblems = (draft: Draft): Problem[] =>
  [null, ...draft.selected.filter((id) => draft.differences[id]?.link !== undefined)].flatMap(
    (connectionId) => {
      const link = effective(draft, connectionId).link.trim();
      const parsed = Content.shape.link.safeParse(link || undefined);
      if (parsed.success) return [];
      const message = "A link starts with https:// or http:// and has no spaces.";
      return [{ connectionId, field: "link", code: "invalid_link", message, severity: "error" as const }];
    },
  );

/** What one account would publish, as a draft of its own: for editing what a platform refused. */
export const draftOfDelivery = (delivery: Pick<DeliveryDto, "connectionId" | "content">): Draft => ({
  ...emptyDraft(delivery.connectionId ? [delivery.connectionId] : []),
  text: delivery.content.text,
  link: delivery.content.link ?? "",
  replies: delivery.content.replies.map(({ text }, index) => ({ id: `part-${index}`, text })),
  media: delivery.content.media,
  options: delivery.connectionId ? { [delivery.connectionId]: delivery.content.options } : {},
});

/** Text, link, follow-ups and files as one account gets them; null: as the post has them. */
export const effective = (draft: Draft, connectionId: string | null) => ({
  text: draft.text,
  link: draft.link,
  replies: draft.replies,
  media: draft.media,
  ...(connectionId === null ? {} : draft.differences[connectionId]),
});

function changed(draft: Draft, { connectionId }: Place, change: Differences): Draft {
  if (connectionId === null) return { ...draft, ...change };
  const own = { ...draft.differences[connectionId], ...change };
  return { ...draft, differences: { ...draft.differences, [connectionId]: own } };
}

function target(draft: Draft, connectionId: string): Target {
  const { text, link, replies, media } = draft.differences[connectionId] ?? {};
  const content = {
    ...(text !== undefined && { text }),
    // null, not absent: this account is to have no link although the post has one.
    ...(link !== undefined && { link: link.trim() || null }),
    ...(replies && { replies: texts(replies) }),
    ...(media && { media }),
  };
  return {
    connectionId,
    ...(Object.keys(content).length > 0 && { content }),
    options: answers(draft.options[connectionId] ?? {}),
  };
}

const texts = (parts: { text: string }[]) => parts.map(({ text }) => ({ text }));

/** The entries of a list are drawn before they are written: as long as all are blank, nobody answered. */
const answers = (given: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(given).filter(([, value]) => !Array.isArray(value) || value.some((entry) => entry !== "")),
  );

const isUnanswered = (value: unknown): boolean => value === "" || value === undefined || value === null;
