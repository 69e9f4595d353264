import { cva, type VariantProps } from "class-variance-authority";

/** The look of everything that is pressed, links included. */
export const buttonStyle = cva(
  "inline-flex shrink-0 items-center justify-center gap-2 rounded-md border font-medium whitespace-nowrap transition-colors select-none disabled:cursor-not-allowed disabled:opacity-60 aria-disabled:cursor-not-allowed aria-disabled:opacity-60",
  {
    variants: {
      look: {
        primary: "border-transparent bg-accent text-accent-ink hover:not-disabled:bg-accent-strong",
        plain: "border-control/60 bg-surface text-ink hover:not-disabled:bg-sunken",
        quiet: "border-transparent bg-transparent text-ink-soft hover:not-disabled:bg-sunken hover:text-ink",
        danger: "border-transparent bg-bad text-surface hover:not-disabled:opacity-90",
      },
      size: {
        small: "h-8 px-3 text-[0.8125rem]",
        normal: "h-10 px-4 text-sm",
        icon: "size-9 p-0",
      },
    },
    defaultVariants: { look: "plain", size: "normal" },
  },
);

export type ButtonStyle = VariantProps<typeof buttonStyle>;
