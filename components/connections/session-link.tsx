import Link from "next/link";
import type { ReactNode, Ref } from "react";
import { type ButtonStyle, buttonStyle } from "@/components/ui/button-style";

type Props = {
  connection?: string;
  /** Load the page anew, when it is the one we are on. */
  reload?: true;
  style?: ButtonStyle;
  ref?: Ref<HTMLAnchorElement>;
  children: ReactNode;
};

/** To the page where a session is pasted: where others have a consent page. */
export function SessionLink({ connection, reload, style, ref, children }: Props) {
  const href = connection ? `/of/connect?connection=${connection}` : "/of/connect";
  const className = buttonStyle(style);
  return reload ? (
    <a ref={ref} href={href} className={className}>
      {children}
    </a>
  ) : (
    <Link ref={ref} href={href} className={className}>
      {children}
    </Link>
  );
}
