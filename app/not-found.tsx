import Link from "next/link";
import { AuthShell } from "@/components/auth/auth-shell";
import { buttonStyle } from "@/components/ui/button-style";

export default function NotFound() {
  return (
    <AuthShell
      title="There is nothing here"
      lead="The address may be old or mistyped, or what was here has been removed."
    >
      <Link href="/" className={buttonStyle({ look: "primary" })}>
        Go to the beginning
      </Link>
    </AuthShell>
  );
}
