import "server-only";
import { and, asc, desc, eq, inArray, isNull, or, sql } from "drizzle-orm";
import { v7 as uuid } from "uuid";
import { knowledge, knowledgePassages, savedReplies } from "@/drizzle/schema/assistant";
import { connections } from "@/drizzle/schema/connections";
import { db, type Queryable, type Tx } from "@/lib/db";
import { notFound } from "@/lib/errors";
import type { KnowledgeBody, KnowledgeDto, SavedReplyBody, SavedReplyDto, SavedReplyPatch } from "../schema";
import type { Piece } from "./passages";
import type { Passage } from "./ranking";
import { indexed, termsOf, wordsOf } from "./words";

/** The only SQL about what the assistant knows, and about saved replies. */

const MOST_ENTRIES = 2_000;
/** Passages that the index finds for one question and that are then looked at closely. */
const CANDIDATES = 60;

/** Last changed first. */
export async function listKnowledge(userId: string): Promise<KnowledgeDto[]> {
  const rows = await db()
    .select()
    .from(knowledge)
    .where(eq(knowledge.userId, userId))
    .orderBy(desc(knowledge.updatedAt), desc(knowledge.id))
    .limit(MOST_ENTRIES);
  return rows.map(toKnowledgeDto);
}

/** For changing: nobody else changes it meanwhile. @throws AppError not_found, also for somebody else's */
export async function lockKnowledge(tx: Tx, userId: string, id: string): Promise<KnowledgeDto> {
  const [row] = await tx
    .select()
    .from(knowledge)
    .where(and(eq(knowledge.id, id), eq(knowledge.userId, userId)))
    .for("update");
  if (!row) throw notFound("This entry");
  return toKnowledgeDto(row);
}

export async function insertKnowledge(
  tx: Tx,
  userId: string,
  body: KnowledgeBody,
  pieces: Piece[],
): Promise<KnowledgeDto> {
  const [row] = await tx
    .insert(knowledge)
    .values({ id: uuid(), userId, ...body })
    .returning();
  if (!row) throw new Error("The entry was not written.");
  await insertPassages(tx, userId, row.id, pieces);
  return toKnowledgeDto(row);
}

export async function saveKnowledge(
  tx: Tx,
  userId: string,
  id: string,
  body: KnowledgeBody,
  pieces: Piece[],
): Promise<KnowledgeDto> {
  const [row] = await tx
    .update(knowledge)
    .set({ ...body, updatedAt: sql`now()` })
    .where(and(eq(knowledge.id, id), eq(knowledge.userId, userId)))
    .returning();
  if (!row) throw notFound("This entry");
  await tx.delete(knowledgePassages).where(eq(knowledgePassages.knowledgeId, id));
  await insertPassages(tx, userId, id, pieces);
  return toKnowledgeDto(row);
}

/** @throws AppError not_found */
export async function deleteKnowledge(tx: Tx, userId: string, id: string): Promise<void> {
  const rows = await tx
    .delete(knowledge)
    .where(and(eq(knowledge.id, id), eq(knowledge.userId, userId)))
    .returning({ id: knowledge.id });
  if (rows.length === 0) throw notFound("This entry");
}

export async function countUse(tx: Queryable, userId: string, ids: string[]): Promise<void> {
  if (ids.length === 0) return;
  await tx
    .update(knowledge)
    .set({ used: sql`${knowledge.used} + 1` })
    .where(and(eq(knowledge.userId, userId), inArray(knowledge.id, ids)));
}

/** @throws AppError not_found when the account is not theirs */
export async function checkOwnAccount(tx: Queryable, userId: string, connectionId: string): Promise<void> {
  const [row] = await tx
    .select({ id: connections.id })
    .from(connections)
    .where(and(eq(connections.id, connectionId), eq(connections.userId, userId)));
  if (!row) throw notFound("This account");
}

/** The passages that share a word or a subject with the question, and how many there are in all. */
export async function searchPassages(
  userId: string,
  connectionId: string | null,
  question: string,
): Promise<{ passages: Passage[]; total: number }> {
  const mine = and(eq(knowledgePassages.userId, userId), forAccount(connectionId));
  const search = searchFor(question);
  const [passages, total] = await Promise.all([
    search === ""
      ? []
      : passagesWhere()
          .where(and(mine, sql`${knowledgePassages.search} @@ ${search}::tsquery`))
          .orderBy(
            sql`ts_rank(${knowledgePassages.search}, ${search}::tsquery) desc`,
            asc(knowledgePassages.id),
          )
          .limit(CANDIDATES),
    db()
      .select({ passages: sql<number>`count(*)::int` })
      .from(knowledgePassages)
      .innerJoin(knowledge, eq(knowledge.id, knowledgePassages.knowledgeId))
      .where(mine),
  ]);
  return { passages: passages.map(toPassage), total: total[0]?.passages ?? 0 };
}

/** Some passages, newest entries first: for a model, which may see what words alone do not. */
export async function somePassages(
  userId: string,
  connectionId: string | null,
  limit: number,
): Promise<Passage[]> {
  const rows = await passagesWhere()
    .where(and(eq(knowledgePassages.userId, userId), forAccount(connectionId)))
    .orderBy(desc(knowledge.used), desc(knowledge.id), asc(knowledgePassages.position))
    .limit(limit);
  return rows.map(toPassage);
}

const forAccount = (connectionId: string | null) =>
  connectionId
    ? or(isNull(knowledge.connectionId), eq(knowledge.connectionId, connectionId))
    : isNull(knowledge.connectionId);

const passagesWhere = () =>
  db()
    .select({
      knowledgeId: knowledge.id,
      kind: knowledge.kind,
      title: knowledge.title,
      heading: knowledgePassages.heading,
      text: knowledgePassages.text,
    })
    .from(knowledgePassages)
    .innerJoin(knowledge, eq(knowledge.id, knowledgePassages.knowledgeId));

/** Any of the question's stems, as it is or as the beginning of a longer one, and what it may itself be longer than. */
function searchFor(question: string): string {
  const terms = termsOf(question).map(({ stem }) => stem);
  const words = terms.length > 0 ? terms : wordsOf(question);
  const lexemes = words.slice(0, 60).flatMap((word) => {
    if (word.startsWith("c0") || word.length < 4) return [`'${word}'`];
    const shorter = Array.from(
      { length: Math.max(0, word.length - 4) },
      (_, at) => `'${word.slice(0, at + 4)}'`,
    );
    return [`'${word}':*`, ...shorter];
  });
  // Safe: words are letters, marks and digits only.
  return [...new Set(lexemes)].join(" | ");
}

async function insertPassages(tx: Tx, userId: string, knowledgeId: string, pieces: Piece[]): Promise<void> {
  if (pieces.length === 0) return;
  await tx.insert(knowledgePassages).values(
    pieces.map((piece, position) => ({
      id: uuid(),
      knowledgeId,
      userId,
      position,
      ...piece,
      words: indexed(`${piece.heading}\n${piece.text}`),
    })),
  );
}

/** By name. */
export async function listSavedReplies(userId: string): Promise<SavedReplyDto[]> {
  return db()
    .select(replyColumns)
    .from(savedReplies)
    .where(eq(savedReplies.userId, userId))
    .orderBy(asc(sql`lower(${savedReplies.title})`), asc(savedReplies.id))
    .limit(MOST_ENTRIES);
}

export async function insertSavedReply(userId: string, body: SavedReplyBody): Promise<SavedReplyDto> {
  const [row] = await db()
    .insert(savedReplies)
    .values({ id: uuid(), userId, ...body })
    .returning(replyColumns);
  if (!row) throw new Error("The reply was not written.");
  return row;
}

/** @throws AppError not_found */
export async function updateSavedReply(
  userId: string,
  id: string,
  patch: SavedReplyPatch,
): Promise<SavedReplyDto> {
  const [row] = await db()
    .update(savedReplies)
    .set({ ...patch, updatedAt: sql`now()` })
    .where(and(eq(savedReplies.id, id), eq(savedReplies.userId, userId)))
    .returning(replyColumns);
  if (!row) throw notFound("This reply");
  return row;
}

/** @throws AppError not_found */
export async function deleteSavedReply(userId: string, id: string): Promise<void> {
  const rows = await db()
    .delete(savedReplies)
    .where(and(eq(savedReplies.id, id), eq(savedReplies.userId, userId)))
    .returning({ id: savedReplies.id });
  if (rows.length === 0) throw notFound("This reply");
}

const replyColumns = { id: savedReplies.id, title: savedReplies.title, text: savedReplies.text };

// safe, both: the table's check holds exactly these words
const toPassage = (row: Omit<Passage, "kind"> & { kind: string }): Passage => ({
  ...row,
  kind: row.kind as Passage["kind"],
});

const toKnowledgeDto = (row: typeof knowledge.$inferSelect): KnowledgeDto => ({
  id: row.id,
  kind: row.kind as KnowledgeDto["kind"],
  title: row.title,
  text: row.text,
  connectionId: row.connectionId,
  used: row.used,
  updatedAt: row.updatedAt.toISOString(),
});
