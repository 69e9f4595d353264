import { type ReactNode, useId } from "react";
import { Card } from "@/components/ui/card";

/** One matter of the settings page. */
export function Section({ title, lead, children }: { title: string; lead: ReactNode; children: ReactNode }) {
  const id = useId();
  return (
    <Card aria-labelledby={id} className="grid gap-4 p-5">
      <div className="grid gap-1">
        <h2 id={id} className="text-base font-semibold">
          {title}
        </h2>
        <p className="max-w-prose text-sm text-ink-soft">{lead}</p>
      </div>
      {children}
    </Card>
  );
}
