import type { TestProject } from "vitest/node";
import { startTemplate } from "./databases";
import "./postgres";

/** Before the first test file: one PostgreSQL for all of them. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { templateUrl, end } = await startTemplate();
  project.provide("templateUrl", templateUrl);
  return end;
}
