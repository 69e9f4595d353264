import { connectSession } from "@/lib/connections/connect/connect-session";
import { ConnectSession } from "@/lib/connections/connect/session-schema";
import { connectionsAnswer } from "@/lib/connections/list";
import { ok, route } from "@/lib/http/route";

export const GET = route({}, async ({ user }) => ok(await connectionsAnswer(user.id)));

/** For platforms without OAuth; the others begin at /api/oauth/[platform]/connect. */
export const POST = route({ body: ConnectSession }, async ({ user, body }) =>
  ok(await connectSession(user, body), { status: 201 }),
);
