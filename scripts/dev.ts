import { serveSources } from "./app";
import { main } from "./problem";
import { runSite } from "./site";

/** `npm run dev`: like the demo, with hot reload. */
await main(() =>
  runSite({ command: "dev", prepare: async () => undefined, serve: serveSources, bootWithinMs: 180_000 }),
);
