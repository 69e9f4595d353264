import { connectionsAnswer } from "@/lib/connections/list";
import { ok, route } from "@/lib/http/route";

export const GET = route({}, async ({ user }) => ok(await connectionsAnswer(user.id)));
