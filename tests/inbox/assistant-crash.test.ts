import { afterAll, beforeAll, expect, test } from "vitest";
import type { SignedIn } from "@/lib/session";
import { waitUntil } from "@/scripts/wait";
import { killWorker, type ParkedWorker, workerPool } from "../support/crash";
import { type InboxSite, openInboxSite } from "../support/inbox-site";
import { type ScriptedModel, startModel } from "../support/model";
import type { Statement } from "../support/tap";

/**
 * kill -9 around a thought: the worker is killed before, while and after a model writes the answer, and while it is sent;
 * time passes, and the scheduler runs. The customer hears one answer, it is paid for once, and where nobody knows whether it
 * arrived, the owner is told. CRASH_ROUNDS makes the long form.
 */
const ROUNDS = Number(process.env["CRASH_ROUNDS"] ?? 1);
/** A whole world is started and imported here, beside whatever else the machine does. */
const HOOK_MS = 300_000;
const limit = 150_000 + ROUNDS * 60_000;
const CREDITS = 1_000;

let site: InboxSite;
let model: ScriptedModel;
let ada: SignedIn;
let pool: ReturnType<typeof workerPool>;

beforeAll(async () => {
  model = await startModel();
  const ai = { AI_BASE_URL: model.baseUrl, AI_API_KEY: "CNRY_ai_key", AI_MODEL: "scripted-1" };
  site = await openInboxSite(() => ai);
  ada = await site.person();
  const connectionId = await site.connect(ada, "adabell");
  const { changeAccount } = await import("@/lib/inbox/assistant/account");
  const { addKnowledge } = await import("@/lib/inbox/assistant/knowledge");
  await changeAccount(ada, connectionId, {
    mode: "auto",
    answering: { disclosure: "", dailyCap: CREDITS },
  });
  await addKnowledge(ada, {
    kind: "answer",
    title: "When are you open?",
    text: "From 10 to 18.",
    connectionId: null,
  });
  await site.sql.query("update users set credits = $1", [CREDITS]);
  pool = workerPool(site, ai);
}, HOOK_MS);
afterAll(async () => {
  await pool.close();
  await site.stop();
  await model.stop();
}, HOOK_MS);

const isClaim = ({ sql }: Statement) => sql.startsWith('insert into "answers"');
const isDecision = ({ sql }: Statement) => sql.startsWith('update "answers"') && /"attempt" = \$/.test(sql);
const isDecisionsCommit = ({ sql }: Statement, earlier: Statement[]) =>
  /^commit/i.test(sql) && earlier.some(isDecision);

type Stop = { moment: "before" | "after"; at: (statement: Statement, earlier: Statement[]) => boolean };

test.each<Stop & { name: string }>([
  { name: "before it is begun", moment: "before", at: isClaim },
  { name: "before the model is asked", moment: "after", at: isClaim },
  { name: "after the model's answer, before it is saved", moment: "before", at: isDecision },
  { name: "before the commit", moment: "before", at: isDecisionsCommit },
  { name: "after the commit", moment: "after", at: isDecisionsCommit },
])(
  `killed $name, ${ROUNDS} times: one answer, paid once`,
  { timeout: limit },
  async ({ name, moment, at }) => {
    await rounds(name, async (worker) => {
      worker.tap.stopAt({ moment, about: (statement, earlier) => (at(statement, earlier) ? "here" : null) });
      await reached(worker, () => worker.tap.reached().includes("here"));
    });
  },
);

test(`killed while the model thinks, ${ROUNDS} times: one answer, paid once`, {
  timeout: limit,
}, async () => {
  await rounds("while the model thinks", async (worker) => {
    const before = model.asked.length;
    model.script = () => "hang";
    worker.tap.stopAt(null);
    await reached(worker, () => model.asked.length > before);
    await reached(
      worker,
      async () => (await site.sandbox.thread("adabell", customer())).thread?.typing === true,
    );
  });
});

test.each(["hang", "accept_then_hang"] as const)(
  `killed while it is sent (%s), ${ROUNDS} times: one answer, or told`,
  { timeout: limit },
  async (kind) => {
    await rounds(kind, async (worker) => {
      const { sequence } = await site.sandbox.forgetLog();
      await site.sandbox.fault({ platform: "instagram", operation: "send", kind, times: 1 });
      worker.tap.stopAt(null);
      await reached(worker, async () =>
        (await site.sandbox.requests({ operation: "send", since: sequence })).some(
          ({ fault }) => fault === kind,
        ),
      );
    });
  },
);

const names = ["jane.harper", "tomasz_w", "lena.krueger", "amara.o", "yuki.in.kyoto", "troll_77", "just_sam"];
let written = "";
let customers = 0;
const customer = (): string => names[customers % names.length] ?? "";

/** The given crash, again and again, each time with a customer of its own. */
async function rounds(name: string, crash: (worker: ParkedWorker) => Promise<void>): Promise<void> {
  for (let round = 1; round <= ROUNDS; round += 1) {
    customers += 1;
    const who = customer();
    written = `We open at ten. (Killed ${name}, round ${round})`;
    model.script = () => ({ reply: written });
    await site.sandbox.settings({
      platform: "instagram",
      own: { echo: round % 2 === 1 ? "never" : "after" },
    });
    const paidBefore = await credits();
    const worker = await pool.next();
    const question = `What are your opening hours? (${name}, round ${round})`;
    await site.sandbox.message({ account: "adabell", from: who, text: question });
    await crash(worker);
    await killWorker(worker);
    await site.sandbox.clearFaults();
    model.script = () => ({ reply: written });

    await timePassesUntilNothingIsLeft();
    const room = await site.conversationWith(ada, who);
    const ours = (await site.conversation(ada, room)).messages.filter(({ text }) => text === written);
    const theirs = (await site.sandbox.thread("adabell", who)).messages.filter(
      ({ text }) => text === written,
    );
    expect({ name, states: ours.map(({ state }) => state), arrived: theirs.length }).toEqual(
      name === "hang" ? { name, states: ["uncertain"], arrived: 0 } : { name, states: ["sent"], arrived: 1 },
    );
    expect(ours[0]?.why).toMatchObject({ outcome: "answered", model: "scripted-1" });
    expect(paidBefore - (await credits())).toBe(1);
  }
}

/** The thought is taken up again, and what may have been sent is looked for, each time once its time has come. */
const timePassesUntilNothingIsLeft = () =>
  waitUntil(
    async () => {
      await site.timePasses();
      await site.settle();
      const left = await site.rows(
        `select 1 from pgboss.job where name like 'inbox.%' and state in ('created', 'retry', 'active')
         union all select 1 from messages where due_at is not null
         union all select 1 from answers where outcome is null`,
      );
      return left.length === 0 ? true : null;
    },
    { withinMs: 60_000, everyMs: 100, otherwise: "Something is still to be done." },
  );

const credits = async (): Promise<number> =>
  (await site.rows<{ credits: number }>("select credits from users where id = $1", [ada.id]))[0]?.credits ??
  0;

const reached = ({ program }: ParkedWorker, there: () => boolean | Promise<boolean>) =>
  waitUntil(async () => ((await there()) ? true : null), {
    withinMs: 90_000,
    everyMs: 10,
    otherwise: `The worker did not come to the point.\n${program.output()}`,
  });
