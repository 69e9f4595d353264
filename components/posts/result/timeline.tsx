import { eventWords } from "@/components/posts/words";
import { Time } from "@/components/ui/time";
import type { DeliveryEventDto } from "@/lib/posts/schema";

/** Step by step, what happened to one delivery. */
export const Timeline = ({ events, of }: { events: DeliveryEventDto[]; of: string }) => (
  <details className="text-sm md:pl-8">
    <summary className="w-fit rounded text-ink-soft hover:text-ink">
      {events.length === 1 ? "1 step" : `${events.length} steps`}
      <span className="sr-only"> for {of}</span>
    </summary>
    <ol className="mt-3 grid gap-3 border-l-2 border-line pl-4">
      {events.map(({ at, event, state, message }) => (
        <li key={`${at}.${event}`} className="grid gap-0.5">
          <span className="font-medium">{eventWords(event, state)}</span>
          {message && <span className="break-words">{message}</span>}
          <span className="numbers text-ink-soft">
            <Time at={at} detail="second" />
          </span>
        </li>
      ))}
    </ol>
  </details>
);
