import { Client } from "pg";
import { Pool } from "undici";
import { v7 as uuid } from "uuid";
import { build, isBuilt } from "@/scripts/app";
import { waitUntil } from "@/scripts/wait";
import { startApp } from "../support/app";
import { copyTemplate, startTemplate } from "../support/databases";
import { delivery, digits, element, entry, newAccount, signed } from "../support/inbox-wire";
import { signUp } from "../support/people";
import { compare, median, report } from "./harness";

/**
 * How fast a webhook is acknowledged, and how fast what it told is in the inbox. What it is measured against is our own answer
 * to Meta's verification question: the same app and router, and no more work than comparing a token.
 */
const EVENTS = Number(process.env["BENCH_EVENTS"] ?? 10_000);
const MESSAGES = Number(process.env["BENCH_MESSAGES"] ?? 100_000);
const SECONDS = Number(process.env["BENCH_SECONDS"] ?? 20);
const PATH = "/api/webhooks/instagram";
const PER_ROUND = 400;

if (!isBuilt()) await build();
const { templateUrl, end } = await startTemplate();
const database = await copyTemplate(templateUrl);
// Nothing listens there: no platform takes part.
const app = await startApp({
  databaseUrl: database.url,
  sandboxUrl: "http://127.0.0.1:9",
  env: { LOG_LEVEL: "warn" },
});
const sql = new Client({ connectionString: database.url });
await sql.connect();
const account = await newAccount(sql);
const peers = Array.from({ length: 200 }, () => digits());
const http = new Pool(app.url, { connections: 50 });

let at = Date.now() - 3_600_000;
/** One event each time another, from one of two hundred people. */
function anEvent(): { mid: string; entry: object } {
  at += 1;
  const mid = `bench.${uuid()}`;
  const peer = peers[at % peers.length] ?? "";
  const message = element(account.accountId, peer, at, {
    message: { mid, text: "Are you open tomorrow? Grüße 🔔" },
  });
  return { mid, entry: entry(account.accountId, message) };
}

async function post(body: string): Promise<number> {
  const from = performance.now();
  const answer = await http.request({
    path: PATH,
    method: "POST",
    headers: { "content-type": "application/json", "x-hub-signature-256": signed(body) },
    body,
  });
  await answer.body.dump();
  if (answer.statusCode !== 200) throw new Error(`A delivery was answered ${answer.statusCode}.`);
  return performance.now() - from;
}

async function verify(): Promise<number> {
  const from = performance.now();
  const answer = await http.request({
    path: `${PATH}?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=CNRY_verify_instagram`,
    method: "GET",
  });
  await answer.body.dump();
  if (answer.statusCode !== 200) throw new Error(`The question was answered ${answer.statusCode}.`);
  return performance.now() - from;
}

/** Does all of it, so many at a time. @returns what each took, in milliseconds */
async function side(
  count: number,
  atOnce: number,
  work: (nth: number) => Promise<number>,
): Promise<number[]> {
  const took: number[] = [];
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const nth = next;
      next += 1;
      took.push(await work(nth));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return took;
}

const perSecond = async (work: (nth: number) => Promise<number>): Promise<number> => {
  const from = performance.now();
  await side(PER_ROUND, 20, work);
  return (PER_ROUND * 1_000) / (performance.now() - from);
};

const rows = async (what: string): Promise<number> =>
  (await sql.query<{ count: number }>(`select count(*)::int as count from ${what}`)).rows[0]?.count ?? 0;
const allReceived = (withinMs = 600_000) =>
  waitUntil(async () => ((await rows("webhook_events where due_at is not null")) === 0 ? true : null), {
    withinMs,
    everyMs: 100,
    otherwise: "The events were not worked off.",
  });

const NO_OP = "verification question (no-op)";
const throughput = await compare({
  title: "20 connections, one event in each delivery, kept in PostgreSQL before the answer",
  unit: "requests/s",
  rounds: 7,
  against: [NO_OP],
  contestants: [
    { name: NO_OP, measure: () => perSecond(verify) },
    { name: "webhook", measure: () => perSecond(() => post(delivery(anEvent().entry))) },
  ],
});
await allReceived();

// --- E5: a steady hundred a second
const acks: number[] = [];
const started = performance.now();
const sends: Promise<unknown>[] = [];
await waitUntil(
  () => {
    const due = Math.min(SECONDS * 100, Math.floor((performance.now() - started) / 10));
    while (sends.length < due) sends.push(post(delivery(anEvent().entry)).then((ms) => acks.push(ms)));
    return sends.length >= SECONDS * 100 ? true : null;
  },
  { withinMs: SECONDS * 3_000, everyMs: 5, otherwise: "The clock stood still." },
);
await Promise.all(sends);
await allReceived();

// --- E7: a storm, in batches and singly, then each five times
const before = await rows("messages");
const storm = Array.from({ length: EVENTS }, anEvent);
const batches = Array.from({ length: 10 }, (_, nth) =>
  delivery(...storm.slice((nth * EVENTS) / 10, ((nth + 1) * EVENTS) / 10).map((one) => one.entry)),
);
const batchFrom = performance.now();
const batchAcks = await side(10, 10, (nth) => post(batches[nth] ?? ""));
const batchMs = performance.now() - batchFrom;
await allReceived();
const batchDoneMs = performance.now() - batchFrom;
const afterBatches = await rows("messages");

const singles = Array.from({ length: EVENTS }, () => delivery(anEvent().entry));
const singleFrom = performance.now();
await side(EVENTS, 50, (nth) => post(singles[nth] ?? ""));
const singleMs = performance.now() - singleFrom;
await allReceived();
const singleDoneMs = performance.now() - singleFrom;
const afterSingles = await rows("messages");
await side(EVENTS * 4, 50, (nth) => post(singles[nth % EVENTS] ?? ""));
await allReceived();
const afterCopies = await rows("messages");

// --- G11: an inbox of a hundred thousand messages
const ada = await signUp(app.url);
const { rows: users } = await sql.query<{ id: string }>("select id from users where email = $1", [ada.email]);
const userId = users[0]?.id ?? "";
await sql.query("update grants set user_id = $1", [userId]);
await sql.query("update connections set user_id = $1", [userId]);
await sql.query("update conversations set user_id = $1", [userId]);
await sql.query("update messages set user_id = $1", [userId]);
await sql.query(
  `insert into messages (id, conversation_id, user_id, connection_id, remote_id, author, state, text, sent_at)
   select gen_random_uuid(), (array(select id from conversations))[1 + n % (select count(*) from conversations)],
          $1, $2, 'bulk.' || n, case when n % 2 = 0 then 'them' else 'phone' end,
          case when n % 2 = 0 then 'received' else 'sent' end, 'Message number ' || n, now() - n * interval '1 second'
     from generate_series(1, $3) n`,
  [userId, account.connectionId, MESSAGES],
);
await sql.query("analyze");
const { rows: rooms } = await sql.query<{ id: string }>("select id from conversations limit 200");
const asked = async (path: string): Promise<number> => {
  const from = performance.now();
  const answer = await ada.fetch(path);
  await answer.arrayBuffer();
  if (!answer.ok) throw new Error(`${path} was answered ${answer.status}.`);
  return performance.now() - from;
};
const ROUNDS = 100;
const threads = await side(ROUNDS, 1, (nth) => asked(`/api/inbox/${rooms[nth % rooms.length]?.id}`));
const lists = await side(ROUNDS, 1, () => asked("/api/inbox"));
const searches = await side(ROUNDS, 1, (nth) => asked(`/api/inbox?q=${nth + 100}`));

await http.close();
await sql.end();
await app.stop();
await database.drop();
await end();

report(
  "npm run bench:webhook",
  [throughput],
  [
    `100 a second for ${SECONDS} s: acknowledged in p50 ${ms(median(acks))}, p99 ${ms(quantile(acks, 0.99))}, at most ${ms(Math.max(...acks))} (aim: p99 250 ms, at most 1 s).`,
    `${EVENTS} events in 10 deliveries at once: each acknowledged within ${ms(Math.max(...batchAcks))}, all after ${ms(batchMs)}, all in the inbox after ${ms(batchDoneMs)}; ${afterBatches - before} messages (aim: 1 s, 5 s, 60 s, ${EVENTS}).`,
    `${EVENTS} deliveries of one, 50 connections: all acknowledged after ${ms(singleMs)}, in the inbox after ${ms(singleDoneMs)}; ${afterSingles - afterBatches} messages. Four more copies of each: ${afterCopies - afterSingles} more messages (aim: 0).`,
    `An inbox of ${MESSAGES} messages more: a conversation opens in p50 ${ms(median(threads))}, p95 ${ms(quantile(threads, 0.95))}; the list in ${ms(median(lists))} and ${ms(quantile(lists, 0.95))}; a search in ${ms(median(searches))} and ${ms(quantile(searches, 0.95))} (aim: p95 150 ms for a conversation).`,
    "The app, PostgreSQL and whoever asks share this machine; the app works off what it was told at the same time.",
  ],
);

function quantile(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function ms(value: number): string {
  return `${Math.round(value)} ms`;
}
