import { z } from "zod";
import { ApiError } from "@/lib/http/api";
import type { MediaKind } from "@/lib/platforms/contract";
import { type MediaDto, maxUploadBytes, uploadable } from "./schema";

/** Sending files to the library from the browser: by XMLHttpRequest, which alone tells how far it has come. */

type Options = {
  alt?: string;
  /** From 0 to 1. At 1 everything is sent, and the server looks at it. */
  onProgress?: (fraction: number) => void;
  signal?: AbortSignal;
};

/**
 * What can be seen without sending it is refused at once; the rest is for the server, which looks at the content.
 * @throws ApiError with the reason, status 0 when the line broke; DOMException AbortError when `signal` says so
 */
export async function uploadFile(file: File, { alt, onProgress, signal }: Options = {}): Promise<MediaDto> {
  refuseEarly(file);
  signal?.throwIfAborted();
  const form = new FormData();
  // Before the file: the server reads the form in order, and stops listening at the file.
  if (alt) form.append("alt", alt);
  form.append("file", file, file.name);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/api/media");
    request.setRequestHeader("accept", "application/json");
    request.upload.addEventListener("progress", ({ loaded, total }) => {
      if (total > 0) onProgress?.(loaded / total);
    });
    request.addEventListener("load", () => {
      const answer = read(request.responseText);
      // safe: this route's own answer; both ends share the type
      if (request.status === 201 && answer !== null) resolve(answer as MediaDto);
      else reject(refusal(request.status, answer));
    });
    request.addEventListener("error", () => reject(brokenOff()));
    request.addEventListener("abort", () => reject(new DOMException("Cancelled.", "AbortError")));
    signal?.addEventListener("abort", () => request.abort(), { once: true });
    request.send(form);
  });
}

/** For file pickers: what may be chosen. */
export const acceptedTypes = Object.values(uploadable).flat().join(",");

/** Names by which browsers call what the server knows under another. */
const ALIASES: Record<string, string> = {
  "image/jpg": "image/jpeg",
  "image/pjpeg": "image/jpeg",
  "image/apng": "image/png",
  "video/x-m4v": "video/mp4",
};

/** @throws ApiError when it is sure that the server would not take the file */
function refuseEarly({ type, size }: File): void {
  if (size === 0) throw early(422, "empty_file", "This file is empty. Choose another one.");
  if (/^image\/hei[cf]/.test(type)) {
    throw early(
      415,
      "unknown_file",
      "This is a HEIC picture. Save it as JPEG first; on an iPhone: Settings, Camera, Formats, Most Compatible.",
    );
  }
  const kind = kindOf(ALIASES[type] ?? type);
  if (type !== "" && !kind) {
    throw early(
      415,
      "unknown_file",
      "Carillon takes no files of this kind. Use JPEG, PNG, WebP, AVIF, TIFF, GIF, MP4, MOV, WebM or PDF.",
    );
  }
  const most = kind ? maxUploadBytes[kind] : Math.max(...Object.values(maxUploadBytes));
  if (size > most) {
    throw early(
      413,
      "too_large",
      `This file is larger than ${Math.round(most / (1024 * 1024))} MB, the most Carillon takes of its kind. Make it smaller and try again.`,
    );
  }
}

// safe: the keys of `uploadable` are the kinds
const kinds = Object.keys(uploadable) as MediaKind[];
const kindOf = (type: string): MediaKind | undefined => kinds.find((kind) => uploadable[kind].includes(type));

const early = (status: number, code: string, message: string): ApiError =>
  new ApiError(status, { code, message, remedy: null, details: null });

const Refusal = z.object({
  error: z.object({ code: z.string(), message: z.string(), remedy: z.string().nullish() }),
});

function refusal(status: number, answer: unknown): ApiError {
  const parsed = Refusal.safeParse(answer);
  if (!parsed.success) {
    return new ApiError(status, {
      code: `http_${status}`,
      message: `This file was not taken (${status}). Try again in a moment.`,
      remedy: "retry",
      details: null,
    });
  }
  const { code, message, remedy = null } = parsed.data.error;
  return new ApiError(status, { code, message, remedy, details: null });
}

function read(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

const brokenOff = (): ApiError =>
  new ApiError(0, {
    code: "no_answer",
    message: "The upload broke off. Check your connection, then try again.",
    remedy: "retry",
    details: null,
  });
