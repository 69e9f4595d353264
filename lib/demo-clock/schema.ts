import { z } from "zod";

/** The demo's clock can be moved on, to see what time does to connections. */
export const FORWARDS = [1, 7, 30, 50] as const;

export const MoveClock = z.strictObject({
  days: z.int().min(1, "At least a day.").max(366, "At most a year at once."),
});

export type ClockMoved = {
  days: number;
  /** Accounts, by platform and name, whose grants were renewed because they were due. */
  renewed: string[];
  /** Those that were due and could not be renewed. */
  failed: string[];
  /** What their owner was told on the way, and whether by mail as well. */
  told: { title: string; mailed: boolean }[];
};
