/** Messages on the simulated Instagram, by both log-ins, over HTTP: subscribing, sending, and the events that come back. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ada, type Door, facebookScopes, listener, ownScopes, signed, speaker } from "./support/instagram";
import { type RunningSandbox, startSandbox } from "./support/sandbox";

const jane = "jane.harper";

let sandbox: RunningSandbox;
let app: Awaited<ReturnType<typeof listener>>;
let janesId: string;
const { call, enter, enterByPage, say, subscribe } = speaker(
  () => sandbox,
  () => app.url,
);

beforeAll(async () => {
  app = await listener();
  sandbox = await startSandbox({ appOrigin: app.url });
  const people = await sandbox.customers("adabell");
  janesId = people.find(({ username }) => username === jane)?.id ?? "";
});
afterAll(() => Promise.all([sandbox.stop(), app.stop()]));
beforeEach(async () => {
  await sandbox.reset();
  app.forget();
});

describe.each<["instagram" | "facebook", string, () => Promise<Door>]>([
  ["instagram", "its own log-in", () => enter()],
  ["facebook", "a Page", () => enterByPage()],
])("%s: through %s", (login, _name, come) => {
  test("a subscribed account's message becomes an event, and the answer an echo", async () => {
    const door = await come();
    await subscribe(door);
    const { mid } = await sandbox.message({ account: "adabell", from: jane, text: "Grüße / 🔔" });
    await sandbox.delivered();
    const [hook] = app.hooks;
    expect(hook?.headers["x-hub-signature-256"]).toBe(signed(hook?.text ?? "", login));
    expect(hook?.text).toContain('"text":"Gr\\u00fc\\u00dfe \\/ \\ud83d\\udd14"');
    expect(hook?.json).toEqual({
      object: "instagram",
      entry: [
        {
          id: ada,
          time: expect.any(Number),
          messaging: [
            {
              sender: { id: janesId },
              recipient: { id: ada },
              timestamp: expect.any(Number),
              message: { mid, text: "Grüße / 🔔" },
            },
          ],
        },
      ],
    });
    const sent = await say(door, { recipient: { id: janesId }, message: { text: "Hello Jane" } });
    expect([sent.status, sent.body]).toEqual([
      200,
      { recipient_id: janesId, message_id: expect.stringMatching(/^aWdf\w+$/) },
    ]);
    await sandbox.delivered();
    expect(app.events().at(-1)).toMatchObject({
      sender: { id: ada },
      recipient: { id: janesId },
      message: { mid: sent.body["message_id"], text: "Hello Jane", is_echo: true },
    });
    const { thread, messages } = await sandbox.thread("adabell", jane);
    expect(messages).toMatchObject([
      { by: "customer", text: "Grüße / 🔔" },
      { by: "api", text: "Hello Jane" },
    ]);
    expect(thread).toMatchObject({ person: janesId, seenByBusiness: mid });
  });

  test("nobody who is not subscribed hears anything", async () => {
    const door = await come();
    await sandbox.message({ account: "adabell", from: jane });
    await subscribe(door);
    expect((await call(door, "GET", `${door.self}/subscribed_apps`)).body["data"]).toHaveLength(1);
    await sandbox.message({ account: "chimecafe", from: jane });
    expect((await call(door, "DELETE", "me/subscribed_apps")).body).toEqual({ success: true });
    await sandbox.message({ account: "adabell", from: jane });
    expect(await sandbox.deliveries()).toEqual({ waiting: 0, deliveries: [] });
    expect(app.hooks).toEqual([]);
  });
});

test("the permissions decide who may subscribe, send, and to what", async () => {
  const basic = await enter("adabell", [ownScopes[0] ?? ""]);
  const asked = { subscribed_fields: "messages" };
  expect((await call(basic, "POST", "me/subscribed_apps", asked)).status).toBe(403);
  const door = await enter();
  const { body } = await call(door, "POST", "me/subscribed_apps", { subscribed_fields: "messages,mentions" });
  expect(body["error"]).toMatchObject({ code: 100 });
  const message = { recipient: { id: janesId }, message: { text: "Hi" } };
  expect((await say(basic, message)).body["error"]).toMatchObject({ code: 10 });
  const user = await enterByPage(facebookScopes, "user");
  expect((await say(user, message)).body["error"]).toMatchObject({ code: 190, error_subcode: 2069032 });
  const page = await enterByPage();
  expect((await say({ ...page, proof: {} }, message)).body["error"]).toMatchObject({
    code: 100,
    type: "GraphMethodException",
  });
  expect((await say({ ...page, self: ada }, message)).body["error"]).toMatchObject({ code: 100 });
  expect((await say({ ...door, self: "17841400012345673" }, message)).body["error"]).toMatchObject({
    code: 100,
    error_subcode: 33,
  });
});
