"use client";

import { Search, X } from "lucide-react";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import type { Listed } from "@/components/inbox/address";
import { filterWords, kindWords } from "@/components/inbox/words";
import { Button } from "@/components/ui/button";
import { Input, Select } from "@/components/ui/field";
import { conversationKinds, type InboxAccountDto, inboxFilters } from "@/lib/inbox/schema";

type Props = {
  listed: Listed;
  accounts: InboxAccountDto[];
  onChange: (change: Partial<Listed>) => void;
};

export const SEARCH_ID = "inbox-search";

/** Which conversations are shown. */
export function ListFilters({ listed, accounts, onChange }: Props) {
  return (
    <search className="grid gap-2.5 border-b border-line px-4 pb-3">
      <SearchBox words={listed.q ?? ""} onChange={(q) => onChange({ q: q || undefined })} />
      <fieldset className="flex flex-wrap gap-1.5">
        <legend className="sr-only">Show</legend>
        {inboxFilters.map((filter) => (
          <label
            key={filter}
            className="relative rounded-full border border-line bg-surface px-2.5 py-0.5 text-sm text-ink-soft outline-offset-2 hover:text-ink has-checked:border-accent has-checked:bg-accent-soft has-checked:font-medium has-checked:text-accent-strong has-focus-visible:outline-2 has-focus-visible:outline-accent"
          >
            <input
              type="radio"
              name="inbox-filter"
              className="absolute inset-0 m-0 size-full opacity-0"
              checked={listed.filter === filter}
              onChange={() => onChange({ filter })}
            />
            {filterWords[filter]}
          </label>
        ))}
      </fieldset>
      <div className="flex gap-2">
        <Select
          aria-label="Kind"
          className="h-8! text-sm"
          value={listed.kind ?? ""}
          onChange={({ target }) =>
            onChange({ kind: conversationKinds.find((kind) => kind === target.value) })
          }
        >
          <option value="">All kinds</option>
          {conversationKinds.map((kind) => (
            <option key={kind} value={kind}>
              {kindWords[kind].many}
            </option>
          ))}
        </Select>
        {accounts.length > 1 && (
          <Select
            aria-label="Account"
            className="h-8! text-sm"
            value={listed.connection ?? ""}
            onChange={({ target }) => onChange({ connection: target.value || undefined })}
          >
            <option value="">All accounts</option>
            {accounts.map(({ connectionId, name }) => (
              <option key={connectionId} value={connectionId}>
                {name}
              </option>
            ))}
          </Select>
        )}
      </div>
    </search>
  );
}

const PAUSE_MS = 250;

/** Asks once the typing rests. */
function SearchBox({ words, onChange }: { words: string; onChange: (words: string) => void }) {
  const [typed, setTyped] = useState(words);
  const latest = useRef(onChange);
  useEffect(() => {
    latest.current = onChange;
  });
  const asked = useRef(words);
  const wanted = typed.trim();
  useEffect(() => {
    if (wanted === asked.current) return;
    const timer = setTimeout(() => {
      asked.current = wanted;
      latest.current(wanted);
    }, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [wanted]);

  // Back and forward bring other words than were typed.
  useEffect(() => {
    if (words === asked.current) return;
    asked.current = words;
    setTyped(words);
  }, [words]);

  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    if (typed !== "") setTyped("");
    else event.currentTarget.blur();
  };

  return (
    <div className="relative">
      <Search aria-hidden className="absolute top-2.5 left-3 size-4 text-ink-soft" />
      <Input
        id={SEARCH_ID}
        type="search"
        aria-label="Search names and messages"
        placeholder="Search"
        maxLength={200}
        className="h-9! px-9! [&::-webkit-search-cancel-button]:hidden"
        value={typed}
        onChange={({ target }) => setTyped(target.value)}
        onKeyDown={onKeyDown}
      />
      {typed !== "" && (
        <Button
          look="quiet"
          size="icon"
          aria-label="Clear the search"
          className="absolute top-0 right-0"
          onClick={() => setTyped("")}
        >
          <X aria-hidden className="size-4" />
        </Button>
      )}
    </div>
  );
}
