"use client";

import { Dialog as Base } from "@base-ui/react/dialog";
import type { ReactNode } from "react";
import { Button } from "@/components/ui/button";

type Props = {
  open: boolean;
  onClose: () => void;
  title: string;
  children: ReactNode;
  actions?: ReactNode;
  closeLabel?: string;
};

/** For what has to be looked at, not only answered: it takes the room there is, and its buttons stay in sight. */
export const WideDialog = ({ open, onClose, title, children, actions, closeLabel = "Cancel" }: Props) => (
  <Base.Root open={open} onOpenChange={(next) => !next && onClose()}>
    <Base.Portal>
      <Base.Backdrop className="fixed inset-0 z-40 bg-veil transition-opacity data-ending-style:opacity-0 data-starting-style:opacity-0" />
      <Base.Popup className="fixed inset-x-4 top-1/2 z-50 mx-auto max-h-[90dvh] max-w-3xl -translate-y-1/2 overflow-y-auto rounded-xl border border-line bg-surface text-sm shadow-raised transition-opacity data-ending-style:opacity-0 data-starting-style:opacity-0">
        <Base.Title className="px-5 pt-5 pb-3 text-lg font-semibold wrap-anywhere">{title}</Base.Title>
        <div className="px-5 pt-2 pb-5">{children}</div>
        <div className="sticky bottom-0 z-20 flex flex-wrap justify-end gap-2 border-t border-line bg-surface px-5 py-4">
          <Base.Close render={<Button />}>{closeLabel}</Base.Close>
          {actions}
        </div>
      </Base.Popup>
    </Base.Portal>
  </Base.Root>
);
