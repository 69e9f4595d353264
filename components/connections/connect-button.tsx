"use client";

import type { ReactNode } from "react";
import { useConnect } from "@/components/connections/use-connect";
import { Button } from "@/components/ui/button";
import type { ButtonStyle } from "@/components/ui/button-style";
import type { ConnectRequest } from "@/lib/connections/queries";

type Props = { request: ConnectRequest; style?: ButtonStyle; children: ReactNode };

/** Begins a connection, or renews one. */
export function ConnectButton({ request, style, children }: Props) {
  const { connect, busy } = useConnect();
  return (
    <Button {...style} busy={busy} onClick={() => connect(request)}>
      {children}
    </Button>
  );
}
