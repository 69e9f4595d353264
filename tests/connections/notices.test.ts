import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { ConnectionDto, ConnectionsAnswer } from "@/lib/connections/schema";
import type { ClockMoved } from "@/lib/demo-clock/schema";
import type { NotificationsAnswer } from "@/lib/notifications/schema";
import type { SettingsDto } from "@/lib/settings/schema";
import { freePort } from "@/scripts/ports";
import { waitUntil } from "@/scripts/wait";
import { type OpenHouse, openHouse } from "../support/house";
import { type Mailbox, openMailbox } from "../support/mailbox";
import { type PersonAtApp, signIn, signUp } from "../support/people";
import { connectAccount, successOf, tick } from "../support/posting";

/** What people hear of the life of their connections: each thing once, in time, and no more than they want. */

let house: OpenHouse;
let mailbox: Mailbox;
let smtpPort: number;
let ada: PersonAtApp;

beforeAll(async () => {
  smtpPort = await freePort();
  house = await openHouse({ SMTP_URL: `smtp://127.0.0.1:${smtpPort}` });
  mailbox = await openMailbox({ port: smtpPort });
});
afterAll(async () => {
  await house.stop();
  await mailbox.stop();
});
beforeEach(async () => {
  await house.sql.query("truncate grants, notifications, settings, rate_limits cascade");
  await house.sql.query("delete from pgboss.job");
  await house.sandbox.reset();
  // As for an ordinary app.
  await house.sandbox.settings({ platform: "linkedin", own: { refreshTokens: false } });
  mailbox.behave("take");
  ada = await signUp(house.url, { name: "Ada Bell" });
});

const connect = (platform: string, who = "adabell") => connectAccount(ada, house.sandbox, platform, who);
const forward = async (days: number) =>
  successOf<ClockMoved>(await ada.send("POST", "/api/sandbox/clock", { days }));
const connections = async () =>
  (await successOf<ConnectionsAnswer>(await ada.fetch("/api/connections"))).connections;
const news = async () => successOf<NotificationsAnswer>(await ada.fetch("/api/notifications"));
const titles = async () => (await news()).notifications.map(({ title }) => title);
const work = () => tick({ app: house });
const wish = (notices: object) => ada.send("PATCH", "/api/settings", { notices });

/** Ada's mails about accounts, by subject, once no more are on their way. */
async function mails(): Promise<string[]> {
  await work();
  return mailbox.received
    .filter((mail) => mail.includes(`To: ${ada.email}`))
    .flatMap((mail) => /^Subject: (.*?)\r\n(?! )/ms.exec(mail)?.[1]?.replaceAll("\r\n ", " ") ?? [])
    .filter((subject) => !subject.startsWith("Confirm"));
}

const announce = async (now?: Date) => (await import("@/lib/notifications/ends")).announceEnds(now);

test("what cannot be renewed is announced 14, 7, 3 and 1 day before and when it is over: once each, by several workers", async () => {
  const linkedin = await connect("linkedin");
  await connect("facebook");
  const said: string[] = [];
  for (const [days, words] of [
    [45, null],
    [2, "will be disconnected in 13 days"],
    [5, null],
    [2, "will be disconnected in 6 days"],
    [4, "will be disconnected in 2 days"],
    [1, "will be disconnected in a day"],
    [1, "needs to be reconnected"],
  ] as const) {
    const { told } = await forward(days);
    if (words) said.push(`LinkedIn: Ada Bell ${words}`);
    expect(told.map(({ title }) => title)).toEqual(words ? [said.at(-1)] : []);
    // Eight more who look at the same moment, while two schedulers send the mail.
    const [others] = await Promise.all([
      Promise.all(Array.from({ length: 8 }, () => announce())),
      work(),
      work(),
    ]);
    expect(others).toEqual(Array(8).fill(0));
    expect(await mails()).toEqual(said);
    // What is overtaken is not shown beside its news.
    expect(await titles()).toEqual(said.slice(-1));
  }
  expect(mailbox.received.at(-1)).toContain(`${house.url}/settings/integrations?reconnect=${linkedin}`);
  expect((await connections()).map(({ platform, status }) => `${platform} ${status}`)).toEqual([
    "facebook active",
    "linkedin reconnect",
  ]);

  expect(await connect("linkedin")).toBe(linkedin);
  expect(await news()).toEqual({ notifications: [], quiet: [] });
  expect((await forward(47)).told).toHaveLength(1);
});

test("several who find the same end at the same moment tell of it once", async () => {
  await connect("linkedin");
  await house.sql.query(
    "update grants set access_expires_at = now() + interval '10 days'; update connections set connected_at = now() - interval '50 days'",
  );
  const told = await Promise.all(Array.from({ length: 8 }, () => announce()));
  expect(told.reduce((sum, one) => sum + one, 0)).toBe(1);
  await Promise.all([work(), work(), work()]);
  expect(await mails()).toEqual(["LinkedIn: Ada Bell will be disconnected in 10 days"]);
});

test("only days that lie ahead are announced: who connects five days before the end hears of it at three", async () => {
  await connect("linkedin");
  await house.sql.query("update grants set access_expires_at = now() + interval '5 days'");
  expect(await announce()).toBe(0);
  expect((await connections())[0]?.status).toBe("expiring");
  expect((await forward(1)).told).toEqual([]);
  expect((await forward(1)).told.map(({ title }) => title)).toEqual([
    "LinkedIn: Ada Bell will be disconnected in 3 days",
  ]);
});

test("renewals that keep failing are announced, and taken back when one goes well after all", async () => {
  await connect("instagram");
  await house.sql.query("update connections set connected_at = now() - interval '50 days'");
  const failing = (times: number) =>
    house.sql.query("update grants set failures = $1, access_expires_at = now() + interval '6 days'", [
      times,
    ]);
  await failing(2);
  expect(await announce()).toBe(0);
  await failing(3);
  expect(await announce()).toBe(1);
  expect(await titles()).toEqual([expect.stringContaining("will be disconnected in 6 days")]);
  await house.sql.query("update grants set failures = 0, access_expires_at = now() + interval '60 days'");
  expect(await announce()).toBe(0);
  expect(await titles()).toEqual([]);
  await failing(3);
  expect(await announce()).toBe(1);
});

test("a death is told once, by whatever name and however many find it, and not after the account is back", async () => {
  const { tellEnded } = await import("@/lib/notifications/ended");
  const x = await connect("twitter");
  const { rows } = await house.sql.query<{ id: string }>("select id from grants");
  const grantId = rows[0]?.id ?? "";
  const tell = (incident: string) => tellEnded({ grantId, incident });
  await tell("nothing has happened");
  expect(await titles()).toEqual([]);

  await house.sandbox.expire({ platform: "twitter", kind: "grant" });
  expect((await ada.send("POST", `/api/connections/${x}/refresh`)).status).toBe(502);
  await Promise.all(["one", "one", "one", "two", "two", "three"].map(tell));
  const [notice, ...more] = (await news()).notifications;
  expect(more).toEqual([]);
  expect(notice).toMatchObject({
    title: "X: Ada Bell (@adabell) needs to be reconnected",
    href: `/settings/integrations?reconnect=${x}`,
    connectionIds: [x],
  });
  expect(await mails()).toEqual([notice?.title]);

  // Put away, it is not said again; the account itself goes on saying it.
  await ada.send("POST", `/api/notifications/${notice?.id}/read`, {});
  await tell("four");
  expect(await news()).toEqual({ notifications: [], quiet: [x] });
  expect((await connections())[0]?.status).toBe("reconnect");

  await connect("twitter");
  await tell("a job of yesterday");
  expect(await news()).toEqual({ notifications: [], quiet: [] });
  expect(await mails()).toHaveLength(1);
});

test("a mail server that is down: the notice is there at once, and the mail comes later, once", async () => {
  await connect("linkedin");
  await mailbox.stop();
  await forward(50);
  await work();
  expect(await titles()).toHaveLength(1);
  expect(await states()).toEqual(["due"]);
  mailbox = await openMailbox({ port: smtpPort });
  await waitUntil(async () => ((await mails()).length > 0 ? true : null), {
    withinMs: 60_000,
    otherwise: "The mail did not come.",
  });
  // As if its job had given up: the hourly look finds nothing more to send.
  await house.sql.query("update notifications set created_at = created_at - interval '1 hour'");
  await announce();
  expect(await mails()).toHaveLength(1);
  expect(await states()).toEqual(["sent"]);
});

test("a mail whose jobs have all given up is found again while it is news", async () => {
  await connect("linkedin");
  await forward(50);
  await house.sql.query("delete from pgboss.job");
  await announce();
  expect(await mails()).toEqual([]);
  await house.sql.query("update notifications set created_at = created_at - interval '1 hour'");
  await announce();
  expect(await mails()).toHaveLength(1);
});

test("an answer that is lost costs the mail, and never doubles it; an address that is refused is not tried again", async () => {
  await connect("linkedin");
  mailbox.behave("swallow");
  await forward(50);
  expect(await mails()).toHaveLength(1);
  expect(await states()).toEqual(["sending"]);
  await house.sql.query("update notifications set created_at = created_at - interval '1 hour'");
  mailbox.behave("take");
  await announce();
  // As after a crash: the job comes again, and finds that someone had begun.
  const { rows } = await house.sql.query<{ id: string }>("select id from notifications");
  await (await import("@/lib/notifications/mail")).mailNotice(rows[0]?.id ?? "");
  expect(await mails()).toHaveLength(1);

  mailbox.behave("refuse");

  await forward(5);
  expect(await mails()).toHaveLength(1);
  expect(await states()).toEqual(["sending", "refused"]);
});

test("each kind is heard of where its owner wants it", async () => {
  const linkedin = await connect("linkedin");
  expect(await successOf<SettingsDto>(await ada.fetch("/api/settings"))).toMatchObject({
    mailTo: ada.email,
    notices: {
      ending: { app: true, mail: true },
      ended: { app: true, mail: true },
      post: { app: true, mail: false },
    },
  });
  await Promise.all([wish({ ending: { mail: false } }), wish({ ended: { app: false } })]);
  expect(await successOf<SettingsDto>(await ada.fetch("/api/settings"))).toMatchObject({
    notices: { ending: { app: true, mail: false }, ended: { app: false, mail: true } },
  });
  expect((await wish({ ending: { pigeon: true } })).status).toBe(400);

  expect((await forward(50)).told).toEqual([{ title: expect.any(String), mailed: false }]);
  expect([await titles(), await mails()]).toEqual([[expect.stringContaining("in 10 days")], []]);
  expect((await forward(10)).told).toEqual([{ title: expect.any(String), mailed: true }]);
  expect(await mails()).toEqual(["LinkedIn: Ada Bell needs to be reconnected"]);
  expect(await news()).toEqual({ notifications: [], quiet: [linkedin] });
  expect((await connections())[0]?.status).toBe("reconnect");
});

test("signing in has every account looked at, at most once a day, and only the platform's own no changes it", async () => {
  const threads = await connect("threads");
  await connect("twitter");
  const instagram = await connect("instagram");
  await ada.send("POST", "/api/connections", {
    platform: "onlyfans",
    fields: {
      user_agent: "Mozilla/5.0 (X11; Linux x86_64)",
      auth_id: "123456",
      sess: "a".repeat(26),
      bcToken: "b".repeat(40),
    },
    check: false,
    consent: true,
  });
  const { sequence } = await house.sandbox.forgetLog();
  const asked = async () => {
    await work();
    const seen = await house.sandbox.requests({ since: sequence });
    return seen.filter(({ operation }) => operation === "me").map(({ platform }) => platform);
  };
  await signIn(house.url, ada);
  // They were connected a moment ago.
  expect(await asked()).toEqual([]);

  const dayPasses = () =>
    house.sql.query(
      "update connections set connected_at = connected_at - interval '25 hours', checked_at = checked_at - interval '25 hours', check_claimed_at = check_claimed_at - interval '25 hours'",
    );
  await dayPasses();
  await house.sandbox.fault({ platform: "threads", operation: "me", kind: "status", status: 503 });
  await house.sandbox.expire({ platform: "instagram", kind: "grant" });
  await Promise.all([signIn(house.url, ada), signIn(house.url, ada), signIn(house.url, ada)]);
  await Promise.all([work(), work()]);
  const state = new Map<string, ConnectionDto>((await connections()).map((one) => [one.platform, one]));
  expect((await asked()).filter((platform) => platform === "twitter")).toHaveLength(1);
  expect(state.get("twitter")).toMatchObject({ status: "active", checkedAt: expect.any(String) });
  expect(state.get("threads")).toMatchObject({ id: threads, status: "active", checkedAt: null });
  expect(state.get("threads")?.lastError).not.toBeNull();
  expect(state.get("instagram")).toMatchObject({ id: instagram, status: "reconnect" });
  expect(await house.sandbox.requests({ platform: "onlyfans" })).toEqual([]);

  const before = (await asked()).length;
  await signIn(house.url, ada);
  expect(await asked()).toHaveLength(before);
});

test("a Page that is never renewed is asked about once a day, and its death is told", async () => {
  const page = await connect("facebook");
  await forward(2);
  const { sequence } = await house.sandbox.forgetLog();
  await Promise.all([work(), work()]);
  await work();
  const asked = () =>
    house.sandbox.requests({ platform: "facebook", operation: "debug_token", since: sequence });
  expect(await asked()).toHaveLength(1);
  expect((await connections())[0]).toMatchObject({ status: "active", checkedAt: expect.any(String) });

  await house.sandbox.expire({ platform: "facebook", kind: "grant" });
  await forward(2);
  await work();
  expect(await mails()).toEqual(["Facebook: Ada Bell Bells (@adabellbells) needs to be reconnected"]);
  expect((await connections())[0]).toMatchObject({ id: page, status: "reconnect" });
  await forward(2);
  expect(await mails()).toHaveLength(1);
  expect(await asked()).toHaveLength(2);
});

test("fifty days of the demo: Threads is renewed, LinkedIn is announced, and nobody else grows older", async () => {
  const threads = await connect("threads");
  await connect("linkedin");
  const otto = await signUp(house.url, { name: "Otto Klang" });
  await connectAccount(otto, house.sandbox, "threads", "campanile");
  const ottos = async () =>
    (await successOf<ConnectionsAnswer>(await otto.fetch("/api/connections"))).connections[0];
  const before = await ottos();

  const first = await forward(50);
  expect(first).toMatchObject({
    days: 50,
    renewed: ["Threads, Ada Bell"],
    failed: [],
    told: [{ title: "LinkedIn: Ada Bell will be disconnected in 10 days", mailed: true }],
  });
  expect(await house.sandbox.requests({ platform: "threads", operation: "refresh" })).toHaveLength(1);
  expect(await mails()).toHaveLength(1);
  const mine = new Map((await connections()).map((one) => [one.platform, one]));
  expect(mine.get("threads")).toMatchObject({ id: threads, status: "active" });
  expect(mine.get("linkedin")).toMatchObject({ status: "expiring", renewsItself: false });
  expect(await ottos()).toEqual(before);

  // The renewed one lives on at the platform too, past the end of the first token.
  await forward(20);
  expect((await ada.send("POST", `/api/connections/${threads}/check`)).status).toBe(200);
  expect((await connections()).find(({ id }) => id === threads)).toMatchObject({
    status: "active",
    lastError: null,
  });
  expect((await ada.send("POST", "/api/sandbox/clock", { days: 0 })).status).toBe(400);
  expect((await fetch(`${house.url}/api/sandbox/clock`, { method: "POST" })).status).toBe(401);
});

const states = async () =>
  (await house.sql.query<{ mail: string }>("select mail from notifications order by created_at")).rows.map(
    ({ mail }) => mail,
  );
