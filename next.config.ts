import type { NextConfig } from "next";

const config: NextConfig = {
  // A server with just the files it needs: `npm start`, the demo and the tests run it.
  output: "standalone",
  poweredByHeader: false,
  reactStrictMode: true,
  // Plain Node packages with optional parts that a bundler would trip over.
  serverExternalPackages: ["pg-boss", "pg", "@node-rs/argon2", "pino"],
};

export default config;
