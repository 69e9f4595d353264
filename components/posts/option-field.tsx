"use client";

import { Checkbox, Field, Input, Select } from "@/components/ui/field";
import type { FieldSpec } from "@/lib/platforms/contract";

type Props = {
  field: FieldSpec;
  value: unknown;
  error?: string | undefined;
  onChange: (value: unknown) => void;
};

/** One of a platform's own questions, drawn from its spec. */
export function OptionField({ field, value, error, onChange }: Props) {
  if (field.kind === "boolean") {
    return (
      <div className="grid gap-1 self-start text-sm">
        <Checkbox checked={value === true} onChange={(event) => onChange(event.target.checked)}>
          {field.label}
        </Checkbox>
        {field.help && <p className="text-[0.8125rem] text-ink-soft">{field.help}</p>}
        {error && <p className="text-[0.8125rem] font-medium text-bad">{error}</p>}
      </div>
    );
  }
  const given = typeof value === "string" ? value : "";
  return (
    <Field label={field.required ? field.label : `${field.label} (optional)`} hint={field.help} error={error}>
      {(control) =>
        field.kind === "choice" ? (
          <Select {...control} value={given} onChange={(event) => onChange(event.target.value)}>
            <option value="">{field.required ? "Choose…" : "Not chosen"}</option>
            {field.options.map((option) => (
              <option key={option.value} value={option.value}>
                {option.label}
              </option>
            ))}
          </Select>
        ) : (
          <Input {...control} value={given} onChange={(event) => onChange(event.target.value)} />
        )
      }
    </Field>
  );
}
