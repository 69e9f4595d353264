import { afterAll, beforeAll, expect, test } from "vitest";
import type { ConnectionDto } from "@/lib/connections/schema";
import type { PublishAnswer } from "@/lib/posts/schema";
import { createDatabase } from "../support/postgres";
import { connectAccount, type Desk, openDesk } from "../support/posting";

/** What the vault promises, seen from outside: a ciphertext opens in its own row, and nowhere else. */
let desk: Desk;

beforeAll(async () => {
  desk = await openDesk(await createDatabase());
});
afterAll(() => desk.stop());

async function publishTo(connectionId: string, text: string): Promise<PublishAnswer["results"][number]> {
  const answer = await desk.ada.send("POST", "/api/post", { content: { text }, targets: [{ connectionId }] });
  const body = (await answer.json()) as PublishAnswer;
  const [result] = body.results;
  if (!result) throw new Error(JSON.stringify(body));
  return result;
}

const sealed = async (platform: string): Promise<{ id: string; credentials: string; version: number }> => {
  const { rows } = await desk.sql.query("select id, credentials, version from grants where platform = $1", [
    platform,
  ]);
  return rows[0];
};

const put = (id: string, credentials: string) =>
  desk.sql.query("update grants set credentials = $2 where id = $1", [id, credentials]);

async function expectFlagged(platform: "threads" | "twitter", text: string): Promise<void> {
  await desk.sandbox.forgetLog();
  const result = await publishTo(desk.accounts[platform], text);
  expect(result).toMatchObject({
    success: false,
    status: "failed",
    error: { kind: "reconnect", remedy: "reconnect" },
  });
  expect(result.error?.code).toMatch(/^vault_/);
  // The platform was not called, with these credentials or any other.
  expect(await desk.sandbox.requests({ platform })).toEqual([]);
  const seen = (await (
    await desk.ada.fetch(`/api/connections/${desk.accounts[platform]}`)
  ).json()) as ConnectionDto;
  expect(seen).toMatchObject({
    status: "reconnect",
    lastError: { message: expect.stringContaining("Connect it again") },
  });
}

async function mend(platform: "threads" | "twitter"): Promise<void> {
  expect(await connectAccount(desk.ada, desk.sandbox, platform, "adabell")).toBe(desk.accounts[platform]);
  expect(await publishTo(desk.accounts[platform], `mended ${crypto.randomUUID()}`)).toMatchObject({
    status: "published",
  });
}

test("nothing in the table is readable, and every row names its key", async () => {
  const { rows } = await desk.sql.query("select credentials, key_id from grants");
  expect(rows).toHaveLength(2);
  for (const { credentials, key_id } of rows) {
    expect(credentials).toMatch(new RegExp(`^v1\\.${key_id}\\.[\\w-]+$`));
    expect(Buffer.from(credentials.split(".")[2], "base64url").toString("latin1")).not.toContain("CNRY");
  }
});

test("a flipped bit is refused, shown, and mended by reconnecting", async () => {
  const { id, credentials } = await sealed("threads");
  const flipped = credentials.slice(0, -2) + (credentials.at(-2) === "A" ? "B" : "A") + credentials.at(-1);
  await put(id, flipped);
  await expectFlagged("threads", "with a flipped bit");
  await mend("threads");
});

test("another platform's credentials do not open here, nor an older version of this row's own", async () => {
  const [threads, twitter] = [await sealed("threads"), await sealed("twitter")];
  await put(twitter.id, threads.credentials);
  await expectFlagged("twitter", "with another row's credentials");
  await mend("twitter");
  await put(twitter.id, twitter.credentials);
  await expectFlagged("twitter", "with yesterday's credentials");
  await mend("twitter");
});
