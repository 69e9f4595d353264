import { openDatabase } from "./database";
import { givenEnvironment } from "./environment";
import { applyMigrations, withoutPassword } from "./migrations";
import { main } from "./problem";

/** `npm run db:migrate`: brings DATABASE_URL, or the local database, up to date. */
await main(async () => {
  const database = await openDatabase(givenEnvironment()["DATABASE_URL"]);
  try {
    await applyMigrations(database.url);
    console.log(`The database at ${withoutPassword(database.url)} is up to date.`);
  } finally {
    await database.leave();
  }
  return 0;
});
