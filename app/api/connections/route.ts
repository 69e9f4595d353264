import { connectSession } from "@/lib/connections/connect-session";
import { connectionsAnswer } from "@/lib/connections/list";
import { ConnectSession } from "@/lib/connections/session-schema";
import { ok, route } from "@/lib/http/route";

export const GET = route({}, async ({ user }) => ok(await connectionsAnswer(user.id)));

/** For platforms without OAuth; the others begin at /api/oauth/[platform]/connect. */
export const POST = route({ body: ConnectSession }, async ({ user, body }) =>
  ok(await connectSession(user, body), { status: 201 }),
);
