import "server-only";

/** Answers a conversation by itself, where its owner wants that. */
export async function answerConversation(_conversationId: string): Promise<void> {}
