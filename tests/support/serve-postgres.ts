import { startPostgres } from "@/scripts/postgres";
import { main } from "@/scripts/problem";
import { untilAskedToStop } from "@/scripts/processes";

/** A program that uses the database of the home it is given: says its address in one line of JSON, leaves when asked to stop. */
await main(async () => {
  const [home = ".data", durability] = process.argv.slice(2);
  const server = await startPostgres({
    home,
    durability: durability === "throwaway" ? "throwaway" : "durable",
  });
  process.stdout.write(`${JSON.stringify({ url: server.url, pid: server.pid, joined: server.joined })}\n`);
  await Promise.race([untilAskedToStop(), server.gone]);
  await server.leave();
  return 0;
});
