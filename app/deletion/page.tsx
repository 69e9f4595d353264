import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { AuthShell } from "@/components/auth/auth-shell";
import { Time } from "@/components/ui/time";
import { deletionStatus } from "@/lib/leaving/deletion-status";

export const metadata: Metadata = { title: "Deletion of your data", robots: { index: false } };

type Query = { id?: string | string[] };

/** What became of a wish to delete data: for whoever holds its code, signed in or not. It names nobody. */
export default async function DeletionPage({ searchParams }: { searchParams: Promise<Query> }) {
  const { id } = await searchParams;
  const status = typeof id === "string" ? await deletionStatus(id) : null;
  if (!status) notFound();
  const { platform, code, requestedAt, completedAt } = status;
  return (
    <AuthShell
      title={completedAt ? "Your data is deleted" : "Your data is being deleted"}
      lead={`${platform} passed your wish on to Carillon.`}
    >
      <dl className="grid gap-3 text-sm">
        <div>
          <dt className="text-ink-soft">Confirmation code</dt>
          <dd className="font-mono break-all">{code}</dd>
        </div>
        <div>
          <dt className="text-ink-soft">Received</dt>
          <dd>
            <Time at={requestedAt} />
          </dd>
        </div>
        {completedAt && (
          <div>
            <dt className="text-ink-soft">Completed</dt>
            <dd>
              <Time at={completedAt} />
            </dd>
          </div>
        )}
      </dl>
      <div className="grid gap-2 text-sm text-ink-soft">
        <p>
          {completedAt
            ? `We deleted the connection to ${platform}, the keys to it, and what we knew from there: names, pictures, ids and addresses of posts.`
            : `We are deleting the connection to ${platform}, the keys to it, and what we know from there: names, pictures, ids and addresses of posts.`}
        </p>
        <p>
          What someone wrote in Carillon themselves stays in their own account here, until they delete it.
          Posts that are out on {platform} are deleted on {platform}.
        </p>
      </div>
    </AuthShell>
  );
}
