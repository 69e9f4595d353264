import type { Metadata } from "next";
import Link from "next/link";
import { SessionForm } from "@/components/connections/session-form";
import { SessionSteps } from "@/components/connections/session-steps";
import { accountLabel } from "@/components/connections/status";
import { Logo } from "@/components/logo";
import { Card } from "@/components/ui/card";
import { Notice } from "@/components/ui/notice";
import { connectionsAnswer } from "@/lib/connections/list";
import { env } from "@/lib/env";
import { onlyfansSpec } from "@/lib/platforms/onlyfans/spec";
import { requireUser } from "@/lib/session";

export const metadata: Metadata = { title: "Connect OnlyFans", referrer: "no-referrer" };

type Query = { connection?: string | string[] };

export default async function PasteSessionPage({ searchParams }: { searchParams: Promise<Query> }) {
  const { connection } = await searchParams;
  const user = await requireUser();
  const { connections } = await connectionsAnswer(user.id);
  const renewed = connections.find(
    ({ id, platform }) => id === [connection].flat()[0] && platform === onlyfansSpec.id,
  );
  return (
    <main id="main" tabIndex={-1} className="mx-auto grid max-w-2xl gap-6 px-4 py-10">
      <Link href="/settings/integrations" className="justify-self-start rounded-md">
        <Logo />
        <span className="sr-only">: back to your accounts</span>
      </Link>
      <Card className="grid gap-6 p-6 sm:p-8">
        <div className="grid gap-1">
          <h1 className="text-2xl font-semibold tracking-tight">
            {renewed ? `Reconnect ${accountLabel(renewed)}` : "Connect OnlyFans"}
          </h1>
          <p className="text-ink-soft">
            OnlyFans has no page where you could give permission. The only way in is a session of your own
            browser, which you paste here. Carillon keeps it sealed; it does not publish to OnlyFans.
          </p>
        </div>
        <SessionForm connection={renewed?.id ?? null} hasRules={env().onlyfansRulesUrl !== undefined}>
          {env().sandboxUrl && (
            <Notice tone="info" title="Sandbox: nothing leaves this machine">
              Only the sandbox is asked about what you paste here. Do not paste a real session.
            </Notice>
          )}
          <Notice tone="warn" title="Read this before you paste anything">
            <ul className="grid list-disc gap-1.5 pl-4">
              <li>
                OnlyFans&rsquo; terms forbid automated access and handing your log-in to others. It may
                restrict or close your account for this.
              </li>
              <li>
                These values are as good as your password: whoever has them is signed in as you. Use your own
                account only, and never send them to anyone who asks for them.
              </li>
              <li>
                All values must come from one browser, at one time. A wrong mixture can sign you out
                everywhere when it is checked.
              </li>
              <li>
                Nothing renews a session. It ends when you sign out or change your password, and at times by
                itself.
              </li>
            </ul>
          </Notice>
          <section className="grid gap-3" aria-labelledby="where">
            <h2 id="where" className="text-base font-semibold">
              Where to find the values
            </h2>
            <SessionSteps />
          </section>
        </SessionForm>
      </Card>
    </main>
  );
}
