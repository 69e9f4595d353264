import { startTemplate } from "./databases";

/** Before the first browser opens: one PostgreSQL, whose address the workers find in their environment. */
export default async function setup(): Promise<() => Promise<void>> {
  const { templateUrl, end } = await startTemplate();
  process.env["E2E_TEMPLATE_URL"] = templateUrl;
  return end;
}
