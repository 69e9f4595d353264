"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Bot, Images, ListPlus, SendHorizontal, X } from "lucide-react";
import { type KeyboardEvent, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { QuickReplies } from "@/components/inbox/reply/quick-replies";
import { answeredBy, judgeReply } from "@/components/inbox/reply/reply-rules";
import { isEmptyReply, type ReplyDraft } from "@/components/inbox/reply/reply-storage";
import { SavedRepliesMenu } from "@/components/inbox/reply/saved-replies-menu";
import { useSlashList } from "@/components/inbox/reply/slash-list";
import { SuggestionCard } from "@/components/inbox/reply/suggestion-card";
import type { useReplyDraft } from "@/components/inbox/reply/use-reply-draft";
import { useTyping } from "@/components/inbox/reply/use-typing";
import { peerName } from "@/components/inbox/words";
import { LibraryDialog } from "@/components/media/library-dialog";
import { rememberFiles, useFileStates } from "@/components/media/use-library-files";
import { MediaTiles } from "@/components/posts/media-tiles";
import { Button } from "@/components/ui/button";
import { Textarea } from "@/components/ui/field";
import { warn } from "@/components/ui/toast";
import { sentence } from "@/lib/http/api";
import { askSuggestion, inboxQueries } from "@/lib/inbox/queries";
import type { ConversationDto, MessageDto, ReplyBody, SuggestionDto } from "@/lib/inbox/schema";

type Props = {
  conversation: ConversationDto;
  messages: MessageDto[];
  suggestion: SuggestionDto | null;
  writing: ReturnType<typeof useReplyDraft>;
  onSend: (body: Omit<ReplyBody, "wish">) => void;
};

export const REPLY_ID = "inbox-reply";

/** Where an answer is written. */
export function ReplyBox({ conversation, messages, suggestion, writing, onSend }: Props) {
  const { draft, loaded, change, clear } = writing;
  const client = useQueryClient();
  const box = useRef<HTMLTextAreaElement>(null);
  const [choosing, setChoosing] = useState(false);
  const [offering, setOffering] = useState(false);
  const files = useFileStates(draft.media);
  const kinds = files.map((file) => (typeof file === "object" ? file.kind : null));
  const { kind, peer } = conversation;
  const isDirect = kind === "direct";
  const showTyping = useTyping(conversation.id);
  const showsTyping = isDirect && conversation.window.state === "open";
  const judged = judgeReply(draft, conversation, kinds);
  const answered = isDirect ? messages.find(({ id }) => id === draft.replyTo) : answeredBy(draft, messages);
  const mayBePrivate = messages.some(({ privateReply }) => privateReply === "possible");
  const blocked =
    judged.problem ??
    (!isDirect && draft.channel === "private" && answered?.privateReply !== "possible"
      ? "This comment cannot be answered in private any more."
      : null);

  const write = (text: string, more: Partial<ReplyDraft> = {}) => {
    flushSync(() => change({ text, ...more }));
    box.current?.focus();
    box.current?.setSelectionRange(text.length, text.length);
  };
  const slash = useSlashList(draft.text, (reply) => write(reply.text));

  const send = () => {
    if (isEmptyReply(draft) || blocked !== null) return;
    const { text, media, quickReplies, channel, suggestionId } = draft;
    // Before React draws it: a second press finds nothing left to send.
    flushSync(clear);
    setOffering(false);
    onSend({
      text: text.trim(),
      media,
      quickReplies: text.trim() === "" ? [] : quickReplies,
      channel,
      ...(answered && { replyTo: answered.id }),
      ...(suggestionId && { suggestionId }),
    });
    box.current?.focus();
  };

  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    slash.onKeyDown(event);
    if (event.defaultPrevented) return;
    if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) {
      event.preventDefault();
      send();
    } else if (event.key === "Escape") {
      event.stopPropagation();
      event.currentTarget.blur();
    }
  };

  return (
    <form
      className="grid gap-2 border-t border-line bg-surface px-4 py-3"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {suggestion && suggestion.id !== draft.suggestionId && (
        <SuggestionCard
          key={suggestion.id}
          conversationId={conversation.id}
          suggestion={suggestion}
          onUse={({ id, text }) => write(text, { suggestionId: id })}
        />
      )}
      {!isDirect && <Channel draft={draft} mayBePrivate={mayBePrivate} peer={peer} onChange={change} />}
      {answered && draft.replyTo !== null && (
        <p className="flex items-center gap-2 border-l-2 border-accent pl-2 text-[0.8125rem] text-ink-soft">
          <span className="min-w-0 truncate">Answers: {answered.text ?? "a message without text"}</span>
          <Button
            look="quiet"
            size="small"
            className="h-6! px-1!"
            aria-label="Answer no message in particular"
            onClick={() => change({ replyTo: null })}
          >
            <X aria-hidden className="size-3.5" />
          </Button>
        </p>
      )}
      {draft.media.length > 0 && (
        <div className="flex items-center gap-2">
          <MediaTiles refs={draft.media} size="small" />
          <Button look="quiet" size="small" onClick={() => change({ media: [] })}>
            Remove
          </Button>
        </div>
      )}
      {offering && conversation.limits && (
        <QuickReplies
          replies={draft.quickReplies}
          limits={conversation.limits}
          onChange={(quickReplies) => change({ quickReplies })}
          onClose={() => setOffering(false)}
        />
      )}
      <div className="relative">
        {slash.list}
        <Textarea
          {...slash.box}
          ref={box}
          id={REPLY_ID}
          rows={2}
          maxLength={8_000}
          aria-label={`Reply to ${peerName(peer)}`}
          aria-describedby={`${REPLY_ID}-count`}
          aria-keyshortcuts="Control+Enter Meta+Enter"
          placeholder="Write a reply, or / for a saved one"
          className="max-h-48 resize-none!"
          readOnly={!loaded}
          value={draft.text}
          onChange={({ target }) => {
            change({ text: target.value });
            if (showsTyping && target.value.trim() !== "") showTyping();
          }}
          onKeyDown={onKeyDown}
        />
      </div>
      <div className="flex flex-wrap items-center gap-x-1 gap-y-2">
        {isDirect && (
          <>
            <Tool
              label="Pictures and video from the library"
              icon={Images}
              onClick={() => setChoosing(true)}
            />
            <Tool
              label="Answers to tap"
              icon={ListPlus}
              isOn={offering || draft.quickReplies.length > 0}
              onClick={() => setOffering(!offering)}
            />
          </>
        )}
        <SavedRepliesMenu
          onChoose={({ text }) => write(draft.text.trim() === "" ? text : `${draft.text}${text}`)}
        />
        {isDirect && !suggestion && <AskAssistant conversationId={conversation.id} />}
        <p
          id={`${REPLY_ID}-count`}
          className={`ml-auto px-2 text-right text-xs ${blocked ? "font-medium text-bad" : "text-ink-soft"}`}
        >
          {blocked ?? (
            <>
              <span className="numbers">
                {judged.count} / {judged.max}
              </span>{" "}
              {judged.unit}
              {judged.messages > 1 && `, goes as ${judged.messages} messages`}
            </>
          )}
        </p>
        <Button
          type="submit"
          look="primary"
          size="small"
          className="h-9! max-sm:w-9! max-sm:px-0!"
          disabled={isEmptyReply(draft) || blocked !== null}
          title="⌘ or Ctrl + Enter"
        >
          <SendHorizontal aria-hidden className="size-4" />
          <span className="max-sm:sr-only">Send</span>
        </Button>
      </div>
      <LibraryDialog
        open={choosing}
        taken={draft.media.map(({ id }) => id)}
        onClose={() => setChoosing(false)}
        onChoose={(chosen) => {
          setChoosing(false);
          rememberFiles(client, chosen);
          change({ media: [...draft.media, ...chosen.map(({ id }) => ({ id }))].slice(0, 10) });
        }}
      />
    </form>
  );
}

type ToolProps = { label: string; icon: typeof Images; isOn?: boolean; onClick: () => void };

const Tool = ({ label, icon: Icon, isOn, onClick }: ToolProps) => (
  <Button
    look="quiet"
    size="icon"
    aria-label={label}
    title={label}
    {...(isOn !== undefined && { "aria-pressed": isOn })}
    className="aria-pressed:bg-accent-soft aria-pressed:text-accent-strong"
    onClick={onClick}
  >
    <Icon aria-hidden className="size-4.5" strokeWidth={1.75} />
  </Button>
);

type ChannelProps = {
  draft: ReplyDraft;
  mayBePrivate: boolean;
  peer: ConversationDto["peer"];
  onChange: (change: Partial<ReplyDraft>) => void;
};

/** A comment is answered below it, or once in a message to who wrote it. */
const Channel = ({ draft, mayBePrivate, peer, onChange }: ChannelProps) => (
  <fieldset className="flex flex-wrap gap-x-4 gap-y-1 text-sm">
    <legend className="sr-only">Where the answer goes</legend>
    <label className="flex items-center gap-2">
      <input
        type="radio"
        name="channel"
        className="accent-accent"
        checked={draft.channel === "public"}
        onChange={() => onChange({ channel: "public" })}
      />
      Below the comment, for all to see
    </label>
    <label className={`flex items-center gap-2 ${mayBePrivate ? "" : "text-ink-soft"}`}>
      <input
        type="radio"
        name="channel"
        className="accent-accent"
        checked={draft.channel === "private"}
        disabled={!mayBePrivate}
        onChange={() => onChange({ channel: "private" })}
      />
      {mayBePrivate
        ? `In a message to ${peerName(peer)}: once, within 7 days`
        : "No private answer left: one for each comment, within 7 days"}
    </label>
  </fieldset>
);

function AskAssistant({ conversationId }: { conversationId: string }) {
  const ask = useMutation({
    mutationFn: () => askSuggestion(conversationId),
    onError: (error) => warn({ title: "The assistant wrote no draft", description: sentence(error) }),
    onSettled: (_answer, _error, _given, _before, { client }) =>
      client.invalidateQueries({ queryKey: inboxQueries.all() }),
  });
  return (
    <Button
      look="quiet"
      size="icon"
      aria-label="Ask the assistant for a draft"
      title="Ask the assistant for a draft"
      busy={ask.isPending}
      onClick={() => ask.mutate()}
    >
      {!ask.isPending && <Bot aria-hidden className="size-4.5" strokeWidth={1.75} />}
    </Button>
  );
}
