import { testSecrets } from "./secrets";

/** What our modules find when a test calls them in this process. Tests that need a database call useDatabase(). */
const defaults = { BETTER_AUTH_URL: "http://127.0.0.1:3000", LOG_LEVEL: "silent", ...testSecrets };

for (const [name, value] of Object.entries(defaults)) process.env[name] ??= value;
