import { route } from "@/lib/http/route";
import { liveChanges } from "@/lib/inbox/live";

/** Seconds, where the host limits them. It ends by itself a little earlier, and the browser comes back. */
export const maxDuration = 300;

export const GET = route({}, async ({ user, request }) => liveChanges(user.id, request.signal));
