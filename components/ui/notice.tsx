import { cva } from "class-variance-authority";
import { CircleAlert, CircleCheck, Info, TriangleAlert } from "lucide-react";
import type { ComponentProps, ReactNode } from "react";

const noticeStyle = cva("flex gap-3 rounded-lg border px-4 py-3 text-sm", {
  variants: {
    tone: {
      info: "border-line bg-sunken text-ink",
      good: "border-good/30 bg-good-soft text-good",
      warn: "border-warn/30 bg-warn-soft text-warn",
      bad: "border-bad/30 bg-bad-soft text-bad",
    },
  },
});

const ICONS = { info: Info, good: CircleCheck, warn: TriangleAlert, bad: CircleAlert };

type Props = Omit<ComponentProps<"div">, "title"> & {
  tone: keyof typeof ICONS;
  title?: ReactNode;
  actions?: ReactNode;
};

/** What happened and what to do next, in the place it is about. */
export function Notice({ tone, title, actions, children, className, ...rest }: Props) {
  const Icon = ICONS[tone];
  return (
    <div {...rest} className={noticeStyle({ tone, className })}>
      <Icon aria-hidden className="mt-0.5 size-4.5 shrink-0" />
      <div className="grid min-w-0 grow gap-2 break-words">
        {title && <p className="font-semibold">{title}</p>}
        {children && <div>{children}</div>}
        {actions && <div className="flex flex-wrap gap-2">{actions}</div>}
      </div>
    </div>
  );
}
