"use client";

import { AuthForm, emailProblem, fieldOf, refusalOf } from "@/components/auth/auth-form";
import { PasswordField } from "@/components/auth/password-field";
import { Field, Input } from "@/components/ui/field";
import { authClient } from "@/lib/auth-client";

export function SignInForm({ returnTo }: { returnTo: string }) {
  return (
    <AuthForm
      submit="Sign in"
      action={async (form) => {
        const email = fieldOf(form, "email").trim();
        const wrong = emailProblem(email);
        if (wrong) return wrong;
        const { error } = await authClient.signIn.email({ email, password: fieldOf(form, "password") });
        if (error) return refusalOf(error);
        window.location.assign(returnTo);
        return null;
      }}
    >
      {(errorOf) => (
        <>
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
          <PasswordField autoComplete="current-password" error={errorOf("password")} />
        </>
      )}
    </AuthForm>
  );
}
