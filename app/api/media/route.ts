import { ok, route } from "@/lib/http/route";
import { listLibrary } from "@/lib/media/library";
import { receiveFile } from "@/lib/media/receive";
import { ListMedia } from "@/lib/media/schema";
import { uploadIn } from "@/lib/media/upload-body";

/** Seconds, where the host limits them: a long video takes its time to arrive. */
export const maxDuration = 300;

export const GET = route({ query: ListMedia }, async ({ user, query }) => ok(await listLibrary(user, query)));

export const POST = route({}, async ({ user, request }) => {
  const { stream, ...about } = await uploadIn(request);
  return ok(await receiveFile(user, stream, about), { status: 201 });
});
