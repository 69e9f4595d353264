import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { AuthLink, AuthShell, afterwards } from "@/components/auth/auth-shell";
import { GoogleButton, Or } from "@/components/auth/other-ways-in";
import { SignUpForm } from "@/components/auth/sign-up-form";
import { env } from "@/lib/env";
import { findUser } from "@/lib/session";

export const metadata: Metadata = { title: "Create an account" };

type Props = { searchParams: Promise<{ returnTo?: string | string[] }> };

export default async function SignUpPage({ searchParams }: Props) {
  const returnTo = afterwards((await searchParams).returnTo);
  if (await findUser()) redirect(returnTo);
  return (
    <AuthShell title="Create an account" lead="Connect your accounts, write once, publish everywhere.">
      {env().googleEnabled && (
        <>
          <GoogleButton returnTo={returnTo} />
          <Or />
        </>
      )}
      <SignUpForm returnTo={returnTo} />
      <p className="text-sm text-ink-soft">
        Already here?{" "}
        <AuthLink to="/sign-in" returnTo={returnTo}>
          Sign in
        </AuthLink>
      </p>
    </AuthShell>
  );
}
