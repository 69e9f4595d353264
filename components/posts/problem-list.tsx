import { CircleAlert, TriangleAlert } from "lucide-react";
import type { Problem } from "@/lib/posts/schema";

/** What stands in the way, next to what it is about. */
export const ProblemList = ({ problems }: { problems: Problem[] }) =>
  problems.length > 0 && (
    <ul className="grid gap-1 text-sm font-medium">
      {problems.map((problem) => {
        const Icon = problem.severity === "error" ? CircleAlert : TriangleAlert;
        return (
          <li
            key={`${problem.connectionId}.${problem.field}.${problem.code}`}
            className={`flex gap-2 ${problem.severity === "error" ? "text-bad" : "text-warn"}`}
          >
            <Icon aria-hidden className="mt-0.5 size-4 shrink-0" />
            <span className="min-w-0 break-words">{problem.message}</span>
          </li>
        );
      })}
    </ul>
  );
