import { describe, expect, test } from "vitest";
import type { ConnectionsAnswer } from "@/lib/connections/schema";
import { answer, connectedBy, expectRefused, siteForFile, tripTo } from "../support/connecting";

/** One consent, several accounts: Facebook's Pages, and the Instagram accounts behind them. */
const site = siteForFile();

const bells = "61555000111222331";
const guild = "61555000111222333";
/** She may look at this one's numbers, and post nothing. */
const tower = "61555000111222337";

describe("Facebook", () => {
  test("connects every Page that was ticked, each with a token of its own, and none that was not", async () => {
    const { ada, finish, rows, connectionsOf } = site();
    expect(connectedBy(await finish(ada, "facebook", {}, { assets: [bells, guild] }))).toHaveLength(2);
    expect((await connectionsOf(ada)).map(({ remoteId, status }) => [remoteId, status]).sort()).toEqual([
      [bells, "active"],
      [guild, "active"],
    ]);
    const sealed = (await rows("connections")).map((row) => row["credentials"]);
    expect(new Set(sealed).size).toBe(2);
    expect(await rows("grants")).toHaveLength(1);
  });

  test("a Page on which one may not post is limited, says so, and gets nothing", async () => {
    const { ada, finish, connectionsOf, sandbox } = site();
    await finish(ada, "facebook", {}, { assets: [bells, tower] });
    const limited = (await connectionsOf(ada)).find(({ remoteId }) => remoteId === tower);
    expect(limited).toMatchObject({ status: "limited", missing: expect.arrayContaining(["CREATE_CONTENT"]) });
    const refused = await ada.send("POST", "/api/post", {
      content: { text: "Not from here" },
      targets: [{ connectionId: limited?.id }],
    });
    expect(refused.status).toBe(422);
    expect(await sandbox.effects("facebook")).toEqual([]);
  });

  test("the short form names Pages, and each gets the post from its own hand", async () => {
    const { ada, finish, sandbox } = site();
    await finish(ada, "facebook", {}, { assets: [bells, guild] });
    const body = { platforms: ["facebook"], content: { text: "For one of two" }, facebookPageIds: [guild] };
    const posted = await ada.send("POST", "/api/post", body);
    expect(posted.status).toBe(200);
    expect(await posted.json()).toMatchObject({
      results: [{ success: true, pageName: expect.stringContaining("Guild") }],
    });
    expect((await sandbox.effects("facebook")).map(({ details }) => details["page"])).toEqual([guild]);
  });

  test("leaving one Page keeps the others; leaving the last takes the consent back, once", async () => {
    const { ada, finish, connectionsOf, publish, sandbox, rows } = site();
    await finish(ada, "facebook", {}, { assets: [bells, guild] });
    const [first, second] = await connectionsOf(ada);
    expect((await ada.send("DELETE", `/api/connections/${first?.id}`)).status).toBe(200);
    expect(await sandbox.requests({ platform: "facebook", operation: "revoke" })).toEqual([]);
    expect((await publish(ada, second?.id ?? "", "Still here")).state).toBe("published");
    expect((await ada.send("DELETE", `/api/connections/${second?.id}`)).status).toBe(200);
    expect(await sandbox.requests({ platform: "facebook", operation: "revoke" })).toHaveLength(1);
    expect(await rows("grants")).toEqual([]);
  });
});

describe("Instagram", () => {
  const through = async () => {
    const { ada, consent } = site();
    const begun = await ada.send("POST", "/api/oauth/instagram/connect", { way: "facebook" });
    const trip = tripTo((await answer<{ authUrl: string }>(begun)).authUrl);
    expect(trip.authorizeUrl).toContain("/www.facebook.com/");
    return ada.fetch((await consent(trip)).href);
  };

  test("offers both ways in, each with what it is good for", async () => {
    const { ada } = site();
    const { platforms } = await answer<ConnectionsAnswer>(await ada.fetch("/api/connections"));
    const instagram = platforms.find(({ spec }) => spec.id === "instagram");
    expect(instagram?.ways.map(({ id, unconfigured }) => [id, unconfigured])).toEqual([
      ["instagram", []],
      ["facebook", []],
    ]);
  });

  test("through Facebook reaches the account behind the ticked Page, posts there, and can delete", async () => {
    const { ada, connectionsOf, publish, sandbox } = site();
    const [id = ""] = connectedBy(await through());
    const [connection] = await connectionsOf(ada);
    expect(connection).toMatchObject({
      id,
      platform: "instagram",
      way: "facebook",
      handle: "adabell",
      status: "active",
    });
    const delivery = await publish(ada, id, "Through the Page");
    expect(delivery).toMatchObject({ state: "published", canDelete: true });
    const [effect] = await sandbox.effects("instagram");
    expect(effect).toMatchObject({ id: delivery.remoteId, text: "Through the Page" });
  });

  test("the same account by the other way in is the same connection", async () => {
    const { ada, connect, connectionsOf } = site();
    const before = await connect(ada, "instagram");
    expect(connectedBy(await through())).toEqual([before]);
    expect((await connectionsOf(ada)).map(({ id, way }) => [id, way])).toEqual([[before, "facebook"]]);
  });

  test("an answer meant for Facebook's own connection connects no Instagram", async () => {
    const { ada, begin, consent } = site();
    const back = await consent(await begin(ada, "facebook"));
    const moved = await ada.fetch(`/api/oauth/instagram/callback${back.search}`);
    expectRefused(moved, "instagram", "other_platform");
  });
});
