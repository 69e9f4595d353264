"use client";

import { useMutation } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { useState } from "react";
import { PasswordField } from "@/components/auth/password-field";
import { Section } from "@/components/settings/section";
import { Button } from "@/components/ui/button";
import { buttonStyle } from "@/components/ui/button-style";
import { Dialog } from "@/components/ui/dialog";
import { Field, Input } from "@/components/ui/field";
import { Notice } from "@/components/ui/notice";
import { authClient } from "@/lib/auth-client";

type Props = {
  /** What must be typed to leave. */
  email: string;
  /** Whether they sign in with a password, which is then asked for once more. */
  hasPassword: boolean;
};

/** What belongs to a person: all of it as a file, and the way out. */
export function YourData({ email, hasPassword }: Props) {
  const [leaving, setLeaving] = useState(false);
  return (
    <div className="grid gap-6">
      <Section
        title="Export everything"
        lead="One JSON file with your posts and what became of each, your accounts and conversations, your list of files, notices and activity. It holds no passwords and no keys to your accounts."
      >
        {/* A download, not a page: the browser asks where to keep it. */}
        <a href="/api/export" download className={buttonStyle({ className: "justify-self-start" })}>
          <Download aria-hidden className="size-4" />
          Export your data
        </a>
      </Section>
      <Section
        title="Delete your Carillon account"
        lead="You leave for good, and everything of yours here goes with you. Posts that are out stay out."
      >
        <Button look="danger" className="justify-self-start" onClick={() => setLeaving(true)}>
          Delete your account
        </Button>
      </Section>
      {leaving && <LeaveDialog email={email} hasPassword={hasPassword} onClose={() => setLeaving(false)} />}
    </div>
  );
}

function LeaveDialog({ email, hasPassword, onClose }: Props & { onClose: () => void }) {
  const [typed, setTyped] = useState("");
  const matches = typed.trim().toLowerCase() === email.toLowerCase();
  const leave = useLeave();
  const refused = leave.data ?? null;
  return (
    <Dialog
      open
      onClose={onClose}
      title="Delete your Carillon account?"
      closeLabel="Stay"
      actions={
        <Button
          type="submit"
          form="leave"
          look="danger"
          disabled={!matches}
          busy={leave.isPending || (leave.isSuccess && !refused)}
        >
          Delete everything
        </Button>
      }
    >
      <ul className="grid list-disc gap-1.5 pl-5">
        <li>Every account is disconnected: platforms are asked to withdraw the permissions you gave.</li>
        <li>
          Where a platform cannot do that, remove Carillon in its settings; its keys here are destroyed.
        </li>
        <li>Posts, files, notices and activity are deleted here. What is scheduled will not go out.</li>
        <li>Posts that are out stay on the platforms.</li>
        <li>You are signed out everywhere. Nothing of this can be undone.</li>
      </ul>
      <form
        id="leave"
        className="grid gap-4 text-ink"
        onSubmit={(event) => {
          event.preventDefault();
          const password = new FormData(event.currentTarget).get("password");
          if (matches && !leave.isPending)
            leave.mutate(typeof password === "string" && password !== "" ? password : null);
        }}
      >
        <Field label={`Type ${email} to confirm`}>
          {(control) => (
            <Input
              {...control}
              value={typed}
              onChange={({ target }) => setTyped(target.value)}
              autoComplete="off"
              autoCapitalize="none"
              spellCheck={false}
            />
          )}
        </Field>
        {hasPassword && <PasswordField label="Your password" autoComplete="current-password" />}
        <div aria-live="polite">
          {(refused || leave.error) && (
            <Notice tone="bad" title="You are still here">
              {refused ?? "Carillon did not answer. Check your connection, then try again."}
            </Notice>
          )}
        </div>
      </form>
    </Dialog>
  );
}

/** Null when it is done, else why not. */
function useLeave() {
  return useMutation({
    mutationFn: async (password: string | null): Promise<string | null> => {
      const { error } = await authClient.deleteUser(password === null ? {} : { password });
      if (!error) return null;
      const { code, message } = error;
      return (code && REFUSALS[code]) ?? message ?? "That did not work. Try again in a moment.";
    },
    // A full load: nothing this person saw stays in the tab's memory.
    onSuccess: (refused) => {
      if (refused === null) window.location.assign("/sign-in");
    },
  });
}

const REFUSALS: Record<string, string> = {
  INVALID_PASSWORD: "This is not your password.",
  SESSION_EXPIRED: "You signed in more than a day ago. Sign out, sign in again, and come back here.",
};
