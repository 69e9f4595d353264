"use client";

import { Plus, X } from "lucide-react";
import { type KeyboardEvent, useId, useRef } from "react";
import { flushSync } from "react-dom";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/field";
import type { FieldSpec } from "@/lib/platforms/contract";

type Props = {
  field: FieldSpec & { kind: "list" };
  value: unknown;
  error?: string | undefined;
  onChange: (value: string[]) => void;
};

/** Several short texts: as many boxes as the platform wants at least, and more by Enter or the button. */
export function ListField({ field, value, error, onChange }: Props) {
  const id = useId();
  const box = useRef<HTMLFieldSetElement>(null);
  const given = Array.isArray(value) ? value.map(String) : [];
  const entries = [...given, ...Array.from({ length: Math.max(0, field.min - given.length) }, () => "")];
  const isFull = entries.length >= field.max;
  const hint = `${field.help ? `${field.help} ` : ""}${countWords(field)}`;

  const focus = (index: number) => box.current?.querySelectorAll("input")[index]?.focus();
  const add = () => {
    if (isFull) return;
    flushSync(() => onChange([...entries, ""]));
    focus(entries.length);
  };
  const remove = (index: number) => {
    flushSync(() => onChange(entries.filter((_, place) => place !== index)));
    // The button that was pressed goes with its entry.
    focus(Math.max(0, index - 1));
  };
  const onKeyDown = (event: KeyboardEvent, index: number) => {
    if (event.key !== "Enter" || event.metaKey || event.ctrlKey) return;
    // Enter in a lone text box would publish the post.
    event.preventDefault();
    if (index < entries.length - 1) focus(index + 1);
    else add();
  };

  return (
    <fieldset
      ref={box}
      aria-describedby={error ? `${id}-hint ${id}-error` : `${id}-hint`}
      className="grid min-w-0 gap-2"
    >
      <legend className="float-left text-sm font-medium">
        {field.label}
        {!field.required && " (optional)"}
      </legend>
      <ol className="grid gap-2">
        {entries.map((entry, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: entries are what stands in their boxes, nothing more
          <li key={index} className="flex items-center gap-2">
            <Input
              value={entry}
              aria-label={`${field.label} ${index + 1}`}
              aria-invalid={
                error && (entry.trim() === "" || [...entry].length > field.maxLength) ? true : undefined
              }
              onKeyDown={(event) => onKeyDown(event, index)}
              onChange={(event) =>
                onChange(entries.map((old, place) => (place === index ? event.target.value : old)))
              }
            />
            {entries.length > field.min && (
              <Button
                look="quiet"
                size="icon"
                aria-label={`Remove ${field.label} ${index + 1}`}
                onClick={() => remove(index)}
              >
                <X aria-hidden className="size-4" />
              </Button>
            )}
          </li>
        ))}
      </ol>
      {!isFull && (
        <Button look="quiet" size="small" className="justify-self-start" onClick={add}>
          <Plus aria-hidden className="size-4" />
          Add another
          <span className="sr-only"> to {field.label}</span>
        </Button>
      )}
      <p id={`${id}-hint`} className="text-[0.8125rem] text-ink-soft">
        {hint}
      </p>
      {error && (
        <p id={`${id}-error`} className="text-[0.8125rem] font-medium text-bad">
          {error}
        </p>
      )}
    </fieldset>
  );
}

const countWords = ({ min, max, maxLength }: Props["field"]): string =>
  `${min === max ? min : `${min} to ${max}`}, each with up to ${maxLength} characters.`;
