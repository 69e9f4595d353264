"use client";

import { CircleHelp } from "lucide-react";
import { Button } from "@/components/ui/button";
import { Popover, PopoverTrigger } from "@/components/ui/popover";
import type { WhyDto } from "@/lib/inbox/schema";

/** What the assistant went by, on demand. */
export const Why = ({ why }: { why: WhyDto }) => (
  <Popover
    title={TITLES[why.outcome]}
    trigger={
      <PopoverTrigger
        render={<Button look="quiet" size="small" className="h-6! gap-1! px-1.5! text-xs!" />}
        aria-label={TITLES[why.outcome]}
      >
        <CircleHelp aria-hidden className="size-3.5" />
        Why
      </PopoverTrigger>
    }
  >
    <WhyWords why={why} />
  </Popover>
);

export const WhyWords = ({ why }: { why: WhyDto }) => (
  <>
    <p className="text-ink">{why.reason}</p>
    {why.sources.length > 0 && (
      <div>
        <p>It went by:</p>
        <ul className="grid gap-1 pt-1">
          {why.sources.map(({ id, title, score }) => (
            <li key={id} className="flex justify-between gap-3 text-ink">
              <span className="min-w-0 break-words">{title}</span>
              <span className="shrink-0 text-ink-soft tabular-nums">{percent(score)} alike</span>
            </li>
          ))}
        </ul>
      </div>
    )}
    {why.confidence !== null && (
      <p>
        {sureness(why.confidence)} (<span className="tabular-nums">{percent(why.confidence)}</span>).
      </p>
    )}
    <p>{why.model === null ? "No model was asked: your own words were used." : `Written by ${why.model}.`}</p>
  </>
);

const TITLES: Record<WhyDto["outcome"], string> = {
  answered: "Why this answer",
  suggested: "Why this draft",
  handed_over: "Why a person is needed",
  dropped: "Why nothing was said",
};

const percent = (share: number): string => `${Math.round(share * 100)} %`;

const sureness = (confidence: number): string =>
  confidence >= 0.8 ? "Quite sure" : confidence >= 0.5 ? "Fairly sure" : "Not sure";
