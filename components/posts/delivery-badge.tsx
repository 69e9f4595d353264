import {
  CircleCheck,
  CircleDashed,
  CircleHelp,
  CircleSlash,
  CircleX,
  Clock,
  LoaderCircle,
  type LucideIcon,
} from "lucide-react";
import { wordsOf } from "@/components/posts/words";
import { Badge } from "@/components/ui/badge";
import type { DeliveryDto, DeliveryState } from "@/lib/posts/schema";

const ICONS: Record<DeliveryState, LucideIcon> = {
  scheduled: Clock,
  queued: CircleDashed,
  sending: LoaderCircle,
  processing: LoaderCircle,
  published: CircleCheck,
  failed: CircleX,
  uncertain: CircleHelp,
  cancelled: CircleSlash,
};

/** A delivery's state as a word, with a sign for the eye. */
export function DeliveryBadge({ delivery }: { delivery: Pick<DeliveryDto, "state" | "removedAt"> }) {
  const { label, tone } = wordsOf(delivery);
  const Icon = delivery.removedAt ? CircleSlash : ICONS[delivery.state];
  const turns = delivery.state === "sending" || delivery.state === "processing";
  return (
    <Badge tone={tone}>
      <Icon aria-hidden className={turns ? "animate-spin" : undefined} />
      {label}
    </Badge>
  );
}
