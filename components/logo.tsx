/** The bell and the name. */
export const Logo = () => (
  <span className="inline-flex items-center gap-2 text-lg font-semibold tracking-tight">
    <svg aria-hidden viewBox="0 0 32 32" className="size-7 text-accent" fill="currentColor">
      <path d="M16 3.5a2 2 0 0 1 2 2v.8c4 .9 6.5 4.3 6.5 8.6V19l2.1 3.3c.6 1-.1 2.2-1.2 2.2H6.6c-1.1 0-1.8-1.2-1.2-2.2L7.5 19v-4.1c0-4.3 2.5-7.7 6.5-8.6v-.8a2 2 0 0 1 2-2Zm-3.2 22.8h6.4a3.2 3.2 0 0 1-6.4 0Z" />
    </svg>
    Carillon
  </span>
);
