"use client";

import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useId, useState } from "react";
import { lengthOf } from "@/components/inbox/clock";
import { Skeleton } from "@/components/ui/skeleton";
import { sentence } from "@/lib/http/api";
import { inboxQueries } from "@/lib/inbox/queries";

const SPANS = [7, 30, 90];

/** How the inbox has been doing. */
export function Numbers() {
  const name = useId();
  const [days, setDays] = useState(30);
  const { data, error } = useQuery({
    ...inboxQueries.numbers(days),
    // The old numbers stay until the new ones are there.
    placeholderData: (before) => before,
  });
  const total = data ? data.answeredBy.person + data.answeredBy.phone + data.answeredBy.assistant : 0;
  return (
    <section aria-labelledby={`${name}-title`} className="grid gap-3">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h2 id={`${name}-title`} className="font-semibold">
          In numbers
        </h2>
        <fieldset className="flex gap-1">
          <legend className="sr-only">Over how many days</legend>
          {SPANS.map((span) => (
            <label
              key={span}
              className="relative rounded-full border border-line bg-surface px-2.5 py-0.5 text-sm text-ink-soft outline-offset-2 hover:text-ink has-checked:border-accent has-checked:bg-accent-soft has-checked:font-medium has-checked:text-accent-strong has-focus-visible:outline-2 has-focus-visible:outline-accent"
            >
              <input
                type="radio"
                name={name}
                className="absolute inset-0 m-0 size-full opacity-0"
                checked={days === span}
                onChange={() => setDays(span)}
              />
              {span} days
            </label>
          ))}
        </fieldset>
      </div>
      {error && !data && <p className="text-sm text-bad">{sentence(error)}</p>}
      {!data && !error && <Skeleton className="h-24" />}
      {data && (
        <dl className="grid grid-cols-2 gap-px overflow-hidden rounded-lg border border-line bg-line sm:grid-cols-4">
          <Fact name="Came in">{data.received}</Fact>
          <Fact
            name="Answered"
            more={
              total > 0 &&
              parts([
                [data.answeredBy.person, "by you here"],
                [data.answeredBy.phone, "in the app"],
                [data.answeredBy.assistant, "by the assistant"],
              ])
            }
          >
            {total}
          </Fact>
          <Fact
            name="First answer after"
            more={data.medianFirstResponseMs !== null && "for half of them, or sooner"}
          >
            {data.medianFirstResponseMs === null ? "–" : lengthOf(data.medianFirstResponseMs)}
          </Fact>
          <Fact name="Handed to a person">{data.handedOver}</Fact>
        </dl>
      )}
    </section>
  );
}

const Fact = ({ name, more, children }: { name: string; more?: ReactNode; children: ReactNode }) => (
  <div className="grid content-start gap-0.5 bg-surface px-3 py-2.5">
    <dt className="text-xs text-ink-soft">{name}</dt>
    <dd>
      <span className="numbers text-base! font-medium">{children}</span>
      {more && <span className="block text-xs text-ink-soft">{more}</span>}
    </dd>
  </div>
);

const parts = (counts: [number, string][]): string =>
  counts
    .filter(([count]) => count > 0)
    .map(([count, who]) => `${count} ${who}`)
    .join(", ");
