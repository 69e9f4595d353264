"use client";

import { Toast } from "@base-ui/react/toast";
import { X } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "@/components/ui/button";

const manager = Toast.createToastManager();

type Message = { title: string; description?: string; undo?: () => void; stays?: true };

/** Says what just happened, politely; with `undo`, it stays long enough to be taken back, with `stays` until it is closed. */
export function tell({ title, description, undo, stays }: Message): void {
  const id = manager.add({
    title,
    ...(description && { description }),
    timeout: stays ? 0 : undo ? 12_000 : 6_000,
    ...(undo && {
      actionProps: {
        children: "Undo",
        onClick: () => {
          undo();
          manager.close(id);
        },
      },
    }),
  });
}

/** Says at once that something failed; it stays until it is closed. */
export function warn({ title, description }: Omit<Message, "undo" | "stays">): void {
  manager.add({ title, ...(description && { description }), type: "bad", priority: "high", timeout: 0 });
}

export function Toasts({ children }: { children: ReactNode }) {
  return (
    <Toast.Provider toastManager={manager} limit={4}>
      {children}
      <Toast.Portal>
        <Toast.Viewport className="fixed inset-x-4 bottom-20 z-60 mx-auto flex max-w-sm flex-col gap-2 md:right-6 md:bottom-6 md:left-auto md:mx-0 md:w-96">
          <ToastList />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}

function ToastList() {
  const { toasts } = Toast.useToastManager();
  return toasts.map((toast) => (
    <Toast.Root
      key={toast.id}
      toast={toast}
      // Not a dialog: it asks nothing, and the live region beside it reads it out. What can be focused is never hidden.
      render={({ role: _role, "aria-modal": _modal, "aria-hidden": _hidden, ...props }) => (
        <article {...props} />
      )}
      className="rounded-lg border border-line bg-surface p-4 text-sm shadow-raised transition-opacity data-ending-style:opacity-0 data-limited:hidden data-starting-style:opacity-0 data-[type=bad]:border-bad"
    >
      <Toast.Content className="flex items-start gap-3">
        <div className="grid min-w-0 grow gap-0.5 break-words">
          <Toast.Title className="font-semibold" />
          <Toast.Description className="text-ink-soft" />
        </div>
        {toast.actionProps && <Toast.Action render={<Button size="small" />} />}
        <Toast.Close
          aria-label="Close this message"
          aria-hidden={false}
          render={<Button look="quiet" size="icon" />}
        >
          <X aria-hidden className="size-4" />
        </Toast.Close>
      </Toast.Content>
    </Toast.Root>
  ));
}
