"use client";

import { useMutation } from "@tanstack/react-query";
import { BellRing } from "lucide-react";
import { refusalOf } from "@/components/auth/auth-form";
import { Button } from "@/components/ui/button";
import { Notice } from "@/components/ui/notice";
import { authClient } from "@/lib/auth-client";
import { DEMO_EMAIL, DEMO_PASSWORD } from "@/lib/demo";

/** One press, and the sandbox's own person is in. */
export function DemoButton({ returnTo }: { returnTo: string }) {
  const enter = useMutation({
    mutationFn: () => authClient.signIn.email({ email: DEMO_EMAIL, password: DEMO_PASSWORD }),
    onSuccess: ({ error }) => {
      if (!error) window.location.assign(returnTo);
    },
  });
  const refused = enter.data?.error ?? (enter.error ? { status: 0, code: undefined } : null);
  return (
    <div className="grid gap-3">
      <Button
        look="primary"
        busy={enter.isPending || (enter.isSuccess && !refused)}
        onClick={() => enter.mutate()}
      >
        <BellRing aria-hidden className="size-4" />
        Continue as the demo person
      </Button>
      <p className="text-center text-[0.8125rem] text-ink-soft">
        Every platform is simulated. Nothing leaves this machine.
      </p>
      {refused && (
        <Notice tone="bad" role="alert">
          {refusalOf(refused).message}
        </Notice>
      )}
    </div>
  );
}

export function GoogleButton({ returnTo }: { returnTo: string }) {
  const enter = useMutation({
    mutationFn: () =>
      authClient.signIn.social({
        provider: "google",
        callbackURL: returnTo,
        errorCallbackURL: "/sign-in?error=google",
      }),
  });
  const refused = enter.data?.error ?? (enter.error ? { status: 0, code: undefined } : null);
  return (
    <div className="grid gap-3">
      <Button busy={enter.isPending || (enter.isSuccess && !refused)} onClick={() => enter.mutate()}>
        Continue with Google
      </Button>
      {refused && (
        <Notice tone="bad" role="alert">
          {refusalOf(refused).message}
        </Notice>
      )}
    </div>
  );
}

export const Or = () => (
  <div className="flex items-center gap-3 text-xs text-ink-soft">
    <span className="h-px grow bg-line" />
    or
    <span className="h-px grow bg-line" />
  </div>
);
