import { createHmac, randomBytes } from "node:crypto";
import { v7 as uuid } from "uuid";

/** Deliveries as Meta makes them, and accounts to deliver to. */
export const APP_SECRET = "CNRY_secret_instagram";
export const META_SECRET = "CNRY_secret_facebook";

export type Account = { userId: string; connectionId: string; accountId: string };

/** As Meta writes it. */
export const signed = (body: string | Buffer, secret = APP_SECRET): string =>
  `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;

/** One delivery, with everything beyond ASCII escaped, as Meta sends it. */
export const delivery = (...entry: unknown[]): string =>
  JSON.stringify({ object: "instagram", entry }).replace(
    /[\u0080-\uffff]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

let clock = Date.parse("2026-11-01T10:00:00Z");
/** Another instant each time, later than the one before. */
export const tick = (): number => {
  clock += 1_000;
  return clock;
};

/** An entry with these elements of `messaging`. */
export const entry = (accountId: string, ...messaging: object[]): object => ({
  id: accountId,
  time: tick(),
  messaging,
});

/** One element: they to us, or, as an echo, we to them. */
export const element = (
  accountId: string,
  peerId: string,
  at: number,
  content: Record<string, unknown>,
): object => {
  const message = content["message"] as { is_echo?: boolean } | undefined;
  const [sender, recipient] = message?.is_echo ? [accountId, peerId] : [peerId, accountId];
  return { sender: { id: sender }, recipient: { id: recipient }, timestamp: at, ...content };
};

/** An id such as Meta's: longer than a number can be without losing digits. */
export const digits = (): string => `178414${BigInt(`0x${randomBytes(6).toString("hex")}`)}`.slice(0, 17);

/** A new person with one connected Instagram account, as rows. */
export async function newAccount(
  sql: { query(text: string, values: unknown[]): Promise<unknown> },
  accountId = digits(),
): Promise<Account> {
  const [userId, grantId, connectionId] = [uuid(), uuid(), uuid()];
  await sql.query(
    `insert into users (id, name, email, email_verified, created_at, updated_at)
     values ($1, 'Ada Bell', $2, true, now(), now())`,
    [userId, `${userId}@people.test`],
  );
  await sql.query(
    `insert into grants (id, user_id, platform, way, subject, credentials, key_id)
     values ($1, $2, 'instagram', 'instagram', $3, 'v1.none.none', 'none')`,
    [grantId, userId, accountId],
  );
  await sql.query(
    `insert into connections (id, user_id, grant_id, platform, remote_id, name, created_at)
     values ($1, $2, $3, 'instagram', $4, 'Bell Pictures', now() - interval '60 days')`,
    [connectionId, userId, grantId, accountId],
  );
  return { userId, connectionId, accountId };
}
