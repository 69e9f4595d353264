import { forwardClock } from "@/lib/demo-clock/forward";
import { MoveClock } from "@/lib/demo-clock/schema";
import { ok, route } from "@/lib/http/route";

/** For the demo alone: lets days pass for the signed-in person's connections. */
export const POST = route({ body: MoveClock }, async ({ user, body }) =>
  ok(await forwardClock(user, body.days)),
);
