import { z } from "zod";
import { type Access, type MediaFile, PlatformError } from "../contract";
import { call, type Kit } from "../kit";
import { ask, userAgent } from "./api";
import { explainUpload } from "./errors";
import { POSTER } from "./poster";

/** Bringing files to Reddit's store: a lease says where to and with which fields. Nobody sees them before a post names them. */

/** A file as Reddit has it: an image or video post names its address, a gallery its id. Neither is signed. */
export const Asset = z.object({ id: z.string(), url: z.string() });
export type Asset = z.infer<typeof Asset>;

/** Sends one file, whole. The lease is used once and kept nowhere. @throws PlatformError */
export async function uploadFile(kit: Kit, access: Access, file: Upload): Promise<Asset> {
  const { args, asset } = await ask(kit, access, {
    method: "POST",
    path: "/api/media/asset.json",
    form: { filepath: file.filename, mimetype: file.mimeType },
    answer: Lease,
  });
  const action = `https:${args.action.replace(/^https?:/, "")}`;
  const key = args.fields.find(({ name }) => name === "key")?.value;
  if (key === undefined) {
    throw new PlatformError("unavailable", "Reddit answered something we could not read.", {
      code: "unreadable",
    });
  }
  await call(kit, {
    method: "POST",
    url: action,
    // The store reads the fields in their order, and nothing after the file.
    multipart: [
      ...args.fields,
      {
        name: "file",
        filename: file.filename,
        type: file.mimeType,
        bytes: file.bytes,
        open: () => file.open(),
      },
    ],
    headers: { "user-agent": userAgent(kit) },
    answer: z.unknown(),
    effect: "read",
    explain: explainUpload,
  });
  return { id: asset.asset_id, url: `${action.replace(/\/$/, "")}/${key}` };
}

/** The picture shown before a video plays. Nobody chose one, so it says nothing. */
export const poster: Pick<MediaFile, "filename" | "mimeType" | "bytes" | "open"> = {
  filename: "poster.jpg",
  mimeType: "image/jpeg",
  bytes: POSTER.byteLength,
  async *open() {
    yield POSTER;
  },
};

type Upload = Pick<MediaFile, "filename" | "mimeType" | "bytes" | "open">;

const Lease = z.object({
  args: z.object({
    action: z.string().regex(/^(?:https?:)?\/\/[^/]/),
    fields: z.array(z.object({ name: z.string(), value: z.string() })),
  }),
  asset: z.object({ asset_id: z.string().min(1) }),
});
