"use client";

import { useMutation } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Button } from "@/components/ui/button";
import { Notice } from "@/components/ui/notice";

/** What went wrong: beside a field where it belongs to one, else above the button. */
export type AuthProblem = { field?: string; message: string };

/** What Better Auth's client answers with. */
type Refusal = { status: number; code?: string | undefined; message?: string | undefined };

type Props = {
  action: (form: FormData) => Promise<AuthProblem | null>;
  submit: string;
  children: (errorOf: (field: string) => string | undefined) => ReactNode;
};

/** A form whose answer is null, or what went wrong. It stays busy after success, until the next page is there. */
export function AuthForm({ action, submit, children }: Props) {
  const attempt = useMutation({ mutationFn: action });
  const problem = attempt.error ? { message: UNREACHABLE } : (attempt.data ?? null);
  const done = attempt.isSuccess && attempt.data === null;
  const errorOf = (field: string) =>
    problem && "field" in problem && problem.field === field ? problem.message : undefined;
  return (
    <form
      method="post"
      noValidate
      className="grid gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (!attempt.isPending) attempt.mutate(new FormData(event.currentTarget));
      }}
    >
      {children(errorOf)}
      <div aria-live="polite">
        {problem && !("field" in problem && problem.field) && <Notice tone="bad">{problem.message}</Notice>}
      </div>
      <Button type="submit" look="primary" busy={attempt.isPending || done}>
        {submit}
      </Button>
    </form>
  );
}

export const fieldOf = (form: FormData, name: string): string => {
  const value = form.get(name);
  return typeof value === "string" ? value : "";
};

export const emailProblem = (email: string): AuthProblem | null =>
  /^\S+@\S+$/.test(email)
    ? null
    : { field: "email", message: "Type your email address, such as ada@example.com." };

/** Better Auth's refusals in our words, beside the field they are about. */
export function refusalOf({ status, code, message }: Refusal): AuthProblem {
  const known = code === undefined ? undefined : REFUSALS[code];
  if (known) return known;
  if (status === 429) return { message: message ?? "Too many tries. Wait a minute, then try again." };
  if (status >= 500 || status === 0) return { message: UNREACHABLE };
  return { message: message ?? "That did not work. Check what you typed, then try again." };
}

const UNREACHABLE = "Carillon did not answer. Check your connection, then try again.";

const REFUSALS: Record<string, AuthProblem> = {
  INVALID_EMAIL_OR_PASSWORD: {
    field: "password",
    message: "This email address and password do not belong together.",
  },
  INVALID_EMAIL: { field: "email", message: "This is not an email address." },
  USER_ALREADY_EXISTS: { field: "email", message: "Someone already uses this address. Sign in instead." },
  USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL: {
    field: "email",
    message: "Someone already uses this address. Sign in instead.",
  },
  PASSWORD_TOO_SHORT: { field: "password", message: "Use at least 8 characters." },
  PASSWORD_TOO_LONG: { field: "password", message: "Use at most 128 characters." },
  PASSWORD_BREACHED: {
    field: "password",
    message: "Attackers try this password first. Choose another; a few unrelated words work well.",
  },
  INVALID_TOKEN: { message: "This link is used up or too old. Ask for a new one." },
};
