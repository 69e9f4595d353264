"use client";

import { useMutation } from "@tanstack/react-query";
import { CircleUserRound, LogOut, Settings } from "lucide-react";
import { useTheme } from "next-themes";
import { Button } from "@/components/ui/button";
import { Menu, MenuChoice, MenuItem, MenuLink, MenuSeparator, MenuTrigger } from "@/components/ui/menu";
import { useAwake } from "@/components/ui/time";
import { warn } from "@/components/ui/toast";
import { api, sentence } from "@/lib/http/api";

const themes = [
  { value: "system", label: "As the device" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
];

export function UserMenu({ name, email }: { name: string; email: string }) {
  const { theme, setTheme } = useTheme();
  const awake = useAwake();
  const signOut = useMutation({
    mutationFn: () => api<unknown>("/api/auth/sign-out", { method: "POST", body: {} }),
    // A full load: nothing this person saw stays in the tab's memory.
    onSuccess: () => window.location.assign("/sign-in"),
    onError: (error) => warn({ title: "You are still signed in", description: sentence(error) }),
  });
  return (
    <Menu
      trigger={
        <MenuTrigger
          render={<Button look="quiet" busy={signOut.isPending} />}
          aria-label={`Your account, ${name}`}
          className="max-w-full gap-2.5 px-2 md:justify-start"
        >
          <CircleUserRound aria-hidden className="size-5" strokeWidth={1.75} />
          <span className="hidden truncate text-ink md:inline">{name}</span>
        </MenuTrigger>
      }
    >
      <div className="px-2.5 py-1.5 text-sm">
        <p className="font-medium">{name}</p>
        <p className="break-all text-ink-soft">{email}</p>
      </div>
      <MenuSeparator />
      <MenuChoice
        label="Light or dark"
        value={awake ? (theme ?? "system") : "system"}
        choices={themes}
        onChange={setTheme}
      />
      <MenuSeparator />
      <MenuLink href="/settings">
        <Settings aria-hidden className="size-4" />
        Settings
      </MenuLink>
      <MenuItem onClick={() => signOut.mutate()}>
        <LogOut aria-hidden className="size-4" />
        Sign out
      </MenuItem>
    </Menu>
  );
}
