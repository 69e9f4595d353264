import { exportOf } from "@/lib/export/export";
import { route } from "@/lib/http/route";

/** Seconds, where the host limits them: a long history takes its time. */
export const maxDuration = 120;

export const GET = route({}, async ({ user }) => {
  const today = new Date().toISOString().slice(0, 10);
  return new Response(exportOf(user.id), {
    headers: {
      "content-type": "application/json; charset=utf-8",
      "content-disposition": `attachment; filename="carillon-${today}.json"`,
      "cache-control": "no-store",
    },
  });
});
