import { platformMarks } from "@/components/platform-marks";

type Props = { platform: string; name?: string; size?: "small" | "normal" };

/** A platform's mark in its own colour; one we have not drawn yet shows its first letter. Silent: its name stands beside it. */
export function PlatformIcon({ platform, name = platform, size = "normal" }: Props) {
  const mark = platformMarks[platform];
  const box = size === "small" ? "size-4" : "size-5";
  if (!mark) {
    return (
      <span
        aria-hidden
        className={`${box} inline-grid shrink-0 place-items-center rounded bg-sunken text-xs font-bold uppercase`}
      >
        {name.charAt(0)}
      </span>
    );
  }
  return (
    <svg aria-hidden viewBox="0 0 24 24" className={`${box} shrink-0`} fill={mark.colour ?? "currentColor"}>
      <path fillRule="evenodd" d={mark.path} />
    </svg>
  );
}
