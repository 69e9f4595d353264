"use client";

import { accountLabel, needsAttention, statusWords } from "@/components/connections/status";
import { PlatformIcon } from "@/components/platform-icon";
import { canPublish } from "@/components/posts/compose/judge";
import { Button } from "@/components/ui/button";
import type { ConnectionDto } from "@/lib/connections/schema";
import type { PlatformSpec } from "@/lib/platforms/contract";

type Props = {
  connections: ConnectionDto[];
  specs: Record<string, PlatformSpec>;
  selected: string[];
  /** Before it, a choice would be lost to the draft that is being read. */
  loaded: boolean;
  onToggle: (connectionId: string) => void;
  onChoose: (connectionIds: string[]) => void;
};

/** Which accounts this goes to. */
export function TargetPicker({ connections, specs, selected, loaded, onToggle, onChoose }: Props) {
  const open = connections.filter(({ platform }) => canPublish(specs[platform]));
  const all = open.every(({ id }) => selected.includes(id));
  return (
    <fieldset className="grid min-w-0 gap-2">
      <div className="flex items-center justify-between gap-3">
        <legend className="contents text-sm font-medium">Accounts</legend>
        {open.length > 1 && (
          <Button
            look="quiet"
            size="small"
            disabled={!loaded}
            onClick={() => onChoose(all ? [] : open.map(({ id }) => id))}
          >
            {all ? "Select none" : "Select all"}
          </Button>
        )}
      </div>
      <div className="flex min-w-0 flex-wrap gap-2">
        {connections.map((connection) => (
          <Target
            key={connection.id}
            connection={connection}
            platformName={specs[connection.platform]?.name ?? connection.platform}
            checked={selected.includes(connection.id)}
            isOpen={open.includes(connection)}
            loaded={loaded}
            onToggle={() => onToggle(connection.id)}
          />
        ))}
      </div>
    </fieldset>
  );
}

type TargetProps = {
  connection: ConnectionDto;
  platformName: string;
  checked: boolean;
  /** Whether anything can be published there at all. */
  isOpen: boolean;
  loaded: boolean;
  onToggle: () => void;
};

function Target({ connection, platformName, checked, isOpen, loaded, onToggle }: TargetProps) {
  const label = accountLabel(connection);
  const note = noteOf(connection, platformName, isOpen);
  const noteId = `target-note-${connection.id}`;
  return (
    <label
      data-closed={isOpen ? undefined : true}
      className="flex min-h-10 max-w-full cursor-pointer items-center gap-2 rounded-full border border-control/60 bg-surface py-1 pr-4 pl-3 text-sm has-checked:border-accent has-checked:bg-accent-soft has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent data-closed:cursor-not-allowed data-closed:flex-wrap data-closed:rounded-xl data-closed:border-dashed data-closed:bg-sunken data-closed:text-ink-soft"
    >
      <input
        type="checkbox"
        checked={checked}
        disabled={!isOpen || !loaded}
        onChange={onToggle}
        aria-label={`${platformName}, ${label}`}
        aria-describedby={note ? noteId : undefined}
        className="size-4 shrink-0 accent-accent outline-none"
      />
      <PlatformIcon platform={connection.platform} name={platformName} size="small" />
      <span className="truncate">{label}</span>
      {note && (
        <span id={noteId} className={isOpen ? "font-medium whitespace-nowrap text-warn" : undefined}>
          {note}
        </span>
      )}
    </label>
  );
}

function noteOf(connection: ConnectionDto, platformName: string, isOpen: boolean): string | null {
  if (!isOpen) return `Not available: ${platformName} lets no other program publish.`;
  return needsAttention(connection) ? statusWords[connection.status].label : null;
}
