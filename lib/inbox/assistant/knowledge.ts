import "server-only";
import { type Actor, audit } from "@/lib/audit";
import { db } from "@/lib/db";
import { AppError } from "@/lib/errors";
import {
  type KnowledgeBody,
  type KnowledgeDto,
  type KnowledgePatch,
  longestAnswer,
  tooLongForAnAnswer,
} from "../schema";
import {
  checkOwnAccount,
  deleteKnowledge,
  insertKnowledge,
  lockKnowledge,
  saveKnowledge,
} from "./knowledge-data";
import { cut, type Piece } from "./passages";

/** What the assistant knows, changed by the person it works for. */
type Person = Extract<Actor, { type: "user" }>;

/** @throws AppError not_found when it is meant for an account that is not theirs */
export async function addKnowledge(user: Person, body: KnowledgeBody): Promise<KnowledgeDto> {
  return db().transaction(async (tx) => {
    if (body.connectionId) await checkOwnAccount(tx, user.id, body.connectionId);
    const entry = await insertKnowledge(tx, user.id, body, piecesOf(body));
    await audit(tx, user, user.id, "knowledge.add", entry.id);
    return entry;
  });
}

/** @throws AppError not_found, or invalid_request when an answer would become too long to be sent */
export async function changeKnowledge(
  user: Person,
  id: string,
  patch: KnowledgePatch,
): Promise<KnowledgeDto> {
  return db().transaction(async (tx) => {
    const { title, text, kind, connectionId } = {
      ...(await lockKnowledge(tx, user.id, id)),
      ...given(patch),
    };
    if (kind === "answer" && text.length > longestAnswer)
      throw new AppError(400, "invalid_request", tooLongForAnAnswer);
    if (connectionId) await checkOwnAccount(tx, user.id, connectionId);
    const body = { title, text, kind, connectionId };
    const entry = await saveKnowledge(tx, user.id, id, body, piecesOf(body));
    await audit(tx, user, user.id, "knowledge.change", id);
    return entry;
  });
}

/** @throws AppError not_found */
export async function removeKnowledge(user: Person, id: string): Promise<{ removed: true }> {
  await db().transaction(async (tx) => {
    await deleteKnowledge(tx, user.id, id);
    await audit(tx, user, user.id, "knowledge.delete", id);
  });
  return { removed: true };
}

const piecesOf = ({ kind, title, text }: KnowledgeBody): Piece[] =>
  kind === "answer" ? [{ heading: title, text }] : cut(title, text);

/** What the patch names; what it leaves out must not overwrite anything. */
function given(patch: KnowledgePatch): Partial<KnowledgeBody> {
  return {
    ...(patch.title !== undefined && { title: patch.title }),
    ...(patch.text !== undefined && { text: patch.text }),
    ...(patch.kind !== undefined && { kind: patch.kind }),
    ...(patch.connectionId !== undefined && { connectionId: patch.connectionId }),
  };
}
