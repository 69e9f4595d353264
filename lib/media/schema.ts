import { z } from "zod";
import type { MediaKind } from "@/lib/platforms/contract";

/** The words files travel in, between browser, routes and verbs. */

/** What may be uploaded, by what the file is and not by its name. */
export const uploadable: Record<MediaKind, string[]> = {
  image: ["image/jpeg", "image/png", "image/webp", "image/avif", "image/tiff"],
  gif: ["image/gif"],
  video: ["video/mp4", "video/quicktime", "video/webm"],
  document: ["application/pdf"],
};

const MB = 1024 * 1024;
/** Largest file of each kind, in bytes. */
export const maxUploadBytes: Record<MediaKind, number> = {
  image: 50 * MB,
  gif: 50 * MB,
  video: 4096 * MB,
  document: 100 * MB,
};

/** Most files one person may keep. */
export const MAX_FILES = 2_000;
/** Most pixels a picture may unfold to: a small file can hold a huge one. */
export const MAX_PIXELS = 100_000_000;
export const MAX_ALT = 2_000;

export type MediaDto = {
  id: string;
  kind: MediaKind;
  mimeType: string;
  filename: string;
  bytes: number;
  /** Pixels, upright; null where the file does not say. */
  width: number | null;
  height: number | null;
  durationMs: number | null;
  /** What it shows, for those who cannot see it. Offered wherever the file is used. */
  alt: string;
  createdAt: string;
  /** A small picture of it for our own pages; null for videos and documents. */
  previewUrl: string | null;
  /** The file itself, for its owner only. */
  fileUrl: string;
};

/** GET /api/media: newest first. */
export type MediaPage = { media: MediaDto[]; nextCursor: string | null };

export const ListMedia = z.object({
  cursor: z.uuid().optional(),
  kind: z.enum(["image", "gif", "video", "document"]).optional(),
});
export type ListMedia = z.infer<typeof ListMedia>;

/** PATCH /api/media/[id] */
export const ChangeMedia = z.object({ alt: z.string().max(MAX_ALT) });
export type ChangeMedia = z.infer<typeof ChangeMedia>;

/** A file in a post: which one, and what it shows there. An absent `alt` is the library's. */
export const MediaRef = z.object({
  id: z.uuid({ error: "This is not the id of a file here." }),
  alt: z.string().max(MAX_ALT, `A description has at most ${MAX_ALT} characters.`).optional(),
});
export type MediaRef = z.infer<typeof MediaRef>;
