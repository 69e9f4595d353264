import { join } from "node:path";
import { openDatabase } from "./database";
import { givenEnvironment, localEnvironment } from "./environment";
import { dataDirectory } from "./paths";
import { main } from "./problem";
import { untilAskedToStop } from "./processes";
import { refuseUnfitEnvironment } from "./settings";

/** `npm run worker`: jobs only, on as many machines as needed. Without DATABASE_URL it works for the local demo or dev site. */
await main(async () => {
  const given = givenEnvironment();
  const database = await openDatabase(given["DATABASE_URL"]);
  try {
    const environment = database.embedded
      ? localEnvironment({
          origin: "http://127.0.0.1:3000",
          sandboxUrl: "http://127.0.0.1:4010",
          databaseUrl: database.url,
        })
      : { NODE_ENV: "production", ...given };
    await refuseUnfitEnvironment(environment);
    Object.assign(process.env, { MEDIA_DIR: join(dataDirectory(), "media") }, environment);
    // Only now: what it imports reads the environment.
    const { runWorker } = await import("@/lib/jobs/run");
    const stop = new AbortController();
    const asked = untilAskedToStop().then(() => stop.abort());
    console.log("Working. Stop with Ctrl-C.");
    await Promise.all([runWorker(stop.signal), asked]);
  } finally {
    await database.leave();
  }
  return 0;
});
