import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { AuthLink, AuthShell, afterwards } from "@/components/auth/auth-shell";
import { DemoButton, GoogleButton, Or } from "@/components/auth/other-ways-in";
import { SignInForm } from "@/components/auth/sign-in-form";
import { Notice } from "@/components/ui/notice";
import { env } from "@/lib/env";
import { findUser } from "@/lib/session";

export const metadata: Metadata = { title: "Sign in" };

type Props = { searchParams: Promise<{ returnTo?: string | string[]; error?: string | string[] }> };

export default async function SignInPage({ searchParams }: Props) {
  const query = await searchParams;
  const returnTo = afterwards(query.returnTo);
  if (await findUser()) redirect(returnTo);
  const { sandboxUrl, googleEnabled } = env();
  return (
    <AuthShell title="Sign in" lead="Write once, and know what happened on each platform.">
      {query.error && (
        <Notice tone="bad" role="alert">
          Signing in with Google did not work. Try again, or use your password.
        </Notice>
      )}
      {sandboxUrl && <DemoButton returnTo={returnTo} />}
      {googleEnabled && <GoogleButton returnTo={returnTo} />}
      {(sandboxUrl || googleEnabled) && <Or />}
      <SignInForm returnTo={returnTo} />
      <div className="flex flex-wrap justify-between gap-2 text-sm">
        <AuthLink to="/sign-up" returnTo={returnTo}>
          Create an account
        </AuthLink>
        <AuthLink to="/forgot-password" returnTo={returnTo}>
          Forgot your password?
        </AuthLink>
      </div>
    </AuthShell>
  );
}
