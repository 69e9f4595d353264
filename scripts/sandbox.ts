import { join } from "node:path";
import { serveSandbox } from "./app";
import { givenEnvironment } from "./environment";
import { dataDirectory } from "./paths";
import { portFrom, refuseBusyPort } from "./ports";
import { main } from "./problem";
import { untilAskedToStop } from "./processes";

/** `npm run sandbox`: the simulated platforms alone, on PORT (4010). Point an app at it with PLATFORM_SANDBOX_URL. */
await main(async () => {
  const given = givenEnvironment();
  const port = portFrom("PORT", given["PORT"], 4010);
  await refuseBusyPort(port, `PORT=${port + 1} npm run sandbox`);
  const state = given["SANDBOX_STATE"] ?? join(dataDirectory(), "sandbox.json");
  const appOrigin = given["APP_ORIGIN"] ?? given["BETTER_AUTH_URL"] ?? "http://127.0.0.1:3000";
  const asked = untilAskedToStop();
  const sandbox = await serveSandbox({ port, appOrigin, state, environment: given, output: "ours" });
  await Promise.race([asked, sandbox.exited]);
  const died = sandbox.exit();
  await sandbox.stop();
  return died ? (died.code ?? 1) : 0;
});
