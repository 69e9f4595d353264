import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startTemplate } from "./databases";

/** Before the first browser opens: one PostgreSQL, and a folder for what the leak sweep looks through. The workers find both in their environment. */
export default async function setup(): Promise<() => Promise<void>> {
  const { templateUrl, end } = await startTemplate();
  const harvest = mkdtempSync(join(tmpdir(), "carillon-harvest-"));
  process.env["E2E_TEMPLATE_URL"] = templateUrl;
  process.env["E2E_HARVEST"] = harvest;
  return async () => {
    rmSync(harvest, { recursive: true, force: true });
    await end();
  };
}
