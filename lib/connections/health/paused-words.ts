import { specs } from "@/lib/platforms/registry";

/** @param then what becomes of posts meanwhile, as the end of a sentence */
export function pausedWords({ platform, code }: { platform: string; code: string | null }, then: string) {
  const reason = REASONS[code ?? ""];
  return `${specs[platform]?.name ?? platform} does not take posts from this installation at the moment${
    reason ? ` (${reason})` : ""
  }. The operator has been told; ${then}.`;
}

/** Codes of refusals that say something to the people who post. */
const REASONS: Record<string, string> = {
  credits_depleted: "no credits are left",
  "usage-capped": "this month's allowance is used up",
  not_configured: "it is not set up here any more",
};
