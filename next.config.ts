import type { NextConfig } from "next";

const config: NextConfig = {
  // A server with just the files it needs: `npm start`, the demo and the tests run it.
  output: "standalone",
  poweredByHeader: false,
  // In development Next prints each request's address: never one that carries a code or a token.
  logging: { incomingRequests: { ignore: [/^\/api\/(oauth|auth)\//, /^\/reset-password/] } },
  reactStrictMode: true,
  // Plain Node packages with optional parts that a bundler would trip over.
  serverExternalPackages: ["pg-boss", "pg", "@node-rs/argon2", "pino"],
};

export default config;
