import { ArrowLeft } from "lucide-react";
import Link from "next/link";

/** The way back from what belongs to the inbox. */
export const InboxLink = () => (
  <Link
    href="/inbox"
    className="mb-2 inline-flex items-center gap-1.5 rounded text-sm font-medium text-ink-soft hover:text-ink"
  >
    <ArrowLeft aria-hidden className="size-4" />
    Inbox
  </Link>
);
