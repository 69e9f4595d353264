import type { Metadata } from "next";
import { AuthLink, AuthShell, afterwards } from "@/components/auth/auth-shell";
import { ForgotPasswordForm } from "@/components/auth/forgot-password-form";

export const metadata: Metadata = { title: "Forgot your password?" };

type Props = { searchParams: Promise<{ returnTo?: string | string[] }> };

export default async function ForgotPasswordPage({ searchParams }: Props) {
  const returnTo = afterwards((await searchParams).returnTo);
  return (
    <AuthShell
      title="Forgot your password?"
      lead="Tell us your address, and we mail you a link to choose a new one."
    >
      <ForgotPasswordForm />
      <p className="text-sm text-ink-soft">
        <AuthLink to="/sign-in" returnTo={returnTo}>
          Back to signing in
        </AuthLink>
      </p>
    </AuthShell>
  );
}
