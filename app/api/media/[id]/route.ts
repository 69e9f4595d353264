import { Id, ok, route } from "@/lib/http/route";
import { describeMedia, readMedia, removeMedia } from "@/lib/media/library";
import { ChangeMedia } from "@/lib/media/schema";

export const GET = route({ params: Id }, async ({ user, params }) => ok(await readMedia(user, params.id)));

export const PATCH = route({ params: Id, body: ChangeMedia }, async ({ user, params, body }) =>
  ok(await describeMedia(user, params.id, body)),
);

export const DELETE = route({ params: Id }, async ({ user, params }) =>
  ok(await removeMedia(user, params.id)),
);
