import type { ReactNode } from "react";
import { Shell } from "@/components/shell";
import { env } from "@/lib/env";
import { requireUser } from "@/lib/session";

export default async function DashboardLayout({ children }: { children: ReactNode }) {
  const { name, email } = await requireUser();
  return (
    <Shell user={{ name, email }} sandboxUrl={env().sandboxUrl}>
      {children}
    </Shell>
  );
}
