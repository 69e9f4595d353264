import { History } from "lucide-react";
import Link from "next/link";
import { activitySentence, actorWords } from "@/components/activity/words";
import { PlatformIcon } from "@/components/platform-icon";
import { Time } from "@/components/ui/time";
import type { ActivityDto } from "@/lib/activity/schema";

const Where = ({ href, children }: { href: string; children: string }) => (
  <>
    {" · "}
    <Link
      href={href}
      className="font-medium text-accent underline underline-offset-3 hover:text-accent-strong"
    >
      {children}
    </Link>
  </>
);

/** One line of the trail: what happened, who did it, when, and where to look. */
export const ActivityLine = ({ line, platformName }: { line: ActivityDto; platformName: string | null }) => (
  <li className="flex gap-3 border-b border-line px-4 py-3 last:border-b-0">
    <span className="pt-0.5">
      {line.platform ? (
        <PlatformIcon platform={line.platform} name={platformName ?? line.platform} />
      ) : (
        <History aria-hidden className="size-5 text-ink-soft" strokeWidth={1.5} />
      )}
    </span>
    <div className="grid min-w-0 grow gap-0.5 text-sm">
      <p className="break-words">{activitySentence(line, platformName)}</p>
      <p className="text-ink-soft">
        {actorWords(line.actor)}, <Time at={line.at} />
        {line.postId && <Where href={`/posts/${line.postId}`}>Open the post</Where>}
        {typeof line.details["conversation"] === "string" && (
          <Where href={`/inbox/${line.details["conversation"]}`}>Open the conversation</Where>
        )}
      </p>
    </div>
  </li>
);
