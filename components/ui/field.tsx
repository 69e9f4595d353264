import { clsx } from "clsx";
import { type ComponentProps, type ReactNode, useId } from "react";

/** A label, a hint, what is wrong, and the control they belong to, tied together for screen readers. */

export type ControlProps = { id: string; "aria-describedby"?: string; "aria-invalid"?: true };

type Props = {
  label: ReactNode;
  hint?: ReactNode;
  error?: ReactNode;
  children: (control: ControlProps) => ReactNode;
};

export function Field({ label, hint, error, children }: Props) {
  const id = useId();
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  return (
    <div className="grid gap-1.5">
      <label htmlFor={id} className="text-sm font-medium">
        {label}
      </label>
      {children({
        id,
        ...(described && { "aria-describedby": described }),
        ...(error && { "aria-invalid": true as const }),
      })}
      {hint && (
        <p id={`${id}-hint`} className="text-[0.8125rem] text-ink-soft">
          {hint}
        </p>
      )}
      {error && (
        <p id={`${id}-error`} className="text-[0.8125rem] font-medium text-bad">
          {error}
        </p>
      )}
    </div>
  );
}

const control =
  "w-full min-w-0 rounded-md border border-control bg-surface px-3 text-ink placeholder:text-ink-soft aria-invalid:border-bad disabled:opacity-60";

export const Input = ({ className, ...rest }: ComponentProps<"input">) => (
  <input {...rest} className={clsx(control, "h-10", className)} />
);

export const Textarea = ({ className, ...rest }: ComponentProps<"textarea">) => (
  <textarea {...rest} className={clsx(control, "field-grow resize-y py-2.5 leading-relaxed", className)} />
);

/** The browser's own list: right on every phone, and complete by keyboard. */
export const Select = ({ className, ...rest }: ComponentProps<"select">) => (
  <select {...rest} className={clsx(control, "h-10", className)} />
);

/** A box and its words: pressing either ticks it. */
export const Checkbox = ({ className, children, ...rest }: Omit<ComponentProps<"input">, "type">) => (
  <label className={clsx("flex items-center gap-2.5", className)}>
    <input {...rest} type="checkbox" className="size-4.5 shrink-0 accent-accent" />
    {children}
  </label>
);
