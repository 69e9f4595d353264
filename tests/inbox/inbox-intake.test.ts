import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { answerChallenge } from "@/lib/inbox/receive/intake";
import { type Intake, openIntake } from "../support/inbox";
import { delivery, digits, element, entry, META_SECRET, signed, tick } from "../support/inbox-wire";

/** What comes in at the webhook's door: proved, kept, and refused without a trace. */

let intake: Intake;
beforeAll(async () => {
  intake = await openIntake();
});
afterAll(() => intake.close());

const aMessage = (text: string, accountId = digits()) =>
  entry(accountId, element(accountId, digits(), tick(), { message: { mid: `mid.${tick()}`, text } }));

/** Posts, and says how it was answered and how many rows it left. */
async function tried(body: string | Buffer, signature: string | null) {
  const before = await intake.count("webhook_events");
  const { status } = await intake.post(body, signature);
  return { status, rows: (await intake.count("webhook_events")) - before };
}

const taken = { status: 200, rows: 1 };
const refused = { status: 401, rows: 0 };

test("a signature over the bytes as they came is right, by either app's secret (E1)", async () => {
  const escaped = delivery(aMessage("Grüße 🔔"));
  expect(escaped).toContain("\\u00fc");
  expect(await tried(escaped, signed(escaped))).toEqual(taken);
  const raw = JSON.stringify({ object: "instagram", entry: [aMessage("Grüße 🔔")] });
  expect(await tried(raw, signed(raw))).toEqual(taken);
  const slashes = delivery(aMessage("a/b <c> @d")).replaceAll("/", "\\/").replaceAll("<", "\\u003C");
  expect(await tried(slashes, signed(slashes))).toEqual(taken);
  const meta = delivery(aMessage("through a Page"));
  expect(await tried(meta, signed(meta, META_SECRET))).toEqual(taken);
});

test("every other signature is refused, and nothing is written (E1)", async () => {
  const body = delivery(aMessage("Hello"));
  const right = signed(body);
  const hex = right.slice("sha256=".length);
  const headers: (string | null)[] = [
    null,
    "",
    hex,
    `sha1=${hex}`,
    `sha256=${hex.toUpperCase()}`,
    `sha256=${hex.slice(1)}`,
    `sha256=${hex}0`,
    `sha256=${"z".repeat(64)}`,
    `sha256=${hex}, sha256=${hex}`,
    `sha256=${"0".repeat(10_000)}`,
    signed(body, "another secret"),
    signed(body, ""),
    signed(JSON.stringify(JSON.parse(body), null, 1)),
  ];
  for (const header of headers)
    expect(await tried(body, header), String(header).slice(0, 80)).toEqual(refused);
  const bytes = Buffer.from(body);
  for (let at = 0; at < bytes.length; at += 7) {
    const changed = Buffer.from(bytes);
    changed.writeUInt8((bytes[at] ?? 0) ^ 1, at);
    expect((await intake.post(changed, right)).status, `byte ${at}`).toBe(401);
  }
  expect(await tried(`${body} `, right)).toEqual(refused);
});

test("Meta's question is answered with its challenge and nothing else (E2)", async () => {
  const ask = (token: string) =>
    intake.verify(
      `hub.mode=subscribe&hub.challenge=${encodeURIComponent("<script>1158201444")}&hub.verify_token=${encodeURIComponent(token)}`,
    );
  const right = await ask("CNRY_verify_instagram");
  expect(right.status).toBe(200);
  expect(await right.text()).toBe("<script>1158201444");
  expect(right.headers.get("content-type")).toBe("text/plain; charset=utf-8");
  expect(right.headers.get("x-content-type-options")).toBe("nosniff");
  for (const token of ["", "CNRY_verify_instagra", "CNRY_verify_instagram ", "undefined"]) {
    expect((await ask(token)).status, token).toBe(403);
  }
  expect(
    (await intake.verify("hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=CNRY_verify_instagram"))
      .status,
  ).toBe(403);
  expect((await intake.verify("hub.mode=subscribe&hub.verify_token=CNRY_verify_instagram")).status).toBe(403);
  expect((await intake.verify("")).status).toBe(403);
  expect(() => answerChallenge(new URLSearchParams())).toThrow();
});

test("a forger's flood leaves no row (E13)", async () => {
  const before = await intake.count("webhook_events");
  const body = delivery(aMessage("Forged"));
  const valid = Array.from({ length: 20 }, (_, at) => delivery(aMessage(`Valid ${at}`)));
  const forged = Promise.all(Array.from({ length: 500 }, () => intake.post(body, signed(body, "forged"))));
  const answers = await Promise.all(valid.map((one) => intake.post(one)));
  expect(new Set((await forged).map(({ status }) => status))).toEqual(new Set([401]));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  expect(await intake.count("webhook_events")).toBe(before + valid.length);
});

test("size and shape: refused before it is read, or kept and counted, never a 500 (E14)", async () => {
  const account = await intake.account();
  const say = (text: string) =>
    element(account.accountId, digits(), tick(), { message: { mid: `shape.${tick()}`, text } });
  // A megabyte of a thousand updates.
  const batch = delivery(
    ...Array.from({ length: 1_000 }, (_, at) => aMessage(`${at} ${"x".repeat(900)}`, account.accountId)),
  );
  expect(batch.length).toBeGreaterThan(1_000_000);
  expect(await tried(batch, signed(batch))).toEqual({ status: 200, rows: 1_000 });

  const huge = Buffer.alloc(10 * 1024 * 1024, 0x20);
  expect(await tried(huge, signed(huge))).toEqual({ status: 413, rows: 0 });
  const bomb = gzipSync(Buffer.alloc(10 * 1024 * 1024, 0x20));
  expect(await tried(bomb, signed(bomb))).toEqual({ status: 200, rows: 0 });
  const deep = `{"object":"instagram","entry":[{"id":"${account.accountId}","time":1,"messaging":${"[".repeat(10_000)}${"]".repeat(10_000)}}]}`;
  expect(await tried(deep, signed(deep))).toEqual(taken);
  for (const [text, rows] of [
    ["", 0],
    ["null", 0],
    ['"text"', 0],
    ["[]", 0],
    ["{", 0],
    ['{"object":"page","entry":[{"id":"1"}]}', 0],
    ['{"object":"instagram","entry":null}', 0],
    ['{"object":"instagram","entry":[null, 1, "a", {}]}', 0],
    ['{"object":"instagram","entry":[{"id":"0","time":1,"changes":[]}]}', 0],
    [delivery({ id: account.accountId, time: "soon", messaging: "none" }), 1],
    [delivery({ id: account.accountId, time: tick(), changes: [{ field: "of_tomorrow", value: {} }] }), 1],
  ] as const) {
    expect(await tried(text, signed(text)), text.slice(0, 60)).toEqual({ status: 200, rows });
  }
  // One that nobody can read among others that are well.
  await intake.deliver(
    entry(account.accountId, say("before"), { sender: 7, message: [] }, { timestamp: "x" }, say("after")),
  );
  const kept = await intake.rows<{ text: string }>(
    "select text from messages where connection_id = $1 and remote_id like 'shape.%' order by sent_at",
    [account.connectionId],
  );
  expect(kept.map(({ text }) => text)).toEqual(["before", "after"]);
  const open = await intake.rows("select 1 from webhook_events where due_at is not null");
  expect(open).toEqual([]);
});

test("ids keep their digits", async () => {
  const account = await intake.account();
  // As numbers, not as text.
  const body = `{"object":"instagram","entry":[{"id":${account.accountId},"time":1760000000123,"messaging":[{"sender":{"id":90071992547409931},"recipient":{"id":${account.accountId}},"timestamp":1760000000001,"message":{"mid":"digits.1","text":"hi"}}]}]}`;
  expect((await intake.post(body)).status).toBe(200);
  await intake.receive();
  const [row] = await intake.rows("select peer_id from conversations where connection_id = $1", [
    account.connectionId,
  ]);
  expect(row).toEqual({ peer_id: "90071992547409931" });
});

test("one that cannot be worked off is put off, and holds up nobody", async () => {
  const account = await intake.account();
  const say = (text: string) =>
    entry(
      account.accountId,
      element(account.accountId, digits(), tick(), { message: { mid: `p.${text}`, text } }),
    );
  // Something our own side trips over, such as a check that fails.
  await intake.sql.query(
    "alter table messages add constraint trap check (text is distinct from 'poison') not valid",
  );
  try {
    const bodies = ["one", "poison", "two"].map((text) => delivery(say(text)));
    for (const body of bodies) expect((await intake.post(body)).status).toBe(200);
    await intake.receive();
    const kept = await intake.rows<{ text: string }>(
      "select text from messages where connection_id = $1 order by sent_at",
      [account.connectionId],
    );
    expect(kept.map(({ text }) => text)).toEqual(["one", "two"]);
    const [parked] = await intake.rows(
      "select attempts, error, processed_at, due_at > now() as later from webhook_events where account_id = $1 and processed_at is null",
      [account.accountId],
    );
    expect(parked).toEqual({
      attempts: 1,
      error: "Something went wrong on our side.",
      processed_at: null,
      later: true,
    });
  } finally {
    await intake.sql.query("alter table messages drop constraint trap");
  }
  await intake.sql.query("update webhook_events set due_at = now() where due_at is not null");
  await intake.receive();
  expect(
    await intake.rows("select text from messages where connection_id = $1 and text = 'poison'", [
      account.connectionId,
    ]),
  ).toHaveLength(1);
});
