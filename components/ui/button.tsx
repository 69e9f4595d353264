"use client";

import { LoaderCircle } from "lucide-react";
import type { ComponentProps } from "react";
import { type ButtonStyle, buttonStyle } from "@/components/ui/button-style";
import { useAwake } from "@/components/ui/time";

type Props = ComponentProps<"button"> & ButtonStyle & { busy?: boolean | undefined };

/**
 * While busy it keeps its name and focus, says so to screen readers, and cannot be pressed again. Until the page is awake
 * it is off: a press that nobody hears must not look like one that was.
 */
export function Button({
  look,
  size,
  busy,
  className,
  children,
  onClick,
  disabled,
  type = "button",
  ...rest
}: Props) {
  const awake = useAwake();
  return (
    <button
      {...rest}
      type={type}
      disabled={disabled || !awake}
      aria-busy={busy || undefined}
      aria-disabled={busy || undefined}
      onClick={(event) => {
        if (busy) event.preventDefault();
        else onClick?.(event);
      }}
      className={buttonStyle({ look, size, className })}
    >
      {busy && <LoaderCircle aria-hidden className="size-4 animate-spin" />}
      {children}
    </button>
  );
}
