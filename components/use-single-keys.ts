"use client";

import { useEffect, useRef } from "react";

/**
 * Single keys, as one presses them between words: silent while typing, in dialogs and menus, with a modifier, and for those
 * who switched them off (WCAG 2.1.4).
 */
const OFF = "carillon.shortcuts.off";

export const singleKeysAreOff = (): boolean => localStorage.getItem(OFF) === "1";

export const switchSingleKeys = (to: "on" | "off"): void =>
  localStorage.setItem(OFF, to === "off" ? "1" : "0");

/** What answers is told each press; a press that it answered is claimed with preventDefault. */
export function useSingleKeys(answer: (event: KeyboardEvent) => void): void {
  const latest = useRef(answer);
  useEffect(() => {
    latest.current = answer;
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.metaKey || event.ctrlKey || event.altKey || event.defaultPrevented) return;
      if (isTyping(event.target) || singleKeysAreOff()) return;
      latest.current(event);
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable ||
    target.closest("input, textarea, select, [role=dialog], [role=menu]") !== null);
