import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";

type Props = { icon: LucideIcon; title: string; children?: ReactNode; actions?: ReactNode };

/** Nothing here yet, why, and the way out. */
export function EmptyState({ icon: Icon, title, children, actions }: Props) {
  return (
    <div className="grid justify-items-center gap-3 rounded-xl border border-dashed border-control/60 px-6 py-12 text-center">
      <Icon aria-hidden className="size-8 text-accent" strokeWidth={1.5} />
      <h2 className="text-lg font-semibold">{title}</h2>
      {children && <div className="max-w-prose text-ink-soft">{children}</div>}
      {actions && <div className="flex flex-wrap justify-center gap-2 pt-1">{actions}</div>}
    </div>
  );
}
