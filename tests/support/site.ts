import { freePort } from "@/scripts/ports";
import { type RunningApp, startApp } from "./app";
import { type RunningSandbox, startSandbox } from "./sandbox";

/** The app and the sandbox it believes to be the world. */
export type RunningSite = { app: RunningApp; sandbox: RunningSandbox; stop(): Promise<void> };

/** Starts both, each knowing the other's address. */
export async function startSite(databaseUrl: string, env: Record<string, string> = {}): Promise<RunningSite> {
  const port = await freePort();
  const sandbox = await startSandbox({ appOrigin: `http://127.0.0.1:${port}` });
  try {
    const app = await startApp({ databaseUrl, sandboxUrl: sandbox.url, port, env });
    const stop = async () => {
      await app.stop();
      await sandbox.stop();
    };
    return { app, sandbox, stop };
  } catch (error) {
    await sandbox.stop();
    throw error;
  }
}
