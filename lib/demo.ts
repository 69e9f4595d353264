/** The demo person: exists only where the sandbox stands in for every platform. */
export const DEMO_EMAIL = "demo@carillon.test";
export const DEMO_PASSWORD = "carillon demo bells";
