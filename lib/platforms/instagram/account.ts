import { z } from "zod";
import type { Access, Quota } from "../contract";
import type { Kit } from "../kit";
import type { Ask } from "./graph";

/** What both log-ins ask of an account. */

const DAY_SECONDS = 86_400;

/** How many posts a moving day still has room for: the number differs from account to account. @throws PlatformError */
export async function quotaOf(ask: Ask, access: Pick<Access, "accessToken" | "remoteId">): Promise<Quota> {
  const { data } = await ask(access, {
    method: "GET",
    path: `${encodeURIComponent(access.remoteId)}/content_publishing_limit`,
    query: { fields: "quota_usage,config" },
    answer: Limits,
  });
  const { quota_usage, config } = data[0];
  return {
    used: quota_usage,
    total: config.quota_total,
    windowSeconds: config.quota_duration ?? DAY_SECONDS,
  };
}

export const profileUrl = (kit: Kit, username: string): string =>
  kit.address(`https://www.instagram.com/${encodeURIComponent(username)}/`).href;

const Limits = z.object({
  data: z
    .tuple([
      z.object({
        quota_usage: z.number(),
        config: z.object({ quota_total: z.number(), quota_duration: z.number().optional() }),
      }),
    ])
    .rest(z.unknown()),
});
