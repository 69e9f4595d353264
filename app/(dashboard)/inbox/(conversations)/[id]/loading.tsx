import { ConversationSkeleton } from "@/components/inbox/conversation/conversation-skeleton";

export default function Loading() {
  return <ConversationSkeleton />;
}
