import { config } from "zod/v4/core";

/**
 * Runs in the browser before anything of ours. zod tries out `new Function` to see whether it may compile its schemas; our
 * security policy forbids that, and each try would be reported as a violation.
 */
config({ jitless: true });
