import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api } from "@/lib/http/api";
import type {
  ConversationAnswer,
  ConversationDto,
  ConversationPatch,
  ConversationsAnswer,
  InboxAccountPatch,
  InboxAccountsAnswer,
  InboxNumbers,
  InboxQuery,
  KnowledgeAnswer,
  KnowledgeBody,
  KnowledgeDto,
  KnowledgePatch,
  ReplyAnswer,
  ReplyBody,
  SavedRepliesAnswer,
  SavedReplyBody,
  SavedReplyDto,
  SavedReplyPatch,
  SuggestionDto,
  TryAnswer,
  TryBody,
  WebhookEventsAnswer,
} from "./schema";

export const inboxQueries = {
  all: () => ["inbox"] as const,
  list: (query: Omit<Partial<InboxQuery>, "cursor"> = {}) =>
    infiniteQueryOptions({
      queryKey: [...inboxQueries.all(), "list", query] as const,
      queryFn: ({ pageParam, signal }) =>
        api<ConversationsAnswer>(
          `/api/inbox?${new URLSearchParams({ ...(query as Record<string, string>), ...(pageParam && { cursor: pageParam }) })}`,
          { signal },
        ),
      initialPageParam: null as string | null,
      getNextPageParam: ({ nextCursor }: ConversationsAnswer) => nextCursor,
    }),
  thread: (id: string) =>
    infiniteQueryOptions({
      queryKey: [...inboxQueries.all(), "thread", id] as const,
      queryFn: ({ pageParam, signal }) =>
        api<ConversationAnswer>(
          pageParam ? `/api/inbox/${id}?cursor=${encodeURIComponent(pageParam)}` : `/api/inbox/${id}`,
          { signal },
        ),
      initialPageParam: null as string | null,
      getNextPageParam: ({ nextCursor }: ConversationAnswer) => nextCursor,
    }),
  accounts: () =>
    queryOptions({
      queryKey: [...inboxQueries.all(), "accounts"] as const,
      queryFn: ({ signal }) => api<InboxAccountsAnswer>("/api/inbox/accounts", { signal }),
    }),
  /** Asked for beside every page: keys of their own, or a page would find its first look at them begun and not yet answered. */
  listening: () =>
    queryOptions({
      queryKey: [...inboxQueries.all(), "listening"] as const,
      queryFn: async ({ signal }) =>
        (await api<InboxAccountsAnswer>("/api/inbox/accounts", { signal })).accounts.length > 0,
    }),
  unread: () =>
    queryOptions({
      queryKey: [...inboxQueries.all(), "unread"] as const,
      queryFn: async ({ signal }) => (await api<ConversationsAnswer>("/api/inbox", { signal })).unread,
    }),
  numbers: (days: number) =>
    queryOptions({
      queryKey: [...inboxQueries.all(), "numbers", days] as const,
      queryFn: ({ signal }) => api<InboxNumbers>(`/api/inbox/numbers?days=${days}`, { signal }),
    }),
  events: () =>
    infiniteQueryOptions({
      queryKey: [...inboxQueries.all(), "events"] as const,
      queryFn: ({ pageParam, signal }) =>
        api<WebhookEventsAnswer>(
          pageParam ? `/api/inbox/events?cursor=${encodeURIComponent(pageParam)}` : "/api/inbox/events",
          { signal },
        ),
      initialPageParam: null as string | null,
      getNextPageParam: ({ nextCursor }: WebhookEventsAnswer) => nextCursor,
    }),
  knowledge: () =>
    queryOptions({
      queryKey: [...inboxQueries.all(), "knowledge"] as const,
      queryFn: ({ signal }) => api<KnowledgeAnswer>("/api/inbox/knowledge", { signal }),
    }),
  savedReplies: () =>
    queryOptions({
      queryKey: [...inboxQueries.all(), "saved-replies"] as const,
      queryFn: ({ signal }) => api<SavedRepliesAnswer>("/api/inbox/saved-replies", { signal }),
    }),
};

export const sendReply = ({ id, ...body }: { id: string } & ReplyBody) =>
  api<ReplyAnswer>(`/api/inbox/${id}`, { method: "POST", body });
export const changeConversation = ({ id, ...body }: { id: string } & ConversationPatch) =>
  api<ConversationDto>(`/api/inbox/${id}`, { method: "PATCH", body });
export const settleMessage = ({ id, as }: { id: string; as: "sent" | "resend" | "dismiss" }) =>
  api<unknown>(`/api/inbox/messages/${id}/settle`, { method: "POST", body: { as } });
export const reactTo = ({ id, reaction }: { id: string; reaction: string | null }) =>
  api<unknown>(`/api/inbox/messages/${id}/reaction`, { method: "POST", body: { reaction } });
export const showTyping = (id: string) =>
  api<{ shown: boolean }>(`/api/inbox/${id}/typing`, { method: "POST", body: {} });
export const askSuggestion = (id: string) =>
  api<SuggestionDto>(`/api/inbox/${id}/suggestion`, { method: "POST", body: {} });
export const dismissSuggestion = (id: string) =>
  api<unknown>(`/api/inbox/${id}/suggestion`, { method: "DELETE" });
export const subscribeAccount = (id: string) =>
  api<unknown>(`/api/inbox/accounts/${id}/subscribe`, { method: "POST", body: {} });
export const backfillAccount = (id: string) =>
  api<unknown>(`/api/inbox/accounts/${id}/backfill`, { method: "POST", body: {} });
export const changeInboxAccount = ({ id, ...body }: { id: string } & InboxAccountPatch) =>
  api<unknown>(`/api/inbox/accounts/${id}`, { method: "PATCH", body });
export const replayEvent = (id: string) =>
  api<unknown>(`/api/inbox/events/${id}/replay`, { method: "POST", body: {} });
export const addKnowledge = (body: KnowledgeBody) =>
  api<KnowledgeDto>("/api/inbox/knowledge", { method: "POST", body });
export const changeKnowledge = ({ id, ...body }: { id: string } & KnowledgePatch) =>
  api<KnowledgeDto>(`/api/inbox/knowledge/${id}`, { method: "PATCH", body });
export const removeKnowledge = (id: string) =>
  api<unknown>(`/api/inbox/knowledge/${id}`, { method: "DELETE" });
export const tryQuestion = (body: TryBody) =>
  api<TryAnswer>("/api/inbox/knowledge/try", { method: "POST", body });
export const addSavedReply = (body: SavedReplyBody) =>
  api<SavedReplyDto>("/api/inbox/saved-replies", { method: "POST", body });
export const changeSavedReply = ({ id, ...body }: { id: string } & SavedReplyPatch) =>
  api<SavedReplyDto>(`/api/inbox/saved-replies/${id}`, { method: "PATCH", body });
export const removeSavedReply = (id: string) =>
  api<unknown>(`/api/inbox/saved-replies/${id}`, { method: "DELETE" });
