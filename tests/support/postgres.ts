import { afterAll, beforeAll, inject } from "vitest";
import { copyTemplate, type TestDatabase } from "./databases";

/** Databases for tests: each is a copy of one that was migrated when the run began. */
declare module "vitest" {
  interface ProvidedContext {
    /** The address of the template on the run's server. */
    templateUrl: string;
  }
}

/** A migrated, empty database of one's own. */
export const createDatabase = (): Promise<TestDatabase> => copyTemplate(inject("templateUrl"));

/**
 * Gives this test file a database and sets DATABASE_URL before anything reads it, for tests that call our modules in this
 * process. Afterwards the queue and the pool are closed and the database is gone.
 */
export function useDatabase(): { url(): string } {
  let database: TestDatabase | undefined;
  beforeAll(async () => {
    database = await createDatabase();
    process.env["DATABASE_URL"] = database.url;
  });
  afterAll(async () => {
    const { stopQueue } = await import("@/lib/jobs/queue");
    await stopQueue();
    const shared = globalThis as typeof globalThis & { carillonDatabase?: { close(): Promise<void> } };
    await shared.carillonDatabase?.close();
    delete shared.carillonDatabase;
    await database?.drop();
  });
  return {
    url: () => {
      if (!database) throw new Error("The database is there once beforeAll has run.");
      return database.url;
    },
  };
}
