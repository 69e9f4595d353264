/** Secrets of the test runs. Each carries the canary's name, so that a leak sweep finds it. */
export const testSecrets = {
  BETTER_AUTH_SECRET: "CNRY_auth_7f3kQ9vXw2LmZ8sTb4RyHn6PdJc1",
  CRON_SECRET: "CNRY_cron_5gW8zK2qVt9XbN4mRy7LpHs3",
  TOKEN_ENCRYPTION_KEY: "9b1f6c0e47d2a8358e03c7b95af16d24c1e8907a5b3fd264709cae18f25d6b03",
} as const;
