import type { Metadata } from "next";
import Link from "next/link";
import { AuthShell } from "@/components/auth/auth-shell";
import { accountLabel, permissionWords } from "@/components/connections/status";
import { PlatformIcon } from "@/components/platform-icon";
import { buttonStyle } from "@/components/ui/button-style";
import { Notice } from "@/components/ui/notice";
import { connectionsAnswer } from "@/lib/connections/list";
import { platformsWithInbox } from "@/lib/inbox/limits";
import { safeReturnTo } from "@/lib/return-to";
import { requireUser } from "@/lib/session";

export const metadata: Metadata = { title: "Connected", referrer: "no-referrer" };

type Query = Partial<Record<"platform" | "connection" | "returnTo", string | string[]>>;

export default async function ConnectedPage({ searchParams }: { searchParams: Promise<Query> }) {
  const query = await searchParams;
  const user = await requireUser();
  const { connections, platforms } = await connectionsAnswer(user.id);
  const ids = [query.connection ?? []].flat().flatMap((value) => value.split(","));
  // Only what is really there is called connected, whatever the address says.
  const connected = connections.filter(({ id }) => ids.includes(id));
  const nameOf = (platform: string) =>
    platforms.find(({ spec }) => spec.id === platform)?.spec.name ?? platform;
  const returnTo = safeReturnTo([query.returnTo].flat()[0]);

  if (connected.length === 0) {
    return (
      <AuthShell title="Your accounts" lead="See on the accounts page what is connected.">
        <Link href="/settings/integrations" className={buttonStyle({ look: "primary" })}>
          Go to your accounts
        </Link>
      </AuthShell>
    );
  }
  return (
    <AuthShell title={connected.length === 1 ? "Connected" : `${connected.length} accounts connected`}>
      <ul className="grid gap-3">
        {connected.map((connection) => (
          <li key={connection.id} className="grid gap-2">
            <div className="flex items-center gap-3">
              <PlatformIcon platform={connection.platform} name={nameOf(connection.platform)} />
              <p className="min-w-0 break-words">
                <span className="font-medium">{accountLabel(connection)}</span>{" "}
                <span className="text-ink-soft">on {nameOf(connection.platform)}</span>
              </p>
            </div>
            {connection.missing.length > 0 && (
              <Notice tone="warn" title="With limits">
                You did not allow Carillon to {connection.missing.map(permissionWords).join(", ")}. Reconnect
                and leave these ticked to change that.
              </Notice>
            )}
          </li>
        ))}
      </ul>
      <div className="grid gap-2">
        {returnTo && (
          <Link href={returnTo} className={buttonStyle({ look: "primary" })}>
            Go on where you were
          </Link>
        )}
        <Link href="/compose" className={buttonStyle({ look: returnTo ? "plain" : "primary" })}>
          Write a post
        </Link>
        {connected.some(({ platform }) => platformsWithInbox().includes(platform)) && (
          <Link href="/inbox" className={buttonStyle()}>
            Open the inbox
          </Link>
        )}
        <Link href="/settings/integrations" className={buttonStyle()}>
          Connect another
        </Link>
      </div>
    </AuthShell>
  );
}
