import { SearchX } from "lucide-react";
import Link from "next/link";
import { PageHead } from "@/components/shell";
import { buttonStyle } from "@/components/ui/button-style";
import { EmptyState } from "@/components/ui/empty-state";

export default function NotFound() {
  return (
    <>
      <PageHead title="Not found" />
      <EmptyState
        icon={SearchX}
        title="There is nothing here"
        actions={
          <Link href="/dashboard" className={buttonStyle({ look: "primary" })}>
            Go to the dashboard
          </Link>
        }
      >
        The address may be old or mistyped, or what was here has been removed.
      </EmptyState>
    </>
  );
}
