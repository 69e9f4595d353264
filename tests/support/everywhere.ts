import { Client } from "pg";
import type { PublishAnswer } from "@/lib/posts/schema";
import type { TestDatabase } from "./databases";
import { picture, uploadFile, video } from "./media";
import { type PersonAtApp, signUp } from "./people";
import { connectAccount, successOf } from "./posting";
import type { RunningSandbox } from "./sandbox";
import { type RunningSite, startSite } from "./site";

/** A person with an account on every platform that publishes, and a picture and a film to post there. */

/** What a platform's own documents say of one post with a picture, here with a film at TikTok. */
export const everywhere = {
  threads: { write: "publish", upload: "create_container", look: "container_status" },
  twitter: { write: "create_tweet", upload: "upload_media", look: "list_tweets" },
  linkedin: { write: "create_post", upload: "upload_image", look: null },
  reddit: { write: "submit", upload: "upload", look: "submitted" },
  instagram: { write: "publish", upload: "create_container", look: "container_status" },
  facebook: { write: "create_photo", upload: null, look: "list_posts" },
  tiktok: { write: "upload", upload: "video_init", look: "status" },
} as const satisfies Record<
  string,
  {
    /** The operation by which the world gets to see it. */
    write: string;
    /** One that comes before, and may be done again. */
    upload: string | null;
    /** The operation by which we read back; null where nothing can be. */
    look: string | null;
  }
>;

export type PlatformName = keyof typeof everywhere;
export const platformNames = Object.keys(everywhere) as PlatformName[];

export type Everywhere = RunningSite & {
  databaseUrl: string;
  sql: Client;
  ada: PersonAtApp;
  /** Ada's connection ids. */
  accounts: Record<PlatformName, string>;
  /** Ids of files in her library. */
  picture: string;
  film: string;
  stop(): Promise<void>;
};

/** Takes the database over. The app works no jobs by itself here, unless `env` says so. */
export async function openEverywhere(
  database: TestDatabase,
  env: Record<string, string> = {},
): Promise<Everywhere> {
  const site = await startSite(database.url, { WORKERS: "off", ...env });
  const sql = new Client({ connectionString: database.url });
  await sql.connect();
  await makeRoom(site.sandbox);
  const ada = await signUp(site.app.url);
  const accounts: Partial<Record<PlatformName, string>> = {};
  for (const platform of platformNames) {
    accounts[platform] = await connectAccount(ada, site.sandbox, platform, "adabell");
  }
  const { id: pictureId } = await uploadFile(ada, await picture("jpeg"), "bell.jpg");
  const film = await video({ seconds: 6, width: 720, height: 1_280, bytes: 200_000 });
  const { id: filmId } = await uploadFile(ada, film, "bell.mp4");
  return {
    ...site,
    databaseUrl: database.url,
    sql,
    ada,
    // safe: one for each name, in the loop above
    accounts: accounts as Record<PlatformName, string>,
    picture: pictureId,
    film: filmId,
    stop: async () => {
      await sql.end();
      await site.stop();
      await database.drop();
    },
  };
}

/** More posts in a few seconds than any platform allows in a day; and nobody waits for pictures to be looked at. */
async function makeRoom(sandbox: RunningSandbox): Promise<void> {
  const own = {
    threads: { processingMs: 0 },
    twitter: { createLimit: 100_000, readLimit: 100_000, uploadLimit: 100_000 },
    linkedin: { memberDailyLimit: 100_000, processingMs: 0 },
    reddit: { processingMs: 0 },
    instagram: { processingMs: 0, quotaTotal: 100_000, containerLimit: 100_000 },
    facebook: { processingMs: 0 },
    tiktok: {
      processingMs: 0,
      moderationMs: 0,
      initPerMinute: 100_000,
      creatorInfoPerMinute: 100_000,
      statusPerMinute: 100_000,
      dailyPosts: 100_000,
      pendingShares: 100_000,
    },
  } satisfies Record<PlatformName, Record<string, number>>;
  for (const platform of platformNames) await sandbox.settings({ platform, own: own[platform] });
}

export type Wish = { text: string; to?: readonly PlatformName[]; scheduledAt?: string; key?: string };

/** One post with a picture; TikTok, which asks for places we own before it fetches pictures, gets the film. */
export const bodyOf = (desk: Everywhere, { text, to = platformNames, scheduledAt }: Wish) => ({
  content: { text, media: [{ id: desk.picture, alt: "A bell in its tower" }] },
  targets: to.map((platform) => ({
    connectionId: desk.accounts[platform],
    ...(platform === "tiktok" && {
      content: { media: [{ id: desk.film }] },
      options: { privacy_level: "PUBLIC_TO_EVERYONE" },
    }),
    ...(platform === "reddit" && { options: { subreddit: "bellpics", title: text.slice(0, 300) } }),
  })),
  ...(scheduledAt && { scheduledAt }),
});

/** Publishes, or schedules. The answer must be a success. */
export async function publishEverywhere(desk: Everywhere, wish: Wish): Promise<PublishAnswer> {
  const headers: Record<string, string> = wish.key === undefined ? {} : { "idempotency-key": wish.key };
  return successOf<PublishAnswer>(await desk.ada.send("POST", "/api/post", bodyOf(desk, wish), headers));
}

/** What the world sees of a text on a platform: first posts, without comments and replies. */
export async function seenOn(sandbox: RunningSandbox, platform: PlatformName, text: string) {
  const effects = await sandbox.effects(platform);
  // Reddit's picture posts have a title and no text.
  return effects.filter((effect) => effect.text === text || effect.details["title"] === text);
}
