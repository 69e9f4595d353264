"use client";

import { Upload } from "lucide-react";
import { useRef } from "react";
import { Button } from "@/components/ui/button";
import type { ButtonStyle } from "@/components/ui/button-style";
import { acceptedTypes } from "@/lib/media/upload";

type Props = {
  onFiles: (files: File[]) => void;
  children: string;
  /** Ends its name where several are on a page; heard, not seen. */
  whose?: string;
  style?: ButtonStyle;
};

/** Opens the system's own file picker. */
export function PickButton({ onFiles, children, whose = "", style = { size: "small" } }: Props) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <Button {...style} onClick={() => input.current?.click()}>
        <Upload aria-hidden className="size-4" />
        {children}
        <span className="sr-only">{whose}</span>
      </Button>
      <input
        ref={input}
        hidden
        type="file"
        multiple
        accept={acceptedTypes}
        aria-label={children + whose}
        onChange={({ target }) => {
          onFiles([...(target.files ?? [])]);
          // Or the same file, chosen again, would be no change.
          target.value = "";
        }}
      />
    </>
  );
}
