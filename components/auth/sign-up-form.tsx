"use client";

import { AuthForm, emailProblem, fieldOf, refusalOf } from "@/components/auth/auth-form";
import { MIN_LENGTH, PasswordField } from "@/components/auth/password-field";
import { Field, Input } from "@/components/ui/field";
import { authClient } from "@/lib/auth-client";

export function SignUpForm({ returnTo }: { returnTo: string }) {
  return (
    <AuthForm
      submit="Create your account"
      action={async (form) => {
        const name = fieldOf(form, "name").trim();
        const email = fieldOf(form, "email").trim();
        const password = fieldOf(form, "password");
        if (!name) return { field: "name", message: "Type the name we should call you by." };
        const wrong = emailProblem(email);
        if (wrong) return wrong;
        if (password.length < MIN_LENGTH) return { field: "password", message: "Use at least 8 characters." };
        const { error } = await authClient.signUp.email({ name, email, password });
        if (error) return refusalOf(error);
        window.location.assign(returnTo);
        return null;
      }}
    >
      {(errorOf) => (
        <>
          <Field label="Name" error={errorOf("name")}>
            {(control) => <Input {...control} name="name" autoComplete="name" required maxLength={100} />}
          </Field>
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
          <PasswordField autoComplete="new-password" error={errorOf("password")} />
        </>
      )}
    </AuthForm>
  );
}
