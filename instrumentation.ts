/** Runs once when the server starts: refuses to start on a bad environment, then works jobs beside the routes. */
export async function register(): Promise<void> {
  if (process.env["NEXT_RUNTIME"] !== "nodejs") return;
  const { startServer } = await import("@/lib/start");
  await startServer();
}
