"use client";

import { useMutation, useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { Section } from "@/components/settings/section";
import { Button } from "@/components/ui/button";
import { Checkbox } from "@/components/ui/field";
import { Notice } from "@/components/ui/notice";
import { Skeleton } from "@/components/ui/skeleton";
import { useAwake } from "@/components/ui/time";
import { warn } from "@/components/ui/toast";
import { sentence } from "@/lib/http/api";
import { changeSettings, settingsQueries } from "@/lib/settings/queries";
import { type Channel, channels, type NoticeKind, noticeKinds } from "@/lib/settings/schema";

const KINDS: Record<NoticeKind, { title: string; help: string }> = {
  ending: {
    title: "An account will be disconnected",
    help: "14, 7, 3 and 1 day before, where it cannot be renewed without you.",
  },
  ended: {
    title: "An account needs to be reconnected",
    help: "At once when a platform has ended its connection.",
  },
  post: {
    title: "A post did not go out everywhere",
    help: "Once everything about the post has settled.",
  },
};

const CHANNELS: Record<Channel, string> = { app: "On the dashboard", mail: "By mail" };

type Switch = { kind: NoticeKind; channel: Channel; on: boolean };

/** What a person wants to hear of, and where. Each press is saved at once. */
export function NoticeSwitches() {
  const { data, error, refetch, isFetching } = useQuery(settingsQueries.mine());
  const awake = useAwake();
  const change = useMutation({
    mutationFn: ({ kind, channel, on }: Switch) => changeSettings({ notices: { [kind]: { [channel]: on } } }),
    onSuccess: (settings, _switch, _before, { client }) =>
      client.setQueryData(settingsQueries.mine().queryKey, settings),
    onError: (failure) => warn({ title: "That was not saved", description: sentence(failure) }),
  });
  const pending = change.isPending ? change.variables : null;

  return (
    <Section
      title="Notices"
      lead={
        <>
          How each account is can always be seen on{" "}
          <Link
            href="/settings/integrations"
            className="font-medium text-accent underline underline-offset-3 hover:text-accent-strong"
          >
            the accounts page
          </Link>
          , whatever you choose here.
        </>
      }
    >
      {!data && error && (
        <Notice
          tone="bad"
          role="alert"
          title="Your settings could not be loaded"
          actions={
            <Button size="small" busy={isFetching} onClick={() => refetch()}>
              Try again
            </Button>
          }
        >
          {sentence(error)}
        </Notice>
      )}
      {!data && !error && <Skeleton className="h-40" />}
      {data && (
        <>
          <div className="divide-y divide-line border-y border-line">
            {noticeKinds.map((kind) => (
              <fieldset key={kind} className="py-3" aria-describedby={`notice-${kind}`}>
                <legend className="float-left text-sm font-medium">{KINDS[kind].title}</legend>
                <p id={`notice-${kind}`} className="clear-both text-sm text-ink-soft">
                  {KINDS[kind].help}
                </p>
                <div className="mt-2 flex flex-wrap gap-x-6 gap-y-2 text-sm">
                  {channels.map((channel) => (
                    <Checkbox
                      key={channel}
                      checked={
                        pending?.kind === kind && pending.channel === channel
                          ? pending.on
                          : data.notices[kind][channel]
                      }
                      disabled={!awake || (channel === "mail" && !data.mailTo)}
                      onChange={({ currentTarget }) =>
                        change.mutate({ kind, channel, on: currentTarget.checked })
                      }
                    >
                      {CHANNELS[channel]}
                    </Checkbox>
                  ))}
                </div>
              </fieldset>
            ))}
          </div>
          <p className="text-sm text-ink-soft">
            {data.mailTo
              ? `Mail goes to ${data.mailTo}.`
              : "This installation sends no mail: whoever runs it has to set SMTP_URL."}
          </p>
          <p role="status" className="sr-only">
            {change.isPending ? "Saving…" : change.isSuccess ? "Saved." : ""}
          </p>
        </>
      )}
    </Section>
  );
}
