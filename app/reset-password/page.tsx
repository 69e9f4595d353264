import type { Metadata } from "next";
import Link from "next/link";
import { AuthShell } from "@/components/auth/auth-shell";
import { ResetPasswordForm } from "@/components/auth/reset-password-form";
import { buttonStyle } from "@/components/ui/button-style";
import { Notice } from "@/components/ui/notice";

// The address carries a key: it must not travel on in a Referer header.
export const metadata: Metadata = { title: "Choose a new password", referrer: "no-referrer" };

type Props = { searchParams: Promise<{ token?: string | string[] }> };

export default async function ResetPasswordPage({ searchParams }: Props) {
  const { token } = await searchParams;
  return (
    <AuthShell title="Choose a new password">
      {typeof token === "string" && token ? (
        <ResetPasswordForm token={token} />
      ) : (
        <Notice
          tone="warn"
          title="This link is used up or too old"
          actions={
            <Link href="/forgot-password" className={buttonStyle()}>
              Ask for a new one
            </Link>
          }
        />
      )}
    </AuthShell>
  );
}
