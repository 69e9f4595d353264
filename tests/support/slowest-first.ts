import { basename } from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that take the longest begin first, so that at the end nobody waits for one that began last. */
export class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => rank(a) - rank(b));
  }
}

/** Mostly those in which a platform does not answer for a minute, or processes are started and killed. */
const SLOWEST = [
  "partial-everywhere",
  "publish-hang",
  "connect-accounts",
  "commands",
  "crash-everywhere",
  "refresh-processes",
  "connect-return-to",
  "inbox-durable",
  "crash",
  "connect-protocol",
  "connect-attacks",
  "assistant-crash",
  "publish-lost",
  "inbox-crash",
];

function rank({ moduleId }: TestSpecification): number {
  const at = SLOWEST.indexOf(basename(moduleId, ".test.ts"));
  return at === -1 ? SLOWEST.length : at;
}
