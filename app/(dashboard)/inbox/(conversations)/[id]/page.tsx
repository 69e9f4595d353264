import type { Viewport } from "next";
import { notFound } from "next/navigation";
import { Conversation } from "@/components/inbox/conversation";
import { Id } from "@/lib/http/route";

/** The keyboard of a phone pushes the reply box up instead of lying over it. */
export const viewport: Viewport = { interactiveWidget: "resizes-content" };

export default async function ConversationPage({ params }: { params: Promise<{ id: string }> }) {
  const parsed = Id.safeParse(await params);
  if (!parsed.success) notFound();
  return <Conversation key={parsed.data.id} id={parsed.data.id} />;
}
