import { MessageCircle } from "lucide-react";
import { EmptyState } from "@/components/ui/empty-state";
import { ExternalLink } from "@/components/ui/external-link";

/** Everything listens, and nobody has written yet. In the sandbox one can write oneself. */
export const FirstMessage = ({ sandboxUrl }: { sandboxUrl: string | null }) => (
  <EmptyState
    icon={MessageCircle}
    title="Nothing has come in yet"
    actions={
      sandboxUrl && (
        <ExternalLink href={`${sandboxUrl}/_sandbox/phone`} asButton={{ look: "primary" }}>
          Write as a customer
        </ExternalLink>
      )
    }
  >
    Messages and comments appear here as people write them.
    {sandboxUrl && " In this sandbox, you are the people too."}
  </EmptyState>
);
