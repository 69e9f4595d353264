/** Calls when the element comes into view. */
export const whenSeen = (seen: () => void) => (element: HTMLElement | null) => {
  if (!element) return;
  const observer = new IntersectionObserver((entries) => {
    if (entries.some(({ isIntersecting }) => isIntersecting)) seen();
  });
  observer.observe(element);
  return () => observer.disconnect();
};
