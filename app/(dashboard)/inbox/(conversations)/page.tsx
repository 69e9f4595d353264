import { InboxWelcome } from "@/components/inbox/setup/inbox-welcome";
import { env } from "@/lib/env";

export default function InboxPage() {
  return <InboxWelcome sandboxUrl={env().sandboxUrl ?? null} />;
}
