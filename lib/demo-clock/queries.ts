import { api } from "@/lib/http/api";
import type { ClockMoved } from "./schema";

export const moveClock = (days: number) =>
  api<ClockMoved>("/api/sandbox/clock", { method: "POST", body: { days } });
