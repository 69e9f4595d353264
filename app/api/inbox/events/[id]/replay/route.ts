import { after } from "next/server";
import { Id, ok, route } from "@/lib/http/route";
import { receiveDue } from "@/lib/inbox/receive/receive";
import { replay } from "@/lib/inbox/receive/replay";

export const POST = route({ params: Id }, async ({ user, params }) => {
  await replay(user, params.id);
  after(receiveDue);
  return ok({ replayed: true }, { status: 202 });
});
