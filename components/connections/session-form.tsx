"use client";

import { useMutation } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { SessionResult } from "@/components/connections/session-result";
import { Button } from "@/components/ui/button";
import { Checkbox, Field, Input, Textarea } from "@/components/ui/field";
import { Notice } from "@/components/ui/notice";
import type { ConnectSession } from "@/lib/connections/connect/session-schema";
import { connectionQueries } from "@/lib/connections/queries";
import type { ConnectionDto } from "@/lib/connections/schema";
import { ApiError, api, sentence } from "@/lib/http/api";
import { type SessionField, sessionFields } from "@/lib/platforms/onlyfans/fields";
import { readPaste } from "@/lib/platforms/onlyfans/paste";

type Props = {
  /** Renew this one. */
  connection: string | null;
  /** The operator has set where fresh signing rules are. */
  hasRules: boolean;
  /** What to read first; gone when it is done. */
  children: ReactNode;
};

const EMPTY: Record<SessionField, string> = { auth_id: "", sess: "", x_bc: "", user_agent: "", auth_uid: "" };

/** What a person pastes, read in the browser; only the named values go to Carillon. */
export function SessionForm({ connection, hasRules, children }: Props) {
  const [values, setValues] = useState(EMPTY);
  const [shown, setShown] = useState(false);
  const [found, setFound] = useState<string | null>(null);
  const [rules, setRules] = useState("");
  const [check, setCheck] = useState(false);
  const [consent, setConsent] = useState(false);
  const store = useStore();
  const canCheck = hasRules || rules.trim() !== "";
  const problems = problemsIn(store.error);

  if (store.data) return <SessionResult connection={store.data} />;
  return (
    <>
      {children}
      <form
        method="post"
        noValidate
        autoComplete="off"
        className="grid gap-5"
        onSubmit={(event) => {
          event.preventDefault();
          if (store.isPending) return;
          store.mutate({
            platform: "onlyfans",
            fields: values,
            ...(rules.trim() !== "" && { rules }),
            check: check && canCheck,
            // safe: the button is off without it, and the server asks again
            consent: consent as true,
            ...(connection && { connection }),
          });
        }}
      >
        <Field
          label="Paste what you copied"
          hint="A request copied as cURL, its headers, or a Cookie header. It is read in this browser only: the fields below are filled, and the rest is forgotten."
        >
          {(control) => (
            <Textarea
              {...control}
              rows={2}
              value=""
              spellCheck={false}
              onChange={(event) => {
                const read = readPaste(event.target.value);
                setValues({ ...values, ...read });
                setFound(foundWords(Object.keys(read)));
              }}
            />
          )}
        </Field>
        <p role="status" className="text-sm empty:hidden">
          {found}
        </p>

        <fieldset className="grid gap-4">
          <div className="flex items-center justify-between gap-3">
            <legend className="contents text-sm font-semibold">The session</legend>
            <Button size="small" look="quiet" aria-pressed={shown} onClick={() => setShown(!shown)}>
              {shown ? "Hide values" : "Show values"}
            </Button>
          </div>
          {sessionFields.map(({ name, label, help, required, maxLength }) => (
            <Field
              key={name}
              label={required ? label : `${label} (optional)`}
              hint={help}
              error={problems[`fields.${name}`]}
            >
              {(control) => (
                <Input
                  {...control}
                  type={shown ? "text" : "password"}
                  autoComplete="off"
                  autoCapitalize="off"
                  spellCheck={false}
                  required={required}
                  // A two-factor cookie may be pasted with its name.
                  maxLength={name === "auth_id" || name === "x_bc" ? maxLength + 2 : maxLength + 40}
                  className="numbers"
                  value={values[name]}
                  onChange={(event) => setValues({ ...values, [name]: event.target.value })}
                />
              )}
            </Field>
          ))}
        </fieldset>

        <fieldset className="grid gap-3">
          <legend className="contents text-sm font-semibold">Checking it</legend>
          <p className="text-sm text-ink-soft">
            Carillon can ask OnlyFans once whether the session is good. Every request from a server is
            noticed, so it is up to you: without it the session is stored, not checked. It is never asked by
            itself, and never twice.
          </p>
          <Checkbox
            checked={check && canCheck}
            disabled={!canCheck}
            onChange={(event) => setCheck(event.target.checked)}
          >
            Check it once, now
          </Checkbox>
          <details
            className="rounded-md border border-line px-3 py-2 text-sm"
            open={Boolean(problems["rules"])}
          >
            <summary className="cursor-pointer font-medium">
              {hasRules ? "Use a signing-rules file of my own" : "To check it, bring a signing-rules file"}
            </summary>
            <div className="pt-3">
              <Field
                label="Signing rules (JSON, optional)"
                hint="OnlyFans wants requests signed by rules that change every few days. They are used for this one check and not kept."
                error={problems["rules"]}
              >
                {(control) => (
                  <Textarea
                    {...control}
                    rows={3}
                    className="numbers"
                    spellCheck={false}
                    value={rules}
                    onChange={(event) => setRules(event.target.value)}
                  />
                )}
              </Field>
            </div>
          </details>
        </fieldset>

        <Checkbox
          className="items-start text-sm"
          required
          checked={consent}
          onChange={(event) => setConsent(event.target.checked)}
        >
          <span>
            This is my own account. I know that OnlyFans may restrict it for this, and I want Carillon to keep
            this session.
          </span>
        </Checkbox>
        {store.error && (
          <Notice tone="bad" role="alert">
            {sentence(store.error)}
          </Notice>
        )}
        <Button type="submit" look="primary" busy={store.isPending} disabled={!consent}>
          {check && canCheck ? "Store and check once" : "Store without checking"}
        </Button>
      </form>
    </>
  );
}

const useStore = () =>
  useMutation({
    mutationFn: (body: ConnectSession) => api<ConnectionDto>("/api/connections", { method: "POST", body }),
    onSuccess: (_answer, _body, _before, { client }) =>
      client.invalidateQueries({ queryKey: connectionQueries.all() }),
  });

function foundWords(names: string[]): string {
  if (names.length === 0)
    return "None of the values is in that. Copy the request named me, or fill the fields by hand.";
  const missing = sessionFields.filter(({ name, required }) => required && !names.includes(name));
  const labels = sessionFields.filter(({ name }) => names.includes(name)).map(({ label }) => label);
  return (
    `Filled in: ${labels.join(", ")}.` +
    (missing.length > 0 ? ` Still to find: ${missing.map(({ label }) => label).join(", ")}.` : "")
  );
}

/** What is wrong, by the path of the field. */
function problemsIn(error: unknown): Record<string, string> {
  const details = error instanceof ApiError ? error.details : null;
  const issues = typeof details === "object" && details && "issues" in details ? details.issues : [];
  return Object.fromEntries(
    (Array.isArray(issues) ? issues : []).flatMap((issue: unknown) =>
      typeof issue === "object" && issue && "path" in issue && "message" in issue
        ? [[String(issue.path), String(issue.message)]]
        : [],
    ),
  );
}
