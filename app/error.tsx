"use client";

import { PageError } from "@/components/page-error";

export default function RootError({
  error,
  reset,
}: {
  error: Error & { digest?: string };
  reset: () => void;
}) {
  return (
    <main id="main" className="mx-auto max-w-xl px-4 py-16">
      <h1 className="sr-only">Something went wrong</h1>
      <PageError error={error} retry={reset} />
    </main>
  );
}
