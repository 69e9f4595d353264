import { dataDirectory } from "./paths";
import { type Server, startPostgres } from "./postgres";

/** The database a command works on: the one DATABASE_URL names, else the embedded one. */
export type LocalDatabase = { url: string; embedded: Server | null; leave(): Promise<void> };

/** @throws Problem when the embedded server cannot be started */
export async function openDatabase(given: string | undefined): Promise<LocalDatabase> {
  if (given) return { url: given, embedded: null, leave: async () => undefined };
  const server = await startPostgres({ home: dataDirectory() });
  return { url: server.url, embedded: server, leave: server.leave };
}
