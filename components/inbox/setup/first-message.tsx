import { MessageCircle } from "lucide-react";
import { EmptyState } from "@/components/ui/empty-state";
import { ExternalLink } from "@/components/ui/external-link";

type Props = {
  sandboxUrl: string | null;
  /** Whether anything has ever come in. */
  isFirst: boolean;
};

/** Everything listens, and nobody waits. In the sandbox one can write oneself. */
export const FirstMessage = ({ sandboxUrl, isFirst }: Props) => (
  <EmptyState
    icon={MessageCircle}
    title={isFirst ? "Nothing has come in yet" : "Nobody waits"}
    actions={
      sandboxUrl && (
        <ExternalLink href={`${sandboxUrl}/_sandbox/phone`} asButton={{ look: "primary" }}>
          Write as a customer
        </ExternalLink>
      )
    }
  >
    {isFirst
      ? "Messages and comments appear here as people write them."
      : "All conversations are archived. When someone writes again, theirs is back."}
    {sandboxUrl && " In this sandbox, you are the people too."}
  </EmptyState>
);
