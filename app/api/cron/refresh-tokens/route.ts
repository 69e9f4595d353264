import { refreshDue } from "@/lib/connections/refresh/due";
import { cronRoute } from "@/lib/http/cron";

export const maxDuration = 60;

export const GET = cronRoute(() => refreshDue(50_000));
