import { isBuilt, migrate, serveBuilt } from "./app";
import { openDatabase } from "./database";
import { type Environment, givenEnvironment } from "./environment";
import { portFrom, refuseBusyPort } from "./ports";
import { main, Problem } from "./problem";
import { untilAskedToStop } from "./processes";
import { refuseUnfitEnvironment } from "./settings";

/**
 * `npm start`: the production server, with the environment as given: it invents no secret. Applies migrations (several
 * machines may start at once), then serves on PORT. It brings its own PostgreSQL only when DATABASE_URL is absent.
 */
await main(async () => {
  const given: Environment = { ...givenEnvironment(), NODE_ENV: "production" };
  await refuseUnfitEnvironment(given);
  const port = portFrom("PORT", given["PORT"], 3000);
  const host = given["HOST"] ?? "0.0.0.0";
  if (!isBuilt()) throw new Problem("There is no build of these sources yet. Make it with: npm run build");
  await refuseBusyPort(port, `PORT=${port + 1} npm start`, host);
  const asked = untilAskedToStop();
  const database = await openDatabase(given["DATABASE_URL"]);
  try {
    await migrate(database.url);
    const app = await serveBuilt({
      port,
      host,
      environment: { ...given, DATABASE_URL: database.url },
      output: "ours",
    });
    const end = await Promise.race([
      asked.then(() => "asked" as const),
      app.exited,
      ...(database.embedded ? [database.embedded.gone] : []),
    ]);
    await app.stop(25_000);
    if (end === "asked") return 0;
    return app.exit()?.code ?? 1;
  } finally {
    await database.leave();
  }
});
