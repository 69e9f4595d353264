import type { Metadata } from "next";
import { EventLog } from "@/components/inbox/event-log";
import { InboxLink } from "@/components/inbox/inbox-link";
import { PageHead } from "@/components/shell";

export const metadata: Metadata = { title: "What came in" };

export default function LogPage() {
  return (
    <>
      <InboxLink />
      <PageHead
        title="What came in"
        lead="Each event as the platform sent it, and what was made of it. Read one again when something seems missing."
      />
      <EventLog />
    </>
  );
}
