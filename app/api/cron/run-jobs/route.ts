import { cronRoute } from "@/lib/http/cron";
import { drain } from "@/lib/jobs/run";

export const maxDuration = 60;

export const GET = cronRoute(() => drain(45_000));
