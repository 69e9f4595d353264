import { expect, test } from "../support/e2e";
import { answer, BUSINESS, bubble, heard, listen, open, reply, row, write } from "../support/inbox-walk";

/** Ways of answering beside plain words: below a comment and in private, with an emoji, with answers to tap, and when nobody knows. */

test.slow();

test("a comment is answered below it for all to see, and once in private", async ({
  page,
  demo,
  sandbox,
}) => {
  await listen(demo);
  await sandbox.comment({ account: BUSINESS, from: "jane.harper", text: "How much for the small one?" });
  await open(page, "/inbox");
  await row(page, "How much for the small one?").click();
  await answer(page, "Twenty euros");
  await expect(bubble(page, "Twenty euros")).toContainText("Sent");
  expect(await heard(sandbox, "jane.harper"), "it is no message").toEqual([]);

  await page.getByRole("radio", { name: /^In a message to .*: once, within 7 days$/ }).check();
  await answer(page, "I put one aside for you");
  await expect(bubble(page, "I put one aside for you")).toContainText("Sent to them in private.");
  await expect(page.getByRole("article", { name: "@jane.harper" }).first()).toContainText(
    "Answered in private",
  );
  await expect(page.getByRole("radio", { name: /^No private answer left/ })).toBeDisabled();
  expect(await heard(sandbox, "jane.harper")).toEqual(["I put one aside for you"]);
});

test("they see that somebody writes; a reaction and answers to tap arrive, and a tap comes back", async ({
  page,
  demo,
  sandbox,
}) => {
  await listen(demo);
  await write(sandbox, "jane.harper", "Shall I come on Friday?");
  await open(page, "/inbox");
  await row(page, "Shall I come on Friday?").click();

  const theirs = bubble(page, "Shall I come on Friday?");
  await theirs.getByRole("button", { name: "React to this message" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Love" }).click();
  await expect(theirs.getByRole("button", { name: /^You reacted with ❤️/ })).toBeVisible();
  const reactions = async () =>
    (await sandbox.thread(BUSINESS, "jane.harper")).messages.map(({ reactions }) => reactions.business);
  await expect.poll(reactions).toEqual(["❤️"]);
  await theirs.getByRole("button", { name: /^You reacted with ❤️/ }).click();
  await expect(theirs.getByRole("button", { name: "React to this message" })).toBeVisible();
  await expect.poll(reactions).toEqual([null]);

  await page.getByRole("button", { name: "Answers to tap" }).click();
  for (const offered of ["Yes, at ten", "Rather on Saturday"]) {
    await page.getByRole("textbox", { name: "An answer to tap" }).fill(offered);
    await page.keyboard.press("Enter");
  }
  await reply(page).pressSequentially("Friday is fine.");
  await expect.poll(async () => (await sandbox.thread(BUSINESS, "jane.harper")).thread?.typing).toBe(true);
  await reply(page).press("Control+Enter");
  const ours = bubble(page, "Friday is fine.");
  await expect(ours).toContainText("Sent");
  await expect(ours.getByRole("list", { name: "Offered answers" })).toContainText("Rather on Saturday");
  const sent = (await sandbox.thread(BUSINESS, "jane.harper")).messages.at(-1);
  expect(sent?.quickReplies?.map(({ title }) => title)).toEqual(["Yes, at ten", "Rather on Saturday"]);

  const phone = await page.context().newPage();
  await phone.goto(`${sandbox.url}/_sandbox/phone/${BUSINESS}/jane.harper`);
  await phone.getByRole("button", { name: "Yes, at ten" }).click();
  await expect(phone.getByRole("log")).toContainText("Yes, at ten");
  await phone.close();
  await expect(page.getByRole("article", { name: /Jane/ }).last()).toContainText("Yes, at ten");
});

test("an answer that nobody confirmed is a person's to settle, and goes out once", async ({
  page,
  demo,
  sandbox,
}) => {
  await listen(demo);
  await sandbox.settings({ platform: "instagram", own: { echo: "never" } });
  await write(sandbox, "tomasz_w", "Is the tower open?");
  await open(page, "/inbox");
  await row(page, "Is the tower open?").click();

  await sandbox.fault({ platform: "instagram", operation: "send", kind: "accept_then_reset", times: 1 });
  await answer(page, "Until five");
  const arrived = bubble(page, "Until five");
  await expect(arrived).toContainText("it may have arrived");
  await arrived.getByRole("button", { name: "It arrived" }).click();
  await expect(arrived).toContainText(/Sent$/);

  await sandbox.fault({ platform: "instagram", operation: "send", kind: "reset", times: 1 });
  await answer(page, "And on Sundays");
  const lost = bubble(page, "And on Sundays");
  await expect(lost).toContainText("it may have arrived");
  await lost.getByRole("button", { name: "Send again" }).click();
  await expect(lost).toContainText(/Sent$/);
  expect(await heard(sandbox, "tomasz_w")).toEqual(["Until five", "And on Sundays"]);
});

test("what came in is kept as it came, and reading it again doubles nothing", async ({
  page,
  demo,
  sandbox,
}) => {
  await listen(demo);
  await write(sandbox, "amara.o", "Kept as it came");
  await sandbox.delivered();
  await open(page, "/inbox/log");
  const event = page.getByRole("main").getByRole("listitem").first();
  await expect(event).toContainText("1 new message.");
  await event.getByText("As it came", { exact: true }).click();
  await expect(event).toContainText('"text": "Kept as it came"');
  await event.getByRole("button", { name: "Read again" }).click();
  await expect(page.getByRole("region", { name: "Notifications" })).toContainText("Read once more");
  await expect(event).toContainText("known already");
  await open(page, "/inbox");
  await row(page, "Kept as it came").click();
  await expect(page.getByRole("article")).toHaveCount(1);
});

test("an account whose messages do not come in says so, and comes round once the platform does", async ({
  page,
  demo,
  sandbox,
}) => {
  await sandbox.fault({ platform: "instagram", operation: "subscribe", kind: "status", status: 500 });
  await demo.connect("instagram", { person: BUSINESS });
  await page.goto("/settings/integrations");
  const instagram = page.getByRole("region", { name: "Instagram", exact: true });
  await expect(instagram.getByText("Not listening")).toBeVisible();
  await instagram.getByRole("button", { name: /^Try again/ }).click();
  await expect(instagram.getByText("Not listening")).toBeVisible();
  await sandbox.clearFaults();
  await expect(async () => {
    await page.reload();
    await expect(instagram.getByText("Nothing has come in yet.")).toBeVisible({ timeout: 2_000 });
  }).toPass({ timeout: 60_000 });

  await write(sandbox, "amara.o", "Hello");
  await sandbox.delivered();
  await page.reload();
  await expect(instagram.getByText(/^The last came/)).toBeVisible();
  await instagram.getByRole("button", { name: /^Fetch earlier messages/ }).click();
  await expect(page.getByRole("region", { name: "Notifications" })).toContainText(
    "Earlier messages are being fetched",
  );
});
