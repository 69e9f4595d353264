import Link from "next/link";
import { ProblemList } from "@/components/posts/compose/problem-list";
import { isUnknown } from "@/components/posts/compose/use-publish";
import { buttonStyle } from "@/components/ui/button-style";
import { Notice } from "@/components/ui/notice";
import { ApiError, sentence } from "@/lib/http/api";
import type { Problem } from "@/lib/posts/schema";

/** A post that was not taken, or of which it is unknown: what happened, and that nothing written is lost. */
export function PublishFailure({ error }: { error: Error }) {
  if (isUnknown(error)) {
    return (
      <Notice
        tone="warn"
        role="alert"
        title="It is not known yet whether your post was taken"
        actions={
          <Link href="/posts" className={buttonStyle({ size: "small" })}>
            Look among your posts
          </Link>
        }
      >
        {sentence(error)} Press Publish again as often as you like: unchanged, it goes out once only. If you
        change it first, look among your posts before you send it.
      </Notice>
    );
  }
  if (error instanceof ApiError && error.status === 401) {
    return (
      <Notice
        tone="warn"
        role="alert"
        title="You have been signed out"
        actions={
          <Link href="/sign-in?returnTo=%2Fcompose" className={buttonStyle({ size: "small" })}>
            Sign in again
          </Link>
        }
      >
        Nothing was sent. What you wrote is kept in this browser and will be here when you are back.
      </Notice>
    );
  }
  return (
    <Notice tone="bad" role="alert" title="Nothing was sent">
      {sentence(error)}
      <ProblemList problems={problemsIn(error)} />
    </Notice>
  );
}

/** What the server found that this page had not: an account may have changed meanwhile. */
function problemsIn(error: Error): Problem[] {
  const details = error instanceof ApiError && error.code === "invalid_post" ? error.details : null;
  const known =
    typeof details === "object" && details !== null && "problems" in details ? details.problems : null;
  // safe: the route that answers with this code sends this list, and both ends share its type
  return Array.isArray(known) ? (known as Problem[]) : [];
}
