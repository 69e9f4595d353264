"use client";

import { useMutation } from "@tanstack/react-query";
import { type ReactNode, useId, useState } from "react";
import { modeWords } from "@/components/inbox/words";
import { PlatformIcon } from "@/components/platform-icon";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { Field, Input, Select, Textarea } from "@/components/ui/field";
import { tell } from "@/components/ui/toast";
import { sentence } from "@/lib/http/api";
import { changeInboxAccount, inboxQueries } from "@/lib/inbox/queries";
import { type Answering, answeringModes, type InboxAccountDto } from "@/lib/inbox/schema";

/** How one account answers by itself. */
export function AnsweringForm({ account }: { account: InboxAccountDto }) {
  const id = useId();
  const [mode, setMode] = useState(account.mode);
  const [answering, setAnswering] = useState(account.answering);
  const [lists, setLists] = useState(() => linesOf(account.answering));
  const set = (change: Partial<Answering>) => setAnswering((before) => ({ ...before, ...change }));
  const wanted = { ...answering, ...entriesOf(lists) };
  const isChanged =
    mode !== account.mode || JSON.stringify(wanted) !== JSON.stringify({ ...account.answering });
  const save = useMutation({
    mutationFn: () => changeInboxAccount({ id: account.connectionId, mode, answering: wanted }),
    onSuccess: () => tell({ title: `Saved for ${account.name}` }),
    onSettled: (_answer, _error, _given, _before, { client }) =>
      client.invalidateQueries({ queryKey: inboxQueries.all() }),
  });
  const list = (name: keyof Lists) => ({
    rows: 3,
    className: "min-h-20",
    value: lists[name],
    onChange: ({ target }: { target: { value: string } }) => setLists({ ...lists, [name]: target.value }),
  });

  return (
    <Card aria-labelledby={id}>
      <form
        className="grid gap-5 p-5"
        onSubmit={(event) => {
          event.preventDefault();
          if (!save.isPending) save.mutate();
        }}
      >
        <h3 id={id} className="flex items-center gap-2.5 font-semibold">
          <PlatformIcon platform={account.platform} />
          {account.name}
          {account.handle && (
            <span className="font-normal text-ink-soft">@{account.handle.replace(/^@/, "")}</span>
          )}
        </h3>
        <fieldset className="grid gap-2 sm:grid-cols-3">
          <legend className="sr-only">What the assistant does for {account.name}</legend>
          {answeringModes.map((value) => (
            <label
              key={value}
              className="flex items-start gap-2.5 rounded-lg border border-line p-3 outline-offset-2 has-checked:border-accent has-checked:bg-accent-soft has-focus-visible:outline-2 has-focus-visible:outline-accent"
            >
              <input
                type="radio"
                name={`${id}-mode`}
                className="mt-1 accent-accent outline-none"
                checked={mode === value}
                onChange={() => setMode(value)}
              />
              <span className="grid gap-0.5">
                <span className="font-medium">{modeWords[value].short}</span>
                <span className="text-[0.8125rem] text-ink-soft">{modeWords[value].means}</span>
              </span>
            </label>
          ))}
        </fieldset>
        <details className="grid gap-5" open={mode !== "off" || undefined}>
          <summary className="w-fit rounded text-sm font-medium text-ink-soft hover:text-ink">
            How it answers
          </summary>
          <div className="grid items-start gap-5 pt-4 sm:grid-cols-2">
            <Field label="It answers" hint="Below this, a person is asked.">
              {(control) => (
                <Choice
                  {...control}
                  value={answering.threshold}
                  choices={THRESHOLDS}
                  other={(value) => `When it is at least ${Math.round(value * 100)} % sure`}
                  onChange={(threshold) => set({ threshold })}
                />
              )}
            </Field>
            <Field
              label="Most answers in a day"
              hint="After that it waits for tomorrow, and a person is asked."
            >
              {(control) => (
                <Input
                  {...control}
                  type="number"
                  inputMode="numeric"
                  min={0}
                  max={10_000}
                  className="numbers max-w-40"
                  value={answering.dailyCap}
                  onChange={({ target }) => set({ dailyCap: Number(target.value) })}
                />
              )}
            </Field>
            <Field label="When you have answered, it keeps still for">
              {(control) => (
                <Choice
                  {...control}
                  value={answering.pauseMinutes}
                  choices={PAUSES}
                  other={(value) => `${value} minutes`}
                  onChange={(pauseMinutes) => set({ pauseMinutes })}
                />
              )}
            </Field>
            <Field label="A person is asked when someone says" hint="One on each line.">
              {(control) => <Textarea {...control} {...list("stopWords")} />}
            </Field>
            <Wide>
              <Field
                label="Said before its first answer"
                hint="So that nobody takes it for a person. Empty: nothing is said; in some places the law asks for it."
              >
                {(control) => (
                  <Textarea
                    {...control}
                    rows={2}
                    maxLength={300}
                    value={answering.disclosure}
                    onChange={({ target }) => set({ disclosure: target.value })}
                  />
                )}
              </Field>
            </Wide>
            <Field
              label="Only about these (optional)"
              hint="One on each line. Empty: about anything it knows."
            >
              {(control) => <Textarea {...control} {...list("allowTopics")} />}
            </Field>
            <Field label="Never about these (optional)" hint="One on each line. A person is asked.">
              {(control) => <Textarea {...control} {...list("denyTopics")} />}
            </Field>
            <Field label="Said when a person is asked (optional)" hint="Empty: nothing is said.">
              {(control) => (
                <Textarea
                  {...control}
                  rows={2}
                  maxLength={300}
                  placeholder="One moment, a colleague will answer you."
                  value={answering.handOverText}
                  onChange={({ target }) => set({ handOverText: target.value })}
                />
              )}
            </Field>
            <Field
              label="How it should sound (optional)"
              hint="For a model; your own answers go out as you wrote them."
            >
              {(control) => (
                <Textarea
                  {...control}
                  rows={2}
                  maxLength={500}
                  placeholder="Friendly and brief."
                  value={answering.tone}
                  onChange={({ target }) => set({ tone: target.value })}
                />
              )}
            </Field>
          </div>
        </details>
        {save.error && (
          <p role="alert" className="text-sm font-medium text-bad">
            {sentence(save.error)}
          </p>
        )}
        <div className="flex items-center gap-3">
          <Button type="submit" look="primary" busy={save.isPending} disabled={!isChanged}>
            Save
          </Button>
          {isChanged && <span className="text-sm text-ink-soft">Not saved yet</span>}
        </div>
      </form>
    </Card>
  );
}

const Wide = ({ children }: { children: ReactNode }) => <div className="sm:col-span-2">{children}</div>;

type ChoiceProps = {
  value: number;
  choices: { value: number; label: string }[];
  /** How a value that none of them is would be said. */
  other: (value: number) => string;
  onChange: (value: number) => void;
};

const Choice = ({ value, choices, other, onChange, ...control }: ChoiceProps) => (
  <Select {...control} value={value} onChange={({ target }) => onChange(Number(target.value))}>
    {!choices.some((choice) => choice.value === value) && <option value={value}>{other(value)}</option>}
    {choices.map((choice) => (
      <option key={choice.value} value={choice.value}>
        {choice.label}
      </option>
    ))}
  </Select>
);

const THRESHOLDS = [
  { value: 0.8, label: "Only when it is quite sure" },
  { value: 0.5, label: "When it is fairly sure" },
  { value: 0.3, label: "When it has a good guess" },
];

const PAUSES = [
  { value: 30, label: "30 minutes" },
  { value: 60, label: "1 hour" },
  { value: 120, label: "2 hours" },
  { value: 480, label: "8 hours" },
  { value: 1_440, label: "1 day" },
  { value: 10_080, label: "1 week" },
];

type Lists = Record<"stopWords" | "allowTopics" | "denyTopics", string>;

const linesOf = ({ stopWords, allowTopics, denyTopics }: Answering): Lists => ({
  stopWords: stopWords.join("\n"),
  allowTopics: allowTopics.join("\n"),
  denyTopics: denyTopics.join("\n"),
});

const entries = (text: string): string[] => [
  ...new Set(
    text
      .split("\n")
      .map((line) => line.trim())
      .filter(Boolean),
  ),
];

const entriesOf = ({ stopWords, allowTopics, denyTopics }: Lists) => ({
  stopWords: entries(stopWords),
  allowTopics: entries(allowTopics),
  denyTopics: entries(denyTopics),
});
