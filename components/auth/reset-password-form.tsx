"use client";

import Link from "next/link";
import { useState } from "react";
import { AuthForm, fieldOf, refusalOf } from "@/components/auth/auth-form";
import { MIN_LENGTH, PasswordField } from "@/components/auth/password-field";
import { buttonStyle } from "@/components/ui/button-style";
import { Notice } from "@/components/ui/notice";
import { authClient } from "@/lib/auth-client";

export function ResetPasswordForm({ token }: { token: string }) {
  const [changed, setChanged] = useState(false);
  if (changed) {
    return (
      <Notice
        tone="good"
        role="status"
        title="Your new password is set"
        actions={
          <Link href="/sign-in" className={buttonStyle({ look: "primary" })}>
            Sign in
          </Link>
        }
      >
        Every device that was signed in has been signed out.
      </Notice>
    );
  }
  return (
    <AuthForm
      submit="Set the new password"
      action={async (form) => {
        const newPassword = fieldOf(form, "password");
        if (newPassword.length < MIN_LENGTH)
          return { field: "password", message: "Use at least 8 characters." };
        const { error } = await authClient.resetPassword({ newPassword, token });
        if (error) return refusalOf(error);
        setChanged(true);
        return null;
      }}
    >
      {(errorOf) => (
        <PasswordField label="New password" autoComplete="new-password" error={errorOf("password")} />
      )}
    </AuthForm>
  );
}
