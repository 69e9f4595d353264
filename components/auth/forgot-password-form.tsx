"use client";

import { useState } from "react";
import { AuthForm, emailProblem, fieldOf, refusalOf } from "@/components/auth/auth-form";
import { Field, Input } from "@/components/ui/field";
import { Notice } from "@/components/ui/notice";
import { authClient } from "@/lib/auth-client";

export function ForgotPasswordForm() {
  const [sentTo, setSentTo] = useState<string | null>(null);
  if (sentTo) {
    return (
      <Notice tone="good" role="status" title="Look into your mail">
        If {sentTo} has an account here, a link to choose a new password is on its way. It works for an hour.
      </Notice>
    );
  }
  return (
    <AuthForm
      submit="Send me a link"
      action={async (form) => {
        const email = fieldOf(form, "email").trim();
        const wrong = emailProblem(email);
        if (wrong) return wrong;
        const { error } = await authClient.requestPasswordReset({ email, redirectTo: "/reset-password" });
        if (error) return refusalOf(error);
        setSentTo(email);
        return null;
      }}
    >
      {(errorOf) => (
        <Field label="Email" error={errorOf("email")}>
          {(control) => (
            <Input
              {...control}
              name="email"
              type="email"
              autoComplete="username"
              required
              spellCheck={false}
            />
          )}
        </Field>
      )}
    </AuthForm>
  );
}
