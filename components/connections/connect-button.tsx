"use client";

import type { ReactNode, Ref } from "react";
import { useConnect } from "@/components/connections/use-connect";
import { Button } from "@/components/ui/button";
import type { ButtonStyle } from "@/components/ui/button-style";
import type { ConnectRequest } from "@/lib/connections/queries";

type Props = {
  request: ConnectRequest;
  style?: ButtonStyle;
  ref?: Ref<HTMLButtonElement>;
  children: ReactNode;
};

/** Begins a connection, or renews one. */
export function ConnectButton({ request, style, ref, children }: Props) {
  const { connect, busy } = useConnect();
  return (
    <Button {...style} ref={ref} busy={busy} onClick={() => connect(request)}>
      {children}
    </Button>
  );
}
