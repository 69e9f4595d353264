import { AuthShell } from "@/components/auth/auth-shell";

export default function NoSuchDeletion() {
  return (
    <AuthShell
      title="No deletion has this code"
      lead="Check the address for a missing letter: the code has 20 letters and digits. If it stays, send the wish to delete your data once more from the platform’s settings."
    >
      <p className="text-sm text-ink-soft">
        The code came with the platform’s answer to your wish. It is known to nobody but you.
      </p>
    </AuthShell>
  );
}
