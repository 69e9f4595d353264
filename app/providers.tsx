"use client";

import { CSPProvider } from "@base-ui/react/csp-provider";
import { QueryClientProvider } from "@tanstack/react-query";
import { ThemeProvider } from "next-themes";
import type { ReactNode } from "react";
import { Toasts } from "@/components/ui/toast";
import { getQueryClient } from "@/lib/query-client";

export function Providers({ nonce, children }: { nonce: string | undefined; children: ReactNode }) {
  return (
    <CSPProvider nonce={nonce}>
      <ThemeProvider attribute="data-theme" disableTransitionOnChange {...(nonce && { nonce })}>
        <QueryClientProvider client={getQueryClient()}>
          <Toasts>{children}</Toasts>
        </QueryClientProvider>
      </ThemeProvider>
    </CSPProvider>
  );
}
