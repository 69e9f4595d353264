import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { SMTPServer } from "smtp-server";
import { afterAll, beforeAll, expect, test } from "vitest";
import { waitUntil } from "@/scripts/wait";
import { signUp, visitor } from "../support/people";
import { createDatabase } from "../support/postgres";
import { type RunningSite, startSite } from "../support/site";

/** Mail goes out by SMTP, to a real server; a forgotten password can be replaced once. */
const received: string[] = [];
let smtp: SMTPServer;
let site: RunningSite;
let database: Awaited<ReturnType<typeof createDatabase>>;

beforeAll(async () => {
  smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    onData(stream, _session, done) {
      let text = "";
      stream.setEncoding("utf8");
      stream.on("data", (part: string) => {
        text += part;
      });
      stream.on("end", () => {
        // Quoted-printable folds long links; unfolding is all a reader of ours needs.
        received.push(text.replaceAll("=\r\n", "").replaceAll("=3D", "="));
        done();
      });
    },
  });
  const server = smtp.listen(0, "127.0.0.1");
  await once(server, "listening");
  // safe: a listening TCP server has an address of this kind
  const { port } = server.address() as AddressInfo;
  database = await createDatabase();
  site = await startSite(database.url, {
    SMTP_URL: `smtp://127.0.0.1:${port}`,
    MAIL_FROM: "Carillon <bells@carillon.test>",
  });
});
afterAll(async () => {
  await site.stop();
  await database.drop();
  await new Promise<void>((resolve) => smtp.close(() => resolve()));
});

const mailTo = (email: string, subject: string) =>
  waitUntil(
    async () => received.find((mail) => mail.includes(`To: ${email}`) && mail.includes(subject)) ?? null,
    {
      withinMs: 30_000,
      otherwise: `No mail “${subject}” arrived.`,
    },
  );

test("signing up asks to confirm the address; a forgotten password can be replaced, once, and ends all sessions", async () => {
  const ada = await signUp(site.app.url);
  expect(await mailTo(ada.email, "Confirm your address")).toContain("From: Carillon <bells@carillon.test>");

  const stranger = visitor(site.app.url);
  const known = await stranger.send("POST", "/api/auth/request-password-reset", {
    email: ada.email,
    redirectTo: "/reset-password",
  });
  const unknown = await stranger.send("POST", "/api/auth/request-password-reset", {
    email: "nobody@people.test",
    redirectTo: "/reset-password",
  });
  // Whether someone has an account is not told.
  expect([known.status, await known.text()]).toEqual([unknown.status, await unknown.text()]);

  const mail = await mailTo(ada.email, "Choose a new password");
  const link = /http:\/\/127\.0\.0\.1:\d+\/api\/auth\/reset-password\/\S+/.exec(mail)?.[0] ?? "";
  const opened = await stranger.fetch(link);
  const token = new URL(opened.headers.get("location") ?? "", site.app.url).searchParams.get("token");
  expect(token).toBeTruthy();
  const weak = await stranger.send("POST", "/api/auth/reset-password", { token, newPassword: "password123" });
  expect(weak.status).toBe(400);

  const again = await stranger.send("POST", "/api/auth/request-password-reset", {
    email: ada.email,
    redirectTo: "/reset-password",
  });
  expect(again.status).toBe(200);
  const second = await waitUntil(
    async () =>
      received.filter((one) => one.includes(ada.email) && one.includes("Choose a new password"))[1] ?? null,
    {
      withinMs: 30_000,
      otherwise: "The second mail did not arrive.",
    },
  );
  const secondLink = /http:\/\/127\.0\.0\.1:\d+\/api\/auth\/reset-password\/\S+/.exec(second)?.[0] ?? "";
  const secondOpened = await stranger.fetch(secondLink);
  const fresh = new URL(secondOpened.headers.get("location") ?? "", site.app.url).searchParams.get("token");
  const changed = await stranger.send("POST", "/api/auth/reset-password", {
    token: fresh,
    newPassword: "a quite different phrase",
  });
  expect(changed.status).toBe(200);
  const replayed = await stranger.send("POST", "/api/auth/reset-password", {
    token: fresh,
    newPassword: "yet another phrase",
  });
  expect(replayed.status).toBe(400);

  expect((await ada.fetch("/api/connections")).status).toBe(401);
  const back = await visitor(site.app.url).send("POST", "/api/auth/sign-in/email", {
    email: ada.email,
    password: "a quite different phrase",
  });
  expect(back.status).toBe(200);
  expect(site.app.output()).not.toContain(String(fresh));
});

test("in production without SMTP no link is written to the log", async () => {
  const quietDatabase = await createDatabase();
  const quiet = await startSite(quietDatabase.url);
  try {
    const ada = await signUp(quiet.app.url);
    await visitor(quiet.app.url).send("POST", "/api/auth/request-password-reset", {
      email: ada.email,
      redirectTo: "/reset-password",
    });
    await waitUntil(async () => (quiet.app.output().includes("mail.unsent") ? true : null), {
      withinMs: 30_000,
      otherwise: "Nothing was logged.",
    });
    expect(quiet.app.output()).not.toContain("/api/auth/reset-password/");
    expect(quiet.app.output()).not.toContain(ada.email);
  } finally {
    await quiet.stop();
    await quietDatabase.drop();
  }
});
