import { Check } from "lucide-react";
import Link from "next/link";
import { buttonStyle } from "@/components/ui/button-style";
import { Card } from "@/components/ui/card";

const steps = [
  {
    title: "Connect an account",
    body: "You agree on the platform's own page. Carillon never sees your password, and you can take it back.",
    href: "/settings/integrations",
    action: "Connect an account",
  },
  {
    title: "Write a post",
    body: "Once for all accounts, with differences where you want them. Lengths are counted as each platform counts.",
    href: "/compose",
    action: "Write a post",
  },
  {
    title: "See what happened",
    body: "Each account reports for itself: published, failed, or not confirmed, and what to do then.",
    href: "/posts",
    action: "See your posts",
  },
];

/** The way in for someone new: three steps, and where they are. */
export function FirstRun({ connected, posted }: { connected: boolean; posted: boolean }) {
  const at = !connected ? 0 : !posted ? 1 : 2;
  return (
    <Card className="grid gap-5 p-5 sm:p-6">
      <h2 className="text-lg font-semibold">Ring every bell from one keyboard</h2>
      <ol className="grid gap-5 md:grid-cols-3">
        {steps.map(({ title, body, href, action }, index) => (
          <li
            key={title}
            className="grid content-start gap-2"
            aria-current={index === at ? "step" : undefined}
          >
            <span
              aria-hidden
              className={`numbers grid size-7 place-items-center rounded-full ${index <= at ? "bg-accent text-accent-ink" : "bg-sunken text-ink-soft"}`}
            >
              {index < at ? <Check className="size-4" /> : index + 1}
            </span>
            <h3 className="font-medium">
              {title}
              {index < at && <span className="sr-only"> (done)</span>}
            </h3>
            <p className="text-sm text-ink-soft">{body}</p>
            {index === at && (
              <Link href={href} className={buttonStyle({ look: "primary", className: "justify-self-start" })}>
                {action}
              </Link>
            )}
          </li>
        ))}
      </ol>
    </Card>
  );
}
