import { ok, route } from "@/lib/http/route";
import { ChangeSettings } from "@/lib/settings/schema";
import { changeSettings, settingsOf } from "@/lib/settings/settings";

export const GET = route({}, async ({ user }) => ok(await settingsOf(user)));

export const PATCH = route({ body: ChangeSettings }, async ({ user, body }) =>
  ok(await changeSettings(user, body)),
);
