import { PlatformIcon } from "@/components/platform-icon";

export type Count = { id: string; platform: string; label: string; count: number; max: number };

/** How long one part is for each account that will get it, as that platform counts. */
export const Counters = ({ counts }: { counts: Count[] }) =>
  counts.length > 0 && (
    <ul className="flex flex-wrap gap-x-4 gap-y-1">
      {counts.map(({ id, platform, label, count, max }) => (
        <li
          key={id}
          className={`flex items-center gap-1.5 ${count > max ? "font-semibold text-bad" : "text-ink-soft"}`}
        >
          <PlatformIcon platform={platform} name={label} size="small" />
          <span className="sr-only">{label}: </span>
          <span className="numbers">
            {count} / {max}
          </span>
          {count > max && <span className="text-xs">{count - max} too long</span>}
        </li>
      ))}
    </ul>
  );
