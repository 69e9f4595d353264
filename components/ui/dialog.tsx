"use client";

import { Dialog as Base } from "@base-ui/react/dialog";
import type { ReactNode } from "react";
import { Button } from "@/components/ui/button";

type Props = {
  open: boolean;
  onClose: () => void;
  title: string;
  children: ReactNode;
  /** Pressed to go on; the way out is always there, first in the tab order. */
  actions?: ReactNode;
  closeLabel?: string;
};

/** A question that must be answered before going on. Escape and the first button lead back unharmed. */
export function Dialog({ open, onClose, title, children, actions, closeLabel = "Cancel" }: Props) {
  return (
    <Base.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 z-40 bg-veil transition-opacity data-ending-style:opacity-0 data-starting-style:opacity-0" />
        <Base.Popup className="fixed inset-x-4 top-1/2 z-50 mx-auto grid max-h-[85dvh] max-w-md -translate-y-1/2 gap-4 overflow-y-auto rounded-xl border border-line bg-surface p-6 shadow-raised transition-opacity data-ending-style:opacity-0 data-starting-style:opacity-0">
          <Base.Title className="text-lg font-semibold">{title}</Base.Title>
          <Base.Description render={<div />} className="grid gap-3 text-sm text-ink-soft">
            {children}
          </Base.Description>
          <div className="flex flex-wrap justify-end gap-2 pt-1">
            <Base.Close render={<Button />}>{closeLabel}</Base.Close>
            {actions}
          </div>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
