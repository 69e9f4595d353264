"use client";

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { History, SearchX } from "lucide-react";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { ActivityLine } from "@/components/activity/activity-line";
import { kindWords } from "@/components/activity/words";
import { accountLabel } from "@/components/connections/status";
import { Button } from "@/components/ui/button";
import { buttonStyle } from "@/components/ui/button-style";
import { EmptyState } from "@/components/ui/empty-state";
import { Field, Select } from "@/components/ui/field";
import { Notice } from "@/components/ui/notice";
import { LoadingPage } from "@/components/ui/skeleton";
import { type ActivityFilter, activityQueries } from "@/lib/activity/queries";
import { activityKinds } from "@/lib/activity/schema";
import { connectionQueries } from "@/lib/connections/queries";
import { sentence } from "@/lib/http/api";

/** The trail, newest first, of one kind or of one account where that is asked for. */
export function ActivityScreen({ filter }: { filter: ActivityFilter }) {
  const query = useInfiniteQuery(activityQueries.list(filter));
  const { data: known } = useQuery(connectionQueries.list());
  const lines = query.data?.pages.flatMap((page) => page.activity) ?? [];
  const nameOf = (platform: string | null) =>
    known?.platforms.find(({ spec }) => spec.id === platform)?.spec.name ?? platform;

  return (
    <div className="grid gap-4">
      <Filters filter={filter} />
      {!query.data && query.error ? (
        <Notice
          tone="bad"
          role="alert"
          title="Your activity could not be loaded"
          actions={
            <Button size="small" busy={query.isFetching} onClick={() => query.refetch()}>
              Try again
            </Button>
          }
        >
          {sentence(query.error)}
        </Notice>
      ) : !query.data ? (
        <LoadingPage what="your activity" />
      ) : lines.length === 0 ? (
        <NothingYet filtered={filter.kind !== null || filter.connection !== null} />
      ) : (
        <ol className="grid rounded-xl border border-line bg-surface">
          {lines.map((line) => (
            <ActivityLine key={line.id} line={line} platformName={nameOf(line.platform)} />
          ))}
        </ol>
      )}
      {query.data && query.error && (
        <Notice tone="warn" role="status">
          {query.isFetchNextPageError ? "Older lines could not be loaded" : "This may be out of date"}:{" "}
          {sentence(query.error)}
        </Notice>
      )}
      {query.hasNextPage && (
        <Button
          className="justify-self-center"
          busy={query.isFetchingNextPage}
          onClick={() => query.fetchNextPage()}
        >
          Load more
        </Button>
      )}
    </div>
  );
}

function Filters({ filter }: { filter: ActivityFilter }) {
  const router = useRouter();
  const { data } = useQuery(connectionQueries.list());
  const go = (change: Partial<ActivityFilter>) => router.replace(addressOf({ ...filter, ...change }));
  return (
    <div className="grid gap-3 sm:grid-cols-2">
      <Field label="What">
        {(control) => (
          <Select
            {...control}
            value={filter.kind ?? ""}
            onChange={({ target }) =>
              go({ kind: activityKinds.find((kind) => kind === target.value) ?? null })
            }
          >
            <option value="">Everything</option>
            {activityKinds.map((kind) => (
              <option key={kind} value={kind}>
                {kindWords[kind]}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <Field label="Account">
        {(control) => (
          <Select
            {...control}
            value={filter.connection ?? ""}
            onChange={({ target }) => go({ connection: target.value || null })}
          >
            <option value="">All accounts</option>
            {data?.platforms.flatMap(({ spec }) =>
              data.connections
                .filter(({ platform }) => platform === spec.id)
                .map((connection) => (
                  <option key={connection.id} value={connection.id}>
                    {spec.name}: {accountLabel(connection)}
                  </option>
                )),
            )}
          </Select>
        )}
      </Field>
    </div>
  );
}

const NothingYet = ({ filtered }: { filtered: boolean }) =>
  filtered ? (
    <EmptyState
      icon={SearchX}
      title="Nothing of this"
      actions={
        <Link href="/activity" className={buttonStyle()}>
          Show everything
        </Link>
      }
    >
      Nothing of this kind has happened.
    </EmptyState>
  ) : (
    <EmptyState
      icon={History}
      title="Nothing has happened yet"
      actions={
        <Link href="/settings/integrations" className={buttonStyle({ look: "primary" })}>
          Connect an account
        </Link>
      }
    >
      Every connection, every post and everything a platform tells us is noted here.
    </EmptyState>
  );

function addressOf({ kind, connection }: ActivityFilter): string {
  const query = new URLSearchParams({ ...(kind && { kind }), ...(connection && { connection }) });
  return query.size > 0 ? `/activity?${query}` : "/activity";
}
