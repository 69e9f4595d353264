import { FlaskConical } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { FastForward } from "@/components/connections/fast-forward";
import { Logo } from "@/components/logo";
import { Nav } from "@/components/nav";
import { Shortcuts } from "@/components/shortcuts";
import { ExternalLink } from "@/components/ui/external-link";
import { UserMenu } from "@/components/user-menu";

type Props = { user: { name: string; email: string }; sandboxUrl: string | undefined; children: ReactNode };

/** The frame around every page of a signed-in person. */
export function Shell({ user, sandboxUrl, children }: Props) {
  return (
    // A page marked data-room fills the window and scrolls in its own parts.
    <div className="has-data-room:flex has-data-room:h-dvh has-data-room:flex-col md:grid! md:grid-cols-[15rem_minmax(0,1fr)]">
      <header className="flex h-14 shrink-0 items-center justify-between border-b border-line bg-surface px-4 md:sticky md:top-0 md:h-dvh md:flex-col md:items-stretch md:justify-start md:gap-6 md:border-r md:border-b-0 md:p-4">
        <Link href="/dashboard" className="flex rounded-md md:px-2 md:pt-1">
          <Logo />
        </Link>
        <Nav />
        <div className="flex items-center gap-1 md:mt-auto md:justify-between">
          <UserMenu name={user.name} email={user.email} />
          <Shortcuts />
        </div>
      </header>
      <div className="min-w-0 pb-24 has-data-room:flex has-data-room:min-h-0 has-data-room:grow has-data-room:flex-col has-data-[room=conversation]:pb-0 has-data-[room=list]:pb-[calc(3.75rem+env(safe-area-inset-bottom))] md:pb-10 md:has-data-room:h-dvh md:has-data-room:pb-0">
        {sandboxUrl && (
          <aside
            aria-label="Sandbox"
            className="flex flex-wrap items-center gap-x-3 gap-y-1 bg-accent-soft px-4 py-2 text-sm text-accent-strong md:px-8"
          >
            <FlaskConical aria-hidden className="size-4" />
            <span>Sandbox: nothing leaves this machine.</span>
            <ExternalLink href={sandboxUrl}>See what was published</ExternalLink>
            <FastForward />
          </aside>
        )}
        <main
          id="main"
          tabIndex={-1}
          className="mx-auto max-w-5xl px-4 py-6 outline-none has-data-room:flex has-data-room:min-h-0 has-data-room:w-full has-data-room:max-w-none has-data-room:grow has-data-room:flex-col has-data-room:p-0 md:px-8 md:py-8 md:has-data-room:p-0"
        >
          {children}
        </main>
      </div>
    </div>
  );
}

/** A page's name, one sentence about it, and what one does most there. */
export const PageHead = ({
  title,
  lead,
  action,
}: {
  title: string;
  lead?: ReactNode;
  action?: ReactNode;
}) => (
  <div className="mb-6 flex flex-wrap items-start justify-between gap-3">
    <div className="grid gap-1">
      <h1 className="text-2xl font-semibold tracking-tight">{title}</h1>
      {lead && <p className="max-w-prose text-ink-soft">{lead}</p>}
    </div>
    {action}
  </div>
);
