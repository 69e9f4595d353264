import { ConversationSkeleton } from "@/components/inbox/conversation-skeleton";

export default function Loading() {
  return <ConversationSkeleton />;
}
