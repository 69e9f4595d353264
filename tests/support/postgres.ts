import { inject } from "vitest";
import { copyTemplate, type TestDatabase } from "./databases";

/** Databases for tests: each is a copy of one that was migrated when the run began. */
declare module "vitest" {
  interface ProvidedContext {
    /** The address of the template on the run's server. */
    templateUrl: string;
  }
}

/** A migrated, empty database of one's own. */
export const createDatabase = (): Promise<TestDatabase> => copyTemplate(inject("templateUrl"));
