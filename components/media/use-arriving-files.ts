"use client";

import { type RefObject, useEffect, useRef, useState } from "react";

/**
 * Files that are pasted or dropped around a box: anywhere in its form, or on the page where there is no form. Where a form has
 * several such boxes, they come to the one in the same section or dialog, else to the first.
 * @returns whether files hover above right now
 */
export function useArrivingFiles(
  box: RefObject<HTMLElement | null>,
  onFiles: (files: File[]) => void,
): boolean {
  const [hovering, setHovering] = useState(false);
  const latest = useRef(onFiles);
  useEffect(() => {
    latest.current = onFiles;
  });

  useEffect(() => {
    const host = box.current?.closest("form") ?? document;
    const isMine = ({ target }: Event) => boxFor(target, host) === box.current;
    const listeners = new AbortController();
    const listen = <K extends "paste" | "dragover" | "dragleave" | "drop">(
      type: K,
      listener: (event: DocumentEventMap[K]) => void,
    ) =>
      // safe: both kinds of host know these events under these names
      host.addEventListener(type, listener as EventListener, { signal: listeners.signal });

    listen("paste", (event) => {
      const files = [...(event.clipboardData?.files ?? [])];
      // Programs put a picture beside what they copy: in a text box, the words are what was meant.
      const isWords = isTextBox(event.target) && event.clipboardData?.getData("text/plain") !== "";
      if (files.length === 0 || isWords || !isMine(event)) return;
      event.preventDefault();
      latest.current(files);
    });
    listen("dragover", (event) => {
      if (!bringsFiles(event.dataTransfer)) return;
      // Without this the browser would open the file in place of the page.
      event.preventDefault();
      setHovering(isMine(event));
    });
    listen("dragleave", (event) => {
      const to = event.relatedTarget;
      if (!(to instanceof Node && host.contains(to))) setHovering(false);
    });
    listen("drop", (event) => {
      setHovering(false);
      if (!bringsFiles(event.dataTransfer)) return;
      event.preventDefault();
      const files = [...(event.dataTransfer?.files ?? [])];
      if (files.length > 0 && isMine(event)) latest.current(files);
    });
    return () => listeners.abort();
  }, [box]);

  return hovering;
}

/** Marks a box that takes files. */
export const arrivalBox = { "data-takes-files": "" };

const BOX = "[data-takes-files]";

function boxFor(target: EventTarget | null, host: Element | Document): Element | null {
  const element = target instanceof Element ? target : null;
  return (
    element?.closest(BOX) ??
    element?.closest("section, [role=dialog]")?.querySelector(BOX) ??
    host.querySelector(BOX)
  );
}

const bringsFiles = (transfer: DataTransfer | null): boolean => transfer?.types.includes("Files") ?? false;

const isTextBox = (target: EventTarget | null): boolean =>
  target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;
