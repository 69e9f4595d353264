import type { NextConfig } from "next";

const config: NextConfig = {
  // A server with just the files it needs: `npm start`, the demo and the tests run it.
  output: "standalone",
  poweredByHeader: false,
  // In development Next prints each request's address: never one that carries a code or a token.
  logging: { incomingRequests: { ignore: [/^\/api\/(oauth|auth)\//, /^\/reset-password/] } },
  reactStrictMode: true,
  // `npm test` checks the types of everything, tests included. Here the same again would add half a minute to a newcomer's
  // first demo, and let a mistake in a test keep the app from being built.
  typescript: { ignoreBuildErrors: true },
  // Plain Node packages with optional parts that a bundler would trip over.
  serverExternalPackages: ["pg-boss", "pg", "@node-rs/argon2", "pino"],
};

export default config;
