import { afterAll, beforeAll, expect, test } from "vitest";
import { type OpenHouse, openHouse } from "../support/house";
import { signUp } from "../support/people";

/** Time is moved in the demo only. */
let house: OpenHouse;

beforeAll(async () => {
  house = await openHouse({}, { sandboxed: false });
});
afterAll(() => house.stop());

test("where the platforms are real, nobody moves the clock", async () => {
  const ada = await signUp(house.url);
  const answer = await ada.send("POST", "/api/sandbox/clock", { days: 50 });
  expect([answer.status, await answer.json()]).toMatchObject([404, { error: { code: "not_found" } }]);
});
