import { clsx } from "clsx";
import type { ComponentProps } from "react";

export const Card = ({ className, ...rest }: ComponentProps<"section">) => (
  <section {...rest} className={clsx("rounded-xl border border-line bg-surface", className)} />
);
