import "server-only";
import { createHash } from "node:crypto";
import { v7 as uuid } from "uuid";
import { audit } from "@/lib/audit";
import { listConnections } from "@/lib/connections/data";
import type { ConnectionDto } from "@/lib/connections/schema";
import { db, type Tx } from "@/lib/db";
import { AppError } from "@/lib/errors";
import { enqueue, queue } from "@/lib/jobs/queue";
import { log } from "@/lib/log";
import { findMedia, toMediaDto } from "@/lib/media/data";
import { importFromUrl } from "@/lib/media/fetch";
import type { MediaRef } from "@/lib/media/schema";
import { specs } from "@/lib/platforms/registry";
import type { SignedIn } from "@/lib/session";
import * as data from "./data";
import * as keys from "./keys-data";
import { applies, type LibraryFile } from "./media-rules";
import { publishNow } from "./publish";
import { checkDraft, resolveContent } from "./rules";
import type { CheckAnswer, Content, CreatePost, PostDto, PublishAnswer, Target } from "./schema";

/** Should the process that took the post die, its job begins this much later. */
const SAFETY_NET_MS = 3_000;

export type Answered = { status: 200 | 202; body: PublishAnswer; finished: Promise<void> };

/**
 * Takes a post, or replays what the same key brought before, and publishes it unless it is for later.
 * @throws AppError 422 with every problem of every target; 409 while the same key is under way; 422 for the key with another body
 */
export async function createPost(
  user: SignedIn,
  input: CreatePost,
  request: { key: string | null; rawBody: string },
): Promise<Answered> {
  const connections = await listConnections(user.id);
  const { content, targets, scheduledAt } = expand(await fetched(user, input), connections);
  const chosen = targets.map((target) => ({ target, connection: own(connections, target.connectionId) }));
  const library = await libraryOf(user.id, content, targets);
  const problems = checkDraft({ content, targets, connections, specs, library });
  if (problems.some(({ severity }) => severity === "error")) {
    throw new AppError(422, "invalid_post", "This post cannot go out as it is.", {
      remedy: "edit",
      details: { problems },
    });
  }

  await queue();
  const postId = uuid();
  const dueAt = scheduledAt ? new Date(scheduledAt) : null;
  const later = dueAt !== null && dueAt.getTime() > Date.now();
  const made = await db().transaction(async (tx) => {
    const known = await claimKey(tx, user.id, request, postId);
    if (known) return known;
    const ids = await data.insertPost(
      tx,
      { id: postId, userId: user.id, content, scheduledAt: dueAt },
      chosen.map(({ target, connection }) => ({
        connectionId: connection.id,
        platform: connection.platform,
        accountName: nameOf(connection),
        content: contentFor(content, target, connection.platform, library),
        state: later ? "scheduled" : "queued",
        nextAttemptAt: later ? dueAt : new Date(),
      })),
    );
    for (const deliveryId of ids) {
      await enqueue(
        tx,
        "delivery.advance",
        { deliveryId },
        { afterMs: later ? dueAt.getTime() - Date.now() : SAFETY_NET_MS },
      );
    }
    await audit(tx, user, user.id, "post.create", postId, { targets: ids.length, scheduled: later });
    if (request.key) await keys.updateKey(tx, user.id, request.key, { postId });
    return { deliveryIds: ids };
  });

  if ("replayed" in made) return replay(user, made.replayed);
  const { answered, finished } = later ? idle() : publishNow(made.deliveryIds);
  await keepAlive(user.id, request.key, answered);
  return conclude(user, postId, request.key, finished);
}

/** What stands in the way of a post, without sending or fetching anything. */
export async function checkOnly(user: SignedIn, input: CreatePost): Promise<CheckAnswer> {
  const connections = await listConnections(user.id);
  const { content, targets } = expand(withoutAddresses(input), connections);
  const library = await libraryOf(user.id, content, targets);
  const problems = checkDraft({ content, targets, connections, specs, library });
  return { ok: !problems.some(({ severity }) => severity === "error"), problems };
}

/** Files named by their address are the person's own from here on. */
type Known = Extract<CreatePost, { targets: unknown }> & { content: { media: MediaRef[] } };
type KnownShort = Omit<Extract<CreatePost, { platforms: unknown }>, "content"> & {
  content: { text: string; link?: string | undefined; media: MediaRef[] };
};

async function fetched(user: SignedIn, input: CreatePost): Promise<Known | KnownShort> {
  if ("platforms" in input) {
    const { imageUrl, ...content } = input.content;
    const media = imageUrl === undefined ? [] : [{ id: (await importFromUrl(user, imageUrl)).id }];
    return { ...input, content: { ...content, media } };
  }
  const media: MediaRef[] = [];
  for (const one of input.content.media) {
    if ("id" in one) media.push(one);
    else media.push({ id: (await importFromUrl(user, one.url, one.alt)).id, alt: one.alt });
  }
  return { ...input, content: { ...input.content, media } };
}

function withoutAddresses(input: CreatePost): Known | KnownShort {
  if ("platforms" in input) {
    const { imageUrl: _address, ...content } = input.content;
    return { ...input, content: { ...content, media: [] } };
  }
  return { ...input, content: { ...input.content, media: input.content.media.filter((one) => "id" in one) } };
}

/** The files a post speaks of, as far as they are this person's. */
async function libraryOf(userId: string, content: Content, targets: Target[]): Promise<LibraryFile[]> {
  const refs = [...content.media, ...targets.flatMap((target) => target.content?.media ?? [])];
  return (await findMedia(userId, [...new Set(refs.map(({ id }) => id))])).map(toMediaDto);
}

/** What goes to one account: its own version of the post, and the answers that matter for it. */
function contentFor(content: Content, target: Target, platform: string, library: LibraryFile[]) {
  const resolved = resolveContent(content, target);
  const files = resolved.media.map(({ id }) => library.find((file) => file.id === id) ?? null);
  const asked = specs[platform]?.fields.filter(({ only }) => applies(only, files, target.options)) ?? [];
  const options = Object.fromEntries(
    asked.flatMap(({ name }) => (target.options[name] === undefined ? [] : [[name, target.options[name]]])),
  );
  return { ...resolved, options };
}

/** The short form means: every account the person has on those platforms. */
function expand(input: Known | KnownShort, connections: ConnectionDto[]) {
  if ("targets" in input) {
    const ids = input.targets.map(({ connectionId }) => connectionId);
    if (new Set(ids).size < ids.length) {
      throw new AppError(
        400,
        "doubled_target",
        "One account is named twice. Each account can be a target once.",
      );
    }
    const { text, link, replies, media } = input.content;
    return { ...input, content: { text, ...(link !== undefined && { link }), replies, media } };
  }
  const unknown = input.platforms.filter((platform) => !specs[platform]);
  if (unknown.length > 0) {
    throw new AppError(
      400,
      "unknown_platform",
      `Carillon does not know: ${unknown.map((name) => name.slice(0, 40)).join(", ")}.`,
    );
  }
  const pages = input.facebookPageIds;
  const targets = connections
    .filter(({ platform }) => input.platforms.includes(platform))
    .filter(({ platform, remoteId }) => platform !== "facebook" || !pages || pages.includes(remoteId))
    .map(({ id }): Target => ({ connectionId: id, options: {} }));
  const bare = input.platforms.filter(
    (platform) => !connections.some((connection) => connection.platform === platform),
  );
  if (bare.length > 0) {
    const names = bare.map((platform) => specs[platform]?.name ?? platform).join(" and ");
    throw new AppError(
      422,
      "not_connected",
      `No account is connected on ${names}. Connect one first, or leave it out.`,
      { remedy: "reconnect" },
    );
  }
  const { text, link, media } = input.content;
  return {
    content: { text, ...(link !== undefined && { link }), replies: [], media },
    targets,
    scheduledAt: undefined,
  };
}

function own(connections: ConnectionDto[], id: string): ConnectionDto {
  const found = connections.find((connection) => connection.id === id);
  if (!found)
    throw new AppError(
      404,
      "not_found",
      "One of these accounts is not connected any more. Reload the page and choose again.",
    );
  return found;
}

async function claimKey(
  tx: Tx,
  userId: string,
  { key, rawBody }: { key: string | null; rawBody: string },
  postId: string,
) {
  if (key === null) return null;
  const bodyHash = createHash("sha256").update(rawBody).digest("base64url");
  const claim = await keys.claimKey(tx, userId, key, bodyHash, postId);
  switch (claim.state) {
    case "new":
      return null;
    case "other_body":
      throw new AppError(
        422,
        "key_reused",
        "This Idempotency-Key was used for another post. Use a new key for a new post.",
      );
    case "running":
      throw new AppError(
        409,
        "in_progress",
        "This post is being published right now. Ask again in a moment.",
        { remedy: "wait" },
      );
    case "known":
      return { replayed: claim };
  }
}

/** A finished answer word for word; one that was still under way, or whose author died, as things stand now. */
async function replay(
  user: SignedIn,
  { postId, status, answer }: { postId: string; status: number | null; answer: unknown },
): Promise<Answered> {
  if (status === 200) {
    // safe: only conclude() writes answers
    const { json } = answer as StoredAnswer;
    return { status, body: JSON.parse(json) as PublishAnswer, finished: Promise.resolve() };
  }
  return answerOf(await data.getPost(user.id, postId), Promise.resolve());
}

/** Tells the key's other callers that someone is still at it, until the answer is there. */
async function keepAlive(userId: string, key: string | null, answered: Promise<void>): Promise<void> {
  if (key === null) return answered;
  const beat = setInterval(() => {
    keys
      .updateKey(db(), userId, key, { alive: true })
      .catch((error: unknown) => log.warn("idempotency.beat_failed", { error }));
  }, keys.KEY_LEASE_MS / 3);
  try {
    await answered;
  } finally {
    clearInterval(beat);
  }
}

/** The answer as text, because jsonb would put its fields in another order. */
type StoredAnswer = { json: string };

async function conclude(
  user: SignedIn,
  postId: string,
  key: string | null,
  finished: Promise<void>,
): Promise<Answered> {
  const answered = answerOf(await data.getPost(user.id, postId), finished);
  if (key !== null) {
    const answer: StoredAnswer = { json: JSON.stringify(answered.body) };
    await keys.updateKey(db(), user.id, key, { status: answered.status, answer });
  }
  return answered;
}

/** 200 when every delivery has settled or waits for its hour, 202 while something is under way. */
function answerOf(post: PostDto, finished: Promise<void>): Answered {
  const published = post.deliveries.filter(({ state }) => state === "published");
  const moving = post.deliveries.some(
    ({ state }) => state === "queued" || state === "sending" || state === "processing",
  );
  return {
    status: moving ? 202 : 200,
    body: {
      id: post.id,
      success: published.length === post.deliveries.length,
      partial: published.length > 0 && published.length < post.deliveries.length,
      status: post.status,
      results: post.deliveries.map((delivery) => ({
        deliveryId: delivery.id,
        connectionId: delivery.connectionId,
        platform: delivery.platform,
        accountName: delivery.accountName,
        ...(delivery.platform === "facebook" && { pageName: delivery.accountName }),
        success: delivery.state === "published",
        status: delivery.state,
        postId: delivery.remoteId,
        url: delivery.url,
        ...(delivery.note !== null && { note: delivery.note }),
        ...(delivery.error && { error: delivery.error }),
      })),
    },
    finished,
  };
}

const idle = () => ({ answered: Promise.resolve(), finished: Promise.resolve() });

const nameOf = ({ name, handle }: ConnectionDto): string => (handle ? `${name} (@${handle})` : name);
