import "server-only";
import { audit } from "@/lib/audit";
import { db } from "@/lib/db";
import { VaultError } from "@/lib/vault/cipher";
import { keyRingIds, openSecret, sealSecret } from "@/lib/vault/vault";
import { verifierBinding } from "../connect/state";
import { endGrant } from "../leave/end";
import { binding } from "../seal";
import {
  anyUnder,
  grantBehind,
  putResealed,
  type SealedRow,
  type SealedTable,
  sealedRows,
  sealedTables,
} from "./rotate-data";

/**
 * Moves secrets to the current key while everything runs: reads a batch, seals it anew, puts it in place unless somebody
 * changed it meanwhile. The version stays, since the secret does: a renewal under way saves as if nothing had happened.
 * Killed anywhere, it loses nothing; begun again, it finds what is left.
 */

const BATCH = 250;

export type Rotated = {
  /** Rows put under the current key. */
  resealed: number;
  /** Rows that changed or were in use at that moment: the next round takes them. */
  missed: number;
  /** Rows that nobody can open: see `vault:check`. */
  unreadable: number;
  /** The time was up. */
  more: boolean;
};

/**
 * One round over everything that does not lie under the current key.
 * @param untilMs stop after the batch in which this moment of the clock passes
 * @param progress told after each batch
 */
export async function rotate({
  untilMs = Number.POSITIVE_INFINITY,
  progress,
}: {
  untilMs?: number;
  progress?: (soFar: Rotated) => void;
} = {}): Promise<Rotated> {
  const total: Rotated = { resealed: 0, missed: 0, unreadable: 0, more: false };
  for (const table of sealedTables) {
    const reseal = (row: SealedRow) => {
      const text = opened(table, row);
      return text === null ? null : sealSecret(placeOf(table, row), text).sealed;
    };
    await moveRows(table, reseal, ({ rows, changed, put }) => {
      total.resealed += put;
      total.missed += changed - put;
      total.unreadable += rows - changed;
      progress?.({ ...total });
      total.more = Date.now() > untilMs;
      return !total.more;
    });
    if (total.more) break;
  }
  return total;
}

/**
 * Goes once over the rows of a table that do not lie under the current key. While one batch is put in place, the next is
 * read and changed: the database and the cipher keep two processors busy.
 * @param change the new envelope; null: leave this row as it is
 * @param done told what became of each batch; false: that is enough
 */
export async function moveRows(
  table: SealedTable,
  change: (row: SealedRow) => string | null,
  done: (batch: { rows: number; changed: number; put: number }) => boolean,
): Promise<void> {
  const { current } = keyRingIds();
  const read = (after: string | null) => sealedRows(table, { after, notUnder: current, limit: BATCH });
  let putting: Promise<boolean> = Promise.resolve(true);
  let rows = await read(null);
  while (rows.length > 0) {
    const next = later(read(rows.at(-1)?.id ?? null));
    const changed = rows.flatMap((row) => {
      const after = change(row);
      return after === null ? [] : [{ id: row.id, before: row.sealed, after, version: row.version }];
    });
    const seen = rows.length;
    const goesOn = await putting;
    putting = later(
      goesOn
        ? putResealed(table, current, changed).then((put) =>
            done({ rows: seen, changed: changed.length, put }),
          )
        : Promise.resolve(false),
    );
    rows = await next;
    if (!goesOn) break;
  }
  await putting;
}

/** Awaited a little later, where it throws: until then a failure must not count as nobody's. */
function later<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

/** Whether anything lies under a key that is on its way out. Cheap enough to ask every few seconds. */
export const needsRotation = (): Promise<boolean> => anyUnder(keyRingIds().old);

export type KeyUse = {
  current: string;
  /** Rows under each key we hold, by key id; those that do open. */
  byKey: Record<string, number>;
  /** Rows that nobody can open, by what is wrong with them. */
  unsealed: UnreadableRow[];
  unknownKey: UnreadableRow[];
  tampered: UnreadableRow[];
};

export type UnreadableRow = { table: SealedTable; id: string; keyId: string | null };

/** Opens every secret once, and says under which keys they lie. Nothing of them is kept. */
export async function keyUse(): Promise<KeyUse> {
  const { current, old } = keyRingIds();
  const use: KeyUse = {
    current,
    byKey: Object.fromEntries([current, ...old].map((id) => [id, 0])),
    unsealed: [],
    unknownKey: [],
    tampered: [],
  };
  for (const table of sealedTables) {
    let after: string | null = null;
    for (;;) {
      const rows: SealedRow[] = await sealedRows(table, { after, notUnder: null, limit: BATCH * 4 });
      if (rows.length === 0) break;
      for (const row of rows) count(use, table, row);
      after = rows.at(-1)?.id ?? null;
    }
  }
  return use;
}

/**
 * Destroys what was never sealed: such rows are used by nobody, and their accounts must be connected again.
 * @returns how many there were
 */
export async function endUnsealed(): Promise<number> {
  const { unsealed } = await keyUse();
  for (const { table, id } of unsealed) {
    await db().transaction(async (tx) => {
      const grant = await grantBehind(tx, table, id);
      if (!grant) return;
      await endGrant(tx, grant, {
        code: "vault_malformed",
        message:
          "The stored credentials of this account were not sealed, and were destroyed. Connect it again.",
      });
      await audit(tx, { type: "job", name: "vault" }, grant.userId, "grant.end_unsealed", grant.id, {
        platform: grant.platform,
      });
    });
  }
  return unsealed.length;
}

function count(use: KeyUse, table: SealedTable, row: SealedRow): void {
  const [, said] = row.sealed.split(".");
  try {
    openSecret(placeOf(table, row), row.sealed);
    if (said !== undefined) use.byKey[said] = (use.byKey[said] ?? 0) + 1;
  } catch (error) {
    if (!(error instanceof VaultError)) throw error;
    const lists = {
      malformed: use.unsealed,
      unknown_key: use.unknownKey,
      tampered: use.tampered,
      bad_key: use.tampered,
    };
    // What is not an envelope is a secret itself: nothing of it is repeated.
    lists[error.code].push({ table, id: row.id, keyId: error.code === "malformed" ? null : (said ?? null) });
  }
}

/** Null for what does not open. Its row stays as it is. */
function opened(table: SealedTable, row: SealedRow): string | null {
  try {
    return openSecret(placeOf(table, row), row.sealed);
  } catch (error) {
    if (!(error instanceof VaultError)) throw error;
    return null;
  }
}

const placeOf = (table: SealedTable, { id, userId, platform, version }: SealedRow) =>
  table === "oauth_states"
    ? verifierBinding(id, userId, platform)
    : binding({ table, id, userId, platform, version });
