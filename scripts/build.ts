import { build } from "./app";
import { main } from "./problem";

/** `npm run build`: the production build, always anew. */
await main(async () => {
  await build();
  return 0;
});
