"use client";

import type { LiveChoices } from "@/components/posts/compose/choices";
import { ListField } from "@/components/posts/compose/list-field";
import { Checkbox, type ControlProps, Field, Input, Select } from "@/components/ui/field";
import type { FieldSpec } from "@/lib/platforms/contract";

type Props = {
  field: FieldSpec;
  value: unknown;
  error?: string | undefined;
  /** What the platform allows this account right now. */
  live: LiveChoices;
  onChange: (value: unknown) => void;
  /** A text box is entered, or left. */
  onTyping: (isTyping: boolean) => void;
};

/** One of a platform's own questions, drawn from its spec. */
export function OptionField({ field, value, error, live, onChange, onTyping }: Props) {
  const closed = (live.state === "known" && live.choices.fields[field.name]?.disabled) || null;
  // An answer that was given before the question was closed can still be taken back.
  const isClosed = closed !== null && (value === undefined || value === false);
  if (field.kind === "boolean") {
    return (
      <div className="grid gap-1 self-start text-sm">
        <Checkbox
          checked={value === true}
          disabled={isClosed}
          className={isClosed ? "text-ink-soft" : undefined}
          onChange={(event) => onChange(event.target.checked)}
        >
          {field.label}
        </Checkbox>
        {(isClosed || field.help) && (
          <p className="text-[0.8125rem] text-ink-soft">{isClosed ? closed : field.help}</p>
        )}
        {error && <p className="text-[0.8125rem] font-medium text-bad">{error}</p>}
      </div>
    );
  }
  if (field.kind === "list") {
    return <ListField field={field} value={value} error={error} onChange={onChange} />;
  }
  return (
    <Field
      label={field.required ? field.label : `${field.label} (optional)`}
      hint={isClosed ? closed : hintOf(field)}
      error={error}
    >
      {(control) => {
        switch (field.kind) {
          case "choice":
            return (
              <Choice
                control={control}
                field={field}
                value={value}
                live={live}
                closed={isClosed}
                onChange={onChange}
              />
            );
          case "number":
            return (
              <NumberInput
                control={control}
                field={field}
                value={value}
                closed={isClosed}
                onChange={onChange}
              />
            );
          case "text":
            return (
              <Input
                {...control}
                value={typeof value === "string" ? value : ""}
                disabled={isClosed}
                onFocus={() => onTyping(true)}
                onBlur={() => onTyping(false)}
                onChange={(event) => onChange(event.target.value)}
              />
            );
        }
      }}
    </Field>
  );
}

type Part<K extends FieldSpec["kind"]> = {
  control: ControlProps;
  field: FieldSpec & { kind: K };
  value: unknown;
  closed: boolean;
  onChange: (value: unknown) => void;
};

/** Nothing is chosen beforehand, whatever the platform offers: the person chooses. */
function Choice({ control, field, value, live, closed, onChange }: Part<"choice"> & { live: LiveChoices }) {
  const options = field.live ? offered(live, field.name) : field.options;
  const given = typeof value === "string" ? value : "";
  const isGone = given !== "" && !options?.some((option) => option.value === given);
  const empty = field.required ? "Choose…" : "Not chosen";
  return (
    <Select
      {...control}
      value={given}
      disabled={closed || (options === null && given === "")}
      aria-busy={(field.live && live.state === "loading") || undefined}
      onChange={(event) => onChange(event.target.value)}
    >
      <option value="">{field.live && live.state === "loading" ? "Asking the platform…" : empty}</option>
      {isGone && <option value={given}>{options === null ? "Chosen before" : "No longer on offer"}</option>}
      {options?.map((option) => (
        <option key={option.value} value={option.value}>
          {option.label}
        </option>
      ))}
    </Select>
  );
}

/** null: not known. */
const offered = (live: LiveChoices, name: string): { value: string; label: string }[] | null =>
  live.state === "known" ? (live.choices.fields[name]?.options ?? []) : null;

const NumberInput = ({ control, field, value, closed, onChange }: Part<"number">) => (
  <span className="flex items-center gap-2">
    <Input
      {...control}
      type="number"
      inputMode="numeric"
      step={1}
      min={field.min}
      max={field.max}
      className="numbers max-w-40"
      value={typeof value === "number" ? value : ""}
      disabled={closed}
      onChange={({ target }) => onChange(target.value === "" ? "" : Number(target.value))}
    />
    {field.unit && <span className="text-sm text-ink-soft">{field.unit}</span>}
  </span>
);

function hintOf(field: FieldSpec): string | undefined {
  if (field.kind !== "number") return field.help;
  const range = `From ${field.min} to ${field.max}${field.unit ? ` ${field.unit}` : ""}.`;
  return field.help ? `${field.help} ${range}` : range;
}
