"use client";

import { Keyboard } from "lucide-react";
import { useRouter } from "next/navigation";
import { useEffect, useRef, useState } from "react";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Checkbox } from "@/components/ui/field";
import { singleKeysAreOff, switchSingleKeys, useSingleKeys } from "@/components/use-single-keys";

const GOES: Record<string, string> = {
  d: "/dashboard",
  p: "/posts",
  i: "/inbox",
  m: "/media",
  s: "/settings/integrations",
};

const LIST = [
  { keys: ["c"], does: "Write a post" },
  { keys: ["g", "d"], does: "Go to the dashboard" },
  { keys: ["g", "p"], does: "Go to your posts" },
  { keys: ["g", "i"], does: "Go to the inbox" },
  { keys: ["g", "m"], does: "Go to your media" },
  { keys: ["g", "s"], does: "Go to your accounts" },
  { keys: ["⌘ / Ctrl", "Enter"], does: "Publish what is written" },
  { keys: ["?"], does: "Show this list" },
];

const INBOX = [
  { keys: ["j"], does: "Next conversation" },
  { keys: ["k"], does: "Previous conversation" },
  { keys: ["Enter", "o"], does: "Open it" },
  { keys: ["r"], does: "Reply" },
  { keys: ["⌘ / Ctrl", "Enter"], does: "Send the reply" },
  { keys: ["/"], does: "Search; in the reply box: a saved reply" },
  { keys: ["u"], does: "Only unread, or all" },
  { keys: ["e"], does: "Archive, or take out of the archive" },
  { keys: ["Escape"], does: "Back" },
];

const SEQUENCE_MS = 1_200;

/** Single keys for the places one goes to most, and the list of all of them. */
export function Shortcuts() {
  const router = useRouter();
  const [open, setOpen] = useState(false);
  const [off, setOff] = useState(false);
  const goAt = useRef(0);

  useEffect(() => setOff(singleKeysAreOff()), []);

  useSingleKeys((event) => {
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
  });

  return (
    <>
      <Button look="quiet" size="icon" aria-label="Keyboard shortcuts" onClick={() => setOpen(true)}>
        <Keyboard aria-hidden className="size-4.5" strokeWidth={1.75} />
      </Button>
      <Dialog open={open} onClose={() => setOpen(false)} title="Keyboard shortcuts" closeLabel="Close">
        <KeyList keys={LIST} />
        <h3 className="pt-2 font-medium text-ink">In the inbox</h3>
        <KeyList keys={INBOX} />
        <Checkbox
          className="pt-2 text-ink"
          checked={!off}
          onChange={(event) => {
            setOff(!event.target.checked);
            switchSingleKeys(event.target.checked ? "on" : "off");
          }}
        >
          Use single-key shortcuts
        </Checkbox>
      </Dialog>
    </>
  );
}

const KeyList = ({ keys: list }: { keys: { keys: string[]; does: string }[] }) => (
  <dl className="grid gap-2">
    {list.map(({ keys, does }) => (
      <div key={does} className="flex items-center justify-between gap-4">
        <dt className="text-ink">{does}</dt>
        <dd className="flex shrink-0 gap-1">
          {keys.map((key) => (
            <kbd key={key} className="numbers rounded border border-line bg-sunken px-1.5 py-0.5 text-ink">
              {key}
            </kbd>
          ))}
        </dd>
      </div>
    ))}
  </dl>
);
