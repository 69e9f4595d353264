import Link from "next/link";
import { SessionLink } from "@/components/connections/session-link";
import { accountLabel } from "@/components/connections/status";
import { buttonStyle } from "@/components/ui/button-style";
import { Notice } from "@/components/ui/notice";
import { sessionFacts } from "@/lib/connections/connect/session-schema";
import type { ConnectionDto } from "@/lib/connections/schema";

/** What became of a paste, in the form's place: the values are gone from the page. */
export function SessionResult({ connection }: { connection: ConnectionDto }) {
  const refused = connection.status === "reconnect";
  const checked = sessionFacts(connection)?.checked ?? false;
  const label = accountLabel(connection);
  return (
    <div className="grid gap-4">
      {refused ? (
        <Notice tone="bad" role="alert" title="OnlyFans did not accept this session">
          {connection.lastError?.message} It will not be tried again. Sign in once more in your browser, then
          paste the new values.
        </Notice>
      ) : checked ? (
        <Notice tone="good" role="status" title={`${label} is stored and checked`}>
          OnlyFans says that this session is good. Carillon will not ask again.
        </Notice>
      ) : (
        <Notice tone="info" role="status" title={`${label} is stored, not checked`}>
          {connection.lastError
            ? `${connection.lastError.message} That says nothing about your session; it is kept as it is.`
            : "Whether it is good was not asked, and Carillon will not ask by itself."}
        </Notice>
      )}
      <div className="grid gap-2">
        {refused && (
          // A full page load: the form begins anew.
          <SessionLink connection={connection.id} reload style={{ look: "primary" }}>
            Paste again
          </SessionLink>
        )}
        <Link href="/settings/integrations" className={buttonStyle({ look: refused ? "plain" : "primary" })}>
          Go to your accounts
        </Link>
      </div>
    </div>
  );
}
