import "server-only";
import { listActivity } from "@/lib/activity/data";
import { listConnections } from "@/lib/connections/data";
import { db } from "@/lib/db";
import { listMedia, toMediaDto } from "@/lib/media/data";
import { listPosts } from "@/lib/posts/data";
import { noticeSettings } from "@/lib/settings/data";
import { conversationsOf, notificationsOf, personOf, storyOf } from "./data";

/**
 * Everything a person has here, as one JSON object: written as it is read, a page at a time, so that its size does not
 * matter. What the vault holds is not part of it: those are keys to other houses, and Carillon lends them to nobody.
 */
export function exportOf(userId: string): ReadableStream<Uint8Array> {
  const text = write(userId);
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await text.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    cancel: async () => void (await text.return(undefined)),
  });
}

/** The parts in their order; a new one is a line. A list is written row by row. */
const parts: Record<string, (userId: string) => Promise<unknown> | AsyncIterable<unknown>> = {
  person: personOf,
  settings: async (userId) => ({ notices: await noticeSettings(db(), userId) }),
  connections: listConnections,
  posts: postsOf,
  media: (userId) => pages(async (cursor) => mediaPage(userId, cursor)),
  conversations: (userId) => pages(async (cursor) => conversationsOf(userId, cursor)),
  notifications: notificationsOf,
  activity: (userId) => pages(async (cursor) => activityPage(userId, cursor)),
};

async function* write(userId: string): AsyncGenerator<string, undefined> {
  yield `{\n"from": "Carillon",\n"exportedAt": ${JSON.stringify(new Date())}`;
  for (const [name, read] of Object.entries(parts)) {
    yield `,\n${JSON.stringify(name)}: `;
    const part = read(userId);
    if (!(Symbol.asyncIterator in part)) {
      yield JSON.stringify(await part);
      continue;
    }
    let between = "[\n";
    for await (const row of part) {
      yield between + JSON.stringify(row);
      between = ",\n";
    }
    yield between === "[\n" ? "[]" : "\n]";
  }
  yield "\n}\n";
}

type Page = { rows: unknown[]; nextCursor: string | null };

async function* pages(read: (cursor: string | null) => Promise<Page>): AsyncGenerator<unknown> {
  let cursor: string | null = null;
  do {
    const page: Page = await read(cursor);
    yield* page.rows;
    cursor = page.nextCursor;
  } while (cursor !== null);
}

async function* postsOf(userId: string): AsyncGenerator<unknown> {
  const read = async (cursor: string | null): Promise<Page> => {
    const { posts, nextCursor } = await listPosts(userId, cursor);
    const rows = posts.map(async (post) => {
      const story = await storyOf(post.id);
      return {
        ...post,
        deliveries: post.deliveries.map((delivery) => ({
          ...delivery,
          story: story
            .filter(({ deliveryId }) => deliveryId === delivery.id)
            .map(({ deliveryId: _, ...step }) => step),
        })),
      };
    });
    return { rows: await Promise.all(rows), nextCursor };
  };
  yield* pages(read);
}

async function mediaPage(userId: string, cursor: string | null): Promise<Page> {
  const { rows, nextCursor } = await listMedia(userId, { ...(cursor && { cursor }) });
  return { rows: rows.map(toMediaDto), nextCursor };
}

async function activityPage(userId: string, cursor: string | null): Promise<Page> {
  const { activity, nextCursor } = await listActivity(userId, { ...(cursor && { cursor }) });
  return { rows: activity, nextCursor };
}
