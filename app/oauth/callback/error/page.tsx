import type { Metadata } from "next";
import Link from "next/link";
import { AuthShell } from "@/components/auth/auth-shell";
import { callbackMessage } from "@/components/connections/callback-messages";
import { ConnectButton } from "@/components/connections/connect-button";
import { buttonStyle } from "@/components/ui/button-style";
import { connectionsAnswer } from "@/lib/connections/list";
import { findUser } from "@/lib/session";

export const metadata: Metadata = { title: "Not connected", referrer: "no-referrer" };

type Query = Partial<Record<"platform" | "error", string | string[]>>;

/** Nothing of the address is repeated on the page: it only chooses among our own sentences. */
export default async function NotConnectedPage({ searchParams }: { searchParams: Promise<Query> }) {
  const query = await searchParams;
  const user = await findUser();
  const platforms = user ? (await connectionsAnswer(user.id)).platforms : [];
  const platform = platforms.find(({ spec }) => spec.id === query.platform);
  const message = callbackMessage(
    typeof query.error === "string" ? query.error : undefined,
    platform?.spec.name ?? "the platform",
  );
  return (
    <AuthShell title={capitalised(message.title)} lead={capitalised(message.body)}>
      <div className="grid gap-2">
        {!user ? (
          <Link
            href="/sign-in?returnTo=%2Fsettings%2Fintegrations"
            className={buttonStyle({ look: "primary" })}
          >
            Sign in
          </Link>
        ) : (
          platform &&
          message.next === "again" &&
          platform.unconfigured.length === 0 && (
            <ConnectButton request={{ platform: platform.spec.id }} style={{ look: "primary" }}>
              Try again
            </ConnectButton>
          )
        )}
        <Link href="/settings/integrations" className={buttonStyle()}>
          Go to your accounts
        </Link>
      </div>
    </AuthShell>
  );
}

const capitalised = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1);
