import { ExternalLink as Icon } from "lucide-react";
import type { ReactNode } from "react";
import { type ButtonStyle, buttonStyle } from "@/components/ui/button-style";

type Props = { href: string; children: ReactNode; asButton?: ButtonStyle };

/** A way out to a platform. An address that is not http(s) is shown as words, never as a link. */
export function ExternalLink({ href, children, asButton }: Props) {
  if (!isWeb(href)) return <span>{children}</span>;
  return (
    <a
      href={href}
      target="_blank"
      rel="noreferrer noopener"
      className={
        asButton
          ? buttonStyle(asButton)
          : "inline-flex items-center gap-1 font-medium text-accent underline underline-offset-3 hover:text-accent-strong"
      }
    >
      {children}
      <Icon aria-hidden className="size-3.5" />
      <span className="sr-only">(opens in a new tab)</span>
    </a>
  );
}

const isWeb = (href: string): boolean => /^https?:$/.test(URL.parse(href)?.protocol ?? "");
