import type { Metadata } from "next";
import { AssistantScreen } from "@/components/inbox/assistant-screen";
import { InboxLink } from "@/components/inbox/inbox-link";
import { PageHead } from "@/components/shell";

export const metadata: Metadata = { title: "Assistant" };

export default function AssistantPage() {
  return (
    <>
      <InboxLink />
      <PageHead
        title="Assistant"
        lead="It answers from what you teach it, says that it is a program, and asks for you when it is not sure."
      />
      <AssistantScreen />
    </>
  );
}
