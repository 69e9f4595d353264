"use client";

import { Keyboard } from "lucide-react";
import { useRouter } from "next/navigation";
import { useEffect, useRef, useState } from "react";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Checkbox } from "@/components/ui/field";

const GOES: Record<string, string> = {
  d: "/dashboard",
  p: "/posts",
  m: "/media",
  s: "/settings/integrations",
};

const LIST = [
  { keys: ["c"], does: "Write a post" },
  { keys: ["g", "d"], does: "Go to the dashboard" },
  { keys: ["g", "p"], does: "Go to your posts" },
  { keys: ["g", "m"], does: "Go to your media" },
  { keys: ["g", "s"], does: "Go to your accounts" },
  { keys: ["⌘ / Ctrl", "Enter"], does: "Publish what is written" },
  { keys: ["?"], does: "Show this list" },
];

const OFF = "carillon.shortcuts.off";
const SEQUENCE_MS = 1_200;

/** Single keys for the places one goes to most; silent while typing, and they can be switched off (WCAG 2.1.4). */
export function Shortcuts() {
  const router = useRouter();
  const [open, setOpen] = useState(false);
  const [off, setOff] = useState(false);
  const goAt = useRef(0);

  useEffect(() => setOff(localStorage.getItem(OFF) === "1"), []);

  useEffect(() => {
    if (off) return;
    const onKey = (event: KeyboardEvent) => {
      if (event.metaKey || event.ctrlKey || event.altKey || event.defaultPrevented || isTyping(event.target))
        return;
      const going = event.timeStamp - goAt.current < SEQUENCE_MS;
      goAt.current = event.key === "g" ? event.timeStamp : 0;
      const place = going ? GOES[event.key] : event.key === "c" ? "/compose" : undefined;
      if (place) {
        event.preventDefault();
        router.push(place);
      } else if (event.key === "?") {
        event.preventDefault();
        setOpen(true);
      }
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [off, router]);

  return (
    <>
      <Button look="quiet" size="icon" aria-label="Keyboard shortcuts" onClick={() => setOpen(true)}>
        <Keyboard aria-hidden className="size-4.5" strokeWidth={1.75} />
      </Button>
      <Dialog open={open} onClose={() => setOpen(false)} title="Keyboard shortcuts" closeLabel="Close">
        <dl className="grid gap-2">
          {LIST.map(({ keys, does }) => (
            <div key={does} className="flex items-center justify-between gap-4">
              <dt className="text-ink">{does}</dt>
              <dd className="flex gap-1">
                {keys.map((key) => (
                  <kbd
                    key={key}
                    className="numbers rounded border border-line bg-sunken px-1.5 py-0.5 text-ink"
                  >
                    {key}
                  </kbd>
                ))}
              </dd>
            </div>
          ))}
        </dl>
        <Checkbox
          className="pt-2 text-ink"
          checked={!off}
          onChange={(event) => {
            setOff(!event.target.checked);
            localStorage.setItem(OFF, event.target.checked ? "0" : "1");
          }}
        >
          Use single-key shortcuts
        </Checkbox>
      </Dialog>
    </>
  );
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable ||
    target.closest("input, textarea, select, [role=dialog], [role=menu]") !== null);
