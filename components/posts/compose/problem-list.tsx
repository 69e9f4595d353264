import { CircleAlert, Info } from "lucide-react";
import type { Problem } from "@/lib/posts/schema";

/** What stands in the way, next to what it is about; and, more quietly, what a person should know before sending. */
export const ProblemList = ({ problems }: { problems: Problem[] }) =>
  problems.length > 0 && (
    <ul className="grid gap-1 text-sm">
      {problems.map(({ connectionId, field, code, message, severity }) => {
        const Icon = severity === "error" ? CircleAlert : Info;
        return (
          <li
            // Two files may have the same trouble: only the words tell them apart.
            key={`${connectionId}.${field}.${code}.${message}`}
            className={`flex gap-2 ${severity === "error" ? "font-medium text-bad" : "text-ink-soft"}`}
          >
            <Icon aria-hidden className="mt-0.5 size-4 shrink-0" />
            <span className="min-w-0 break-words">{message}</span>
          </li>
        );
      })}
    </ul>
  );
