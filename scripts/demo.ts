import { build, isBuilt, serveBuilt } from "./app";
import { main } from "./problem";
import { runSite } from "./site";

/** `npm run demo`: the production build with its own database and simulated platforms. Needs nothing but this checkout. */
await main(() =>
  runSite({
    command: "demo",
    prepare: async () => {
      if (isBuilt()) return;
      console.log("Building the app (about a minute, only when its sources have changed) …");
      await build();
    },
    serve: (serving) => serveBuilt({ ...serving, node: ["--max-semi-space-size=4"] }),
    bootWithinMs: 60_000,
  }),
);
