import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { PostDto } from "@/lib/posts/schema";
import { waitUntil } from "@/scripts/wait";
import {
  bodyOf,
  type Everywhere,
  openEverywhere,
  type PlatformName,
  platformNames,
  publishEverywhere,
  seenOn,
} from "../support/everywhere";
import { createDatabase } from "../support/postgres";
import { successOf } from "../support/posting";

/** One post, all platforms, and each result is what that platform shows. */
let desk: Everywhere;

beforeAll(async () => {
  desk = await openEverywhere(await createDatabase(), { WORKERS: "on" });
});

afterAll(() => desk.stop());

test("one post with a picture goes out on all seven in one go, and each result leads to it", async () => {
  const text = "Ding 🔔 dong – שלום, one picture for all & <b>none</b> lost";
  const results = await settled(await publishEverywhere(desk, { text }));
  expect(results.map(({ platform, state, error }) => ({ platform, state, error }))).toEqual(
    platformNames.map((platform) => ({ platform, state: "published", error: null })),
  );
  for (const platform of platformNames) {
    const [effect, ...more] = await seenOn(desk.sandbox, platform, text);
    expect(more).toEqual([]);
    const found = results.find((one) => one.platform === platform);
    expect({ platform, remoteId: found?.remoteId }).toEqual({ platform, remoteId: effect?.id });
    expect(effect?.media.map(({ mime }) => mime)).toEqual([
      platform === "tiktok" ? "video/mp4" : "image/jpeg",
    ]);
    const page = await fetch(found?.url ?? "");
    expect({ platform, page: (await page.text()).includes("שלום") }).toEqual({ platform, page: true });
  }
});

/** Reddit wants a community that takes films; LinkedIn at least 75 KB. */
const filming: PlatformName[] = [
  "threads",
  "twitter",
  "linkedin",
  "reddit",
  "instagram",
  "facebook",
  "tiktok",
];

test("a film goes to those that take it, byte for byte", async () => {
  const text = "A bell, ringing";
  const { content: _content, targets, ...rest } = bodyOf(desk, { text, to: filming });
  const body = { ...rest, content: { text, media: [{ id: desk.film }] }, targets };
  const response = await desk.ada.send("POST", "/api/post", body);
  const results = await settled(await successOf<{ id: string }>(response));
  expect(results.map(({ platform, state, error }) => ({ platform, state, error }))).toEqual(
    filming.map((platform) => ({ platform, state: "published", error: null })),
  );
  const file = await desk.ada.fetch(`/api/media/${desk.film}/file`);
  const sha256 = createHash("sha256")
    .update(Buffer.from(await file.arrayBuffer()))
    .digest("hex");
  for (const platform of filming) {
    const [effect, ...more] = await seenOn(desk.sandbox, platform, text);
    expect(more).toEqual([]);
    expect({ platform, media: effect?.media.map((one) => one.sha256) }).toEqual({
      platform,
      media: [sha256],
    });
  }
});

test("a picture by its address is fetched once, and goes out like any other", async () => {
  const [effect] = await desk.sandbox.effects("threads");
  const imageUrl = `${desk.sandbox.url}/_sandbox/files/${effect?.media[0]?.id}`;
  const body = { platforms: ["threads", "facebook"], content: { text: "From the web", imageUrl } };
  const answer = await successOf<{ id: string }>(await desk.ada.send("POST", "/api/post", body));
  const results = await settled(answer);
  expect(results.map(({ platform, state }) => [platform, state]).sort()).toEqual([
    ["facebook", "published"],
    ["threads", "published"],
  ]);
  const refused = await desk.ada.send("POST", "/api/post", {
    ...body,
    content: { text: "From inside", imageUrl: `${desk.app.url}/api/health` },
  });
  expect(refused.status).toBe(422);
  expect(await refused.json()).toMatchObject({ error: { code: "not_fetched", remedy: "edit" } });
});

test("what may be deleted goes everywhere; what a platform keeps is named", async () => {
  const text = "Here today";
  const { id } = await publishEverywhere(desk, { text });
  await settled({ id });
  const { remaining } = await successOf<{ remaining: { message: string; accountName: string }[] }>(
    await desk.ada.send("DELETE", `/api/post/${id}`),
  );
  expect(remaining.map(({ message }) => message).sort()).toEqual([
    "Instagram does not let other apps delete posts. Delete it there.",
    "TikTok does not let other apps delete posts. Delete it there.",
  ]);
  for (const platform of platformNames) {
    const [effect] = await seenOn(desk.sandbox, platform, text);
    const kept = platform === "instagram" || platform === "tiktok";
    expect({ platform, deleted: effect?.deleted }).toEqual({ platform, deleted: !kept });
  }
});

/** The deliveries of a post, in the order of the platforms here, once none of them moves by itself. */
async function settled({ id }: { id: string }) {
  const { deliveries } = await waitUntil(
    async () => {
      const post = await successOf<PostDto>(await desk.ada.fetch(`/api/post/${id}`));
      return post.deliveries.some(({ nextAttemptAt }) => nextAttemptAt !== null) ? null : post;
    },
    { withinMs: 60_000, otherwise: "The post did not settle." },
  );
  return deliveries.sort(
    (one, other) =>
      platformNames.indexOf(one.platform as PlatformName) -
      platformNames.indexOf(other.platform as PlatformName),
  );
}
