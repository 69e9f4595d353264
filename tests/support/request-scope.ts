// First of all: Next's stores look for what this brings when they are loaded.
import "next/dist/server/node-environment-baseline";
import { type WorkStore, workAsyncStorage } from "next/dist/server/app-render/work-async-storage.external";
import {
  type WorkUnitStore,
  workUnitAsyncStorage,
} from "next/dist/server/app-render/work-unit-async-storage.external";

/** Inside a request, as far as `after` of next/server can tell: what it is given is done behind the answer, failing or not. */
export function inRequest<T>(handle: () => T): T {
  const behind = (task: () => Promise<unknown>): void => {
    setImmediate(() => {
      // As Next does, which has nobody left to tell.
      task().catch((error: unknown) => process.stderr.write(`behind an answer: ${String(error)}\n`));
    });
  };
  // safe, both: `after` asks whether they are there, and hands the first one its task
  const work = { afterContext: { after: behind } } as unknown as WorkStore;
  const unit = {} as WorkUnitStore;
  return workAsyncStorage.run(work, () => workUnitAsyncStorage.run(unit, handle));
}
