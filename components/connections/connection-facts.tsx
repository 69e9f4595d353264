import type { ReactNode } from "react";
import { permissionWords } from "@/components/connections/status";
import { Time } from "@/components/ui/time";
import { sessionFacts } from "@/lib/connections/connect/session-schema";
import type { ConnectionDto } from "@/lib/connections/schema";

type Props = { connection: ConnectionDto; platformName: string };

/** All that is known of a connection, for those who want to know. */
export function ConnectionFacts({ connection, platformName }: Props) {
  const { missing, scopes, connectedAt, refreshedAt, renewsItself, lastError } = connection;
  const session = sessionFacts(connection);
  return (
    <details className="group text-sm">
      <summary className="w-fit rounded-md font-medium text-accent hover:text-accent-strong">
        Details<span className="sr-only"> of {connection.name}</span>
      </summary>
      <dl className="mt-3 grid gap-x-6 gap-y-2 sm:grid-cols-[max-content_minmax(0,1fr)]">
        <Fact name="Account number">
          <span className="numbers break-all">{connection.remoteId}</span>
        </Fact>
        <Fact name="Connected">
          <Time at={connectedAt} />
        </Fact>
        {!session && (
          <>
            <Fact name="Permissions">{scopes ? scopes.join(", ") : `${platformName} does not tell.`}</Fact>
            {missing.length > 0 && (
              <Fact name="Not given">
                {missing.map((scope) => `${scope} (${permissionWords(scope)})`).join(", ")}
              </Fact>
            )}
            {renewsItself && (
              <Fact name="Last renewed">
                {refreshedAt && refreshedAt > connectedAt ? (
                  <Time at={refreshedAt} />
                ) : (
                  "Not yet since it was connected."
                )}
              </Fact>
            )}
            <Fact name="Next renewal">
              <NextRenewal connection={connection} platformName={platformName} />
            </Fact>
            <Fact name="Last checked">
              {connection.checkedAt ? (
                <Time at={connection.checkedAt} />
              ) : (
                "Not yet. You can test it now, and it is looked at when you sign in."
              )}
            </Fact>
            <Fact name="Expires">
              <Expiry connection={connection} />
            </Fact>
          </>
        )}
        {lastError && (
          <Fact name="Last problem">
            {lastError.message}
            {lastError.code && <span className="numbers text-ink-soft"> ({lastError.code})</span>}
          </Fact>
        )}
      </dl>
    </details>
  );
}

const Fact = ({ name, children }: { name: string; children: ReactNode }) => (
  <div className="grid gap-x-6 sm:col-span-2 sm:grid-cols-subgrid">
    <dt className="text-ink-soft">{name}</dt>
    <dd className="min-w-0 break-words">{children}</dd>
  </div>
);

function NextRenewal({ connection, platformName }: Props) {
  const { renewsItself, refreshDueAt, status, accessExpiresAt, endsAt } = connection;
  if (status === "reconnect") return "None: it has to be reconnected.";
  if (renewsItself) return refreshDueAt ? <Time at={refreshDueAt} /> : "When you post from it.";
  if (!accessExpiresAt && !endsAt) return "None: it needs no renewal.";
  return `None: ${platformName} does not let Carillon renew it.`;
}

/** When the connection ends; where it does not, when the credentials held now do. */
function Expiry({ connection: { accessExpiresAt, endsAt, renewsItself } }: { connection: ConnectionDto }) {
  if (endsAt) return <Time at={endsAt} />;
  if (!accessExpiresAt) return "No end date is known.";
  return (
    <>
      <Time at={accessExpiresAt} />
      {renewsItself && ", unless it is renewed: by itself, at the latest when you post"}
    </>
  );
}
