"use client";

import { type ReactNode, useId } from "react";
import { WideDialog } from "@/components/media/wide-dialog";
import { Button } from "@/components/ui/button";
import { sentence } from "@/lib/http/api";

type Props = {
  title: string;
  children: ReactNode;
  busy: boolean;
  error: Error | null;
  onSave: () => void;
  onClose: () => void;
};

/** Something short to write or change, and to save. */
export function EntryDialog({ title, children, busy, error, onSave, onClose }: Props) {
  const id = useId();
  return (
    <WideDialog
      open
      onClose={onClose}
      title={title}
      actions={
        <Button type="submit" form={id} look="primary" busy={busy}>
          Save
        </Button>
      }
    >
      <form
        id={id}
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          if (!busy) onSave();
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.metaKey || event.ctrlKey) && !busy) onSave();
        }}
      >
        {children}
        {error && (
          <p role="alert" className="font-medium text-bad">
            {sentence(error)}
          </p>
        )}
      </form>
    </WideDialog>
  );
}
