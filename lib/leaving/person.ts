import "server-only";
import { disconnectAll } from "@/lib/connections/leave/disconnect";
import { deleteTrail } from "@/lib/connections/leave/leaving-data";
import { removeOrphans } from "@/lib/inbox/receive/attachments";
import { log } from "@/lib/log";
import { emptyLibrary } from "@/lib/media/library";

/**
 * What must be done before a person's row may go, and everything with it: consents handed back, each once, and files
 * deleted where they lie. A platform or a store that does not answer keeps nobody.
 */
export async function prepareLeaving(person: { id: string; name: string }): Promise<void> {
  await disconnectAll(person);
  await emptyLibrary(person.id);
  // What customers sent went with the connections; our copies of it lie where files lie.
  await removeOrphans();
}

/** What has no reference to the person, and so did not go with them. */
export async function finishLeaving(person: { id: string }): Promise<void> {
  await deleteTrail(person.id);
  log.info("person.left");
}
