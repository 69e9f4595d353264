import { after } from "next/server";
import { openRoute } from "@/lib/http/route";
import { answerChallenge, takeIn } from "@/lib/inbox/receive/intake";
import { receiveDue } from "@/lib/inbox/receive/receive";

/** Seconds, where the host limits them: what came in is worked off behind the answer. */
export const maxDuration = 60;

/** No page of ours passes here through proxy.ts, and what is echoed must never become one. */
const PLAIN = {
  "content-type": "text/plain; charset=utf-8",
  "content-security-policy": "default-src 'none'; sandbox",
  "x-content-type-options": "nosniff",
};

export const GET = openRoute(
  async (request) => new Response(answerChallenge(new URL(request.url).searchParams), { headers: PLAIN }),
);

export const POST = openRoute(async (request) => {
  const news = await takeIn(request);
  if (news > 0) after(receiveDue);
  return new Response(null, { headers: PLAIN });
});
