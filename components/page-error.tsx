"use client";

import Link from "next/link";
import { Button } from "@/components/ui/button";
import { buttonStyle } from "@/components/ui/button-style";
import { Notice } from "@/components/ui/notice";

type Props = { error: Error & { digest?: string }; retry: () => void };

/** A page that could not be shown: what is safe, what to do, and the number under which the log keeps the rest. */
export const PageError = ({ error, retry }: Props) => (
  <Notice
    tone="bad"
    role="alert"
    title="This page could not be shown"
    actions={
      <>
        <Button size="small" onClick={retry}>
          Try again
        </Button>
        <Link href="/" className={buttonStyle({ size: "small", look: "quiet" })}>
          Go to the beginning
        </Link>
      </>
    }
  >
    Your posts and drafts are safe. Try again in a moment.
    {error.digest && <> If it stays, quote {error.digest}.</>}
  </Notice>
);
