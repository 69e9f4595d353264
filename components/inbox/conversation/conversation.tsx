"use client";

import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { Archive, ArchiveRestore, ArrowLeft, Info } from "lucide-react";
import Link from "next/link";
import { type ReactNode, useEffect, useRef } from "react";
import { Avatar } from "@/components/inbox/avatar";
import { AboutPerson } from "@/components/inbox/conversation/about-person";
import { AssistantMenu } from "@/components/inbox/conversation/assistant-menu";
import { ConversationNotices } from "@/components/inbox/conversation/conversation-notices";
import { MessageList } from "@/components/inbox/conversation/message-list";
import { WindowLine } from "@/components/inbox/conversation/window-line";
import { useArchive } from "@/components/inbox/list/use-archive";
import { REPLY_ID, ReplyBox } from "@/components/inbox/reply/reply-box";
import { useReply } from "@/components/inbox/reply/use-reply";
import { useReplyDraft } from "@/components/inbox/reply/use-reply-draft";
import { usePlace } from "@/components/inbox/use-place";
import { kindWords, peerName } from "@/components/inbox/words";
import { Button } from "@/components/ui/button";
import { buttonStyle } from "@/components/ui/button-style";
import { Notice } from "@/components/ui/notice";
import { ApiError, sentence } from "@/lib/http/api";
import { changeConversation, inboxQueries } from "@/lib/inbox/queries";
import type { ConversationAnswer, ConversationDto } from "@/lib/inbox/schema";
import { ConversationSkeleton } from "./conversation-skeleton";

/** One conversation: what was said, what can be answered, and who it is with. */
export function Conversation({ id }: { id: string }) {
  const query = useInfiniteQuery(inboxQueries.thread(id));
  const { hrefOf } = usePlace();
  const first = query.data?.pages[0];

  if (!first && query.error) {
    const gone = query.error instanceof ApiError && query.error.status === 404;
    return (
      <div className="p-4">
        <Notice
          tone={gone ? "warn" : "bad"}
          role="alert"
          title={gone ? "This conversation is not here" : "The conversation could not be loaded"}
          actions={
            gone ? (
              <Link href={hrefOf(null)} className={buttonStyle({ size: "small" })}>
                Back to the inbox
              </Link>
            ) : (
              <Button size="small" busy={query.isFetching} onClick={() => query.refetch()}>
                Try again
              </Button>
            )
          }
        >
          {gone ? "Its account may have been disconnected." : sentence(query.error)}
        </Notice>
      </div>
    );
  }
  if (!first) return <ConversationSkeleton />;
  return (
    <Opened
      answer={first}
      pages={query.data?.pages ?? []}
      stale={query.error && !query.isFetchNextPageError ? sentence(query.error) : null}
      earlier={{
        more: query.hasNextPage,
        busy: query.isFetchingNextPage,
        failed: query.isFetchNextPageError,
        load: () => void query.fetchNextPage(),
      }}
    />
  );
}

type Props = {
  answer: ConversationAnswer;
  pages: ConversationAnswer[];
  /** Why what is shown may be out of date. */
  stale: string | null;
  earlier: { more: boolean; busy: boolean; failed: boolean; load: () => void };
};

function Opened({ answer: { conversation, suggestion }, pages, stale, earlier }: Props) {
  const { about, showAbout, hideAbout, hrefOf } = usePlace();
  const accounts = useQuery(inboxQueries.accounts());
  const messages = pages.toReversed().flatMap((page) => page.messages);
  const writing = useReplyDraft(conversation.id);
  const { send, pending } = useReply(conversation.id, messages);
  const archive = useArchive();
  useRead(conversation);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    // On a phone the list goes, and with it the link that was pressed.
    if (!document.activeElement?.checkVisibility()) heading.current?.focus({ preventScroll: true });
  }, []);
  const { peer, kind, archived } = conversation;
  const account = accounts.data?.accounts.find(
    ({ connectionId }) => connectionId === conversation.connectionId,
  );
  const name = peerName(peer);

  const answerThis = (replyTo: string) => {
    writing.change({ replyTo });
    document.getElementById(REPLY_ID)?.focus();
  };

  return (
    <div className="flex min-h-0 grow">
      <div className={`min-h-0 min-w-0 grow flex-col ${about ? "hidden xl:flex" : "flex"}`}>
        <header className="flex items-center gap-3 border-b border-line bg-surface px-4 py-2.5">
          <Link
            href={hrefOf(null)}
            aria-label="Back to the conversations"
            className={buttonStyle({ look: "quiet", size: "icon", className: "-ml-2 md:hidden" })}
          >
            <ArrowLeft aria-hidden className="size-4.5" />
          </Link>
          <span className="max-sm:hidden">
            <Avatar peer={peer} />
          </span>
          <div className="min-w-0 grow">
            <h2 ref={heading} tabIndex={-1} className="truncate font-semibold outline-none">
              {name}
            </h2>
            <p className="truncate text-xs text-ink-soft">
              {kindWords[kind].one} to {conversation.accountName}
            </p>
          </div>
          <AssistantMenu conversation={conversation} accountMode={account?.mode ?? null} />
          <Button
            look="quiet"
            size="icon"
            busy={archive.isPending}
            aria-label={archived ? "Take out of the archive" : "Archive"}
            title={archived ? "Take out of the archive (e)" : "Archive (e)"}
            onClick={() => archive.toggle(conversation)}
          >
            {!archive.isPending &&
              (archived ? (
                <ArchiveRestore aria-hidden className="size-4.5" strokeWidth={1.75} />
              ) : (
                <Archive aria-hidden className="size-4.5" strokeWidth={1.75} />
              ))}
          </Button>
          <Button
            look="quiet"
            size="icon"
            className="xl:hidden"
            aria-label={`About ${name}`}
            title={`About ${name}`}
            onClick={showAbout}
          >
            <Info aria-hidden className="size-4.5" strokeWidth={1.75} />
          </Button>
        </header>
        <WindowLine window={conversation.window} />
        <ConversationNotices conversation={conversation} />
        {stale && (
          <Notice tone="warn" role="status" className="m-3">
            This may be out of date: {stale}
          </Notice>
        )}
        <MessageList
          conversation={conversation}
          messages={messages}
          pending={pending}
          earlier={earlier}
          onAnswer={kind === "mention" ? null : (message) => answerThis(message.id)}
          onEdit={({ body, drop }) => {
            drop();
            writing.change({
              text: [body.text, writing.draft.text].filter(Boolean).join("\n"),
              media: body.media,
              quickReplies: body.quickReplies,
            });
            document.getElementById(REPLY_ID)?.focus();
          }}
        />
        <Answering conversation={conversation}>
          <ReplyBox
            conversation={conversation}
            messages={messages}
            suggestion={suggestion}
            writing={writing}
            onSend={send}
          />
        </Answering>
      </div>
      <aside
        aria-label={`About ${name}`}
        className={`overflow-y-auto border-line xl:block xl:w-72 xl:shrink-0 xl:border-l ${about ? "grow" : "hidden"}`}
      >
        <AboutPerson conversation={conversation} onClose={hideAbout} />
      </aside>
    </div>
  );
}

/** The box, or why there is none. */
function Answering({ conversation, children }: { conversation: ConversationDto; children: ReactNode }) {
  if (conversation.kind === "mention") {
    return (
      <p className="border-t border-line px-4 py-3 text-sm text-ink-soft">
        A mention is answered where it stands, in the app.
      </p>
    );
  }
  if (conversation.window.state === "closed") {
    return (
      <p className="border-t border-line px-4 py-3 text-sm text-ink-soft">
        The platform lets nobody write first, and their last message is too long ago. As soon as they write
        again, you can answer.
      </p>
    );
  }
  return children;
}

/** What is open before someone's eyes is read. */
function useRead({ id, unread }: ConversationDto) {
  const { mutate } = useMutation({
    mutationFn: () => changeConversation({ id, read: true }),
    onSuccess: (_answer, _given, _before, { client }) =>
      client.invalidateQueries({ queryKey: inboxQueries.all() }),
  });
  useEffect(() => {
    if (unread === 0) return;
    const read = () => document.visibilityState === "visible" && mutate();
    read();
    document.addEventListener("visibilitychange", read);
    return () => document.removeEventListener("visibilitychange", read);
  }, [unread, mutate]);
}
