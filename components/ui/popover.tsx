"use client";

import { Popover as Base } from "@base-ui/react/popover";
import type { ReactNode } from "react";

type Props = {
  trigger: ReactNode;
  title: string;
  children: ReactNode;
  open?: boolean;
  onOpenChange?: (open: boolean) => void;
};

/** A few words more about what it hangs on. Escape, or a press beside it, puts it away. */
export const Popover = ({ trigger, title, children, ...state }: Props) => (
  <Base.Root {...state}>
    {trigger}
    <Base.Portal>
      <Base.Positioner sideOffset={6} collisionPadding={12} className="z-50 outline-none">
        <Base.Popup className="max-h-(--available-height) w-80 max-w-[calc(100vw-1.5rem)] overflow-y-auto rounded-lg border border-line bg-surface p-4 text-sm shadow-raised outline-none">
          <Base.Title className="font-semibold">{title}</Base.Title>
          <Base.Description render={<div />} className="mt-2 grid gap-2 text-ink-soft">
            {children}
          </Base.Description>
        </Base.Popup>
      </Base.Positioner>
    </Base.Portal>
  </Base.Root>
);

export const PopoverTrigger = Base.Trigger;
