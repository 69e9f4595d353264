"use client";

import { Eye, EyeOff } from "lucide-react";
import { useState } from "react";
import { Button } from "@/components/ui/button";
import { Field, Input } from "@/components/ui/field";

type Props = {
  label?: string;
  autoComplete: "current-password" | "new-password";
  error?: string | undefined;
};

/** The shortest password the server takes. */
export const MIN_LENGTH = 8;

export function PasswordField({ label = "Password", autoComplete, error }: Props) {
  const [shown, setShown] = useState(false);
  const isNew = autoComplete === "new-password";
  return (
    <Field
      label={label}
      error={error}
      hint={
        isNew &&
        "At least 8 characters; 15 or more are better. A few unrelated words work well, and pasting is welcome."
      }
    >
      {(control) => (
        <div className="relative">
          <Input
            {...control}
            name="password"
            type={shown ? "text" : "password"}
            autoComplete={autoComplete}
            required
            maxLength={128}
            className="pr-11"
          />
          <Button
            look="quiet"
            size="icon"
            aria-label={shown ? "Hide what is typed" : "Show what is typed"}
            className="absolute top-0.5 right-0.5"
            onClick={() => setShown(!shown)}
          >
            {shown ? <EyeOff aria-hidden className="size-4" /> : <Eye aria-hidden className="size-4" />}
          </Button>
        </div>
      )}
    </Field>
  );
}
