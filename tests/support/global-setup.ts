import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { startTemplate } from "./databases";
import "./postgres";

/** Before the first test file: one PostgreSQL and one folder for uploads for all of them. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { templateUrl, end } = await startTemplate();
  project.provide("templateUrl", templateUrl);
  const uploads = mkdtempSync(join(tmpdir(), "carillon-media-"));
  // The test processes are started later, and inherit it.
  process.env["MEDIA_DIR"] = uploads;
  return async () => {
    await end();
    rmSync(uploads, { recursive: true, force: true });
  };
}
