import Link from "next/link";
import type { ReactNode } from "react";
import { Logo } from "@/components/logo";
import { Card } from "@/components/ui/card";
import { safeReturnTo } from "@/lib/return-to";

/** The frame of pages one sees from outside: sign in, sign up, the way back from a platform. */
export function AuthShell({ title, lead, children }: { title: string; lead?: string; children: ReactNode }) {
  return (
    <main id="main" tabIndex={-1} className="mx-auto grid min-h-dvh max-w-md content-center gap-6 px-4 py-10">
      <Link href="/" className="justify-self-center rounded-md">
        <Logo />
      </Link>
      <Card className="grid gap-5 p-6 sm:p-8">
        <div className="grid gap-1">
          <h1 className="text-2xl font-semibold tracking-tight">{title}</h1>
          {lead && <p className="text-ink-soft">{lead}</p>}
        </div>
        {children}
      </Card>
    </main>
  );
}

/** A link between these pages that keeps where the person wanted to go. */
export const AuthLink = ({
  to,
  returnTo,
  children,
}: {
  to: string;
  returnTo: string;
  children: ReactNode;
}) => (
  <Link
    href={`${to}?returnTo=${encodeURIComponent(returnTo)}`}
    className="font-medium text-accent underline underline-offset-3 hover:text-accent-strong"
  >
    {children}
  </Link>
);

/** Where to go once signed in: the path that was asked for when it is one of ours, else the dashboard. */
export const afterwards = (returnTo: string | string[] | undefined): string =>
  safeReturnTo([returnTo].flat()[0]) ?? "/dashboard";
