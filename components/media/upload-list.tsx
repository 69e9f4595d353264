"use client";

import { CircleAlert, RotateCw, X } from "lucide-react";
import { sizeWords } from "@/components/media/file-words";
import type { Upload, Uploads } from "@/components/media/use-uploads";
import { Button } from "@/components/ui/button";

/** Files on their way: how far each is, and what can be done about it. */
export const UploadList = ({ uploads: { list, cancel, retry } }: { uploads: Uploads }) =>
  list.length > 0 && (
    <ul aria-label="On the way" className="grid gap-2">
      {list.map((upload) => (
        <li
          key={upload.key}
          className="flex flex-wrap items-center gap-x-3 gap-y-1.5 rounded-lg border border-line bg-surface px-3 py-2 text-sm"
        >
          <div className="grid min-w-40 grow basis-0 gap-1">
            <p className="truncate" title={upload.name}>
              {upload.name}
            </p>
            {upload.failure ? (
              <p role="alert" className="flex gap-1.5 font-medium text-bad">
                <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0" />
                <span className="min-w-0 break-words">{upload.failure.message}</span>
              </p>
            ) : (
              <Progress upload={upload} />
            )}
          </div>
          <div className="flex gap-1">
            {upload.failure?.canRetry && (
              <Button size="small" onClick={() => retry(upload.key)}>
                <RotateCw aria-hidden className="size-3.5" />
                Try again<span className="sr-only"> with {upload.name}</span>
              </Button>
            )}
            <Button look="quiet" size="small" onClick={() => cancel(upload.key)}>
              <X aria-hidden className="size-3.5" />
              {upload.failure ? "Dismiss" : "Cancel"}
              <span className="sr-only"> {upload.name}</span>
            </Button>
          </div>
        </li>
      ))}
    </ul>
  );

const Progress = ({ upload: { name, state, fraction, bytes } }: { upload: Upload }) => (
  <div className="grid gap-1">
    <progress
      aria-label={`Upload of ${name}`}
      max={1}
      value={fraction}
      className="h-1.5 w-full accent-accent"
    />
    <p className="text-[0.8125rem] text-ink-soft">
      {STATES[state]}
      {state === "sending" && (
        <span className="numbers">
          {" "}
          {Math.floor(fraction * 100)} % of {sizeWords(bytes)}
        </span>
      )}
    </p>
  </div>
);

const STATES: Record<Upload["state"], string> = {
  waiting: "Waits for its turn",
  sending: "Sending",
  checking: "Sent. Looking at it…",
  stored: "Ready. Waits for those before it…",
  failed: "Failed",
};
