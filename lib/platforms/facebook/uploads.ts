import { z } from "zod";
import { type Access, type MediaFile, PlatformError } from "../contract";
import { call, type FormPart, type Kit, RemoteId } from "../kit";
import { Done, explainGraph } from "../meta";
import { explainPage } from "./errors";
import { ask, edge } from "./page";
import type { Progress } from "./progress";

/** Bringing files to Facebook. Nothing here can be seen by anyone, so all of it may be done again. */

/** The parts of a photo's own call: its file and what it shows. */
export const photoParts = (photo: MediaFile, fields: Record<string, string | undefined>): FormPart[] => [
  ...Object.entries({ ...fields, alt_text_custom: photo.alt || undefined }).flatMap(([name, value]) =>
    value === undefined ? [] : [{ name, value }],
  ),
  {
    name: "source",
    filename: photo.filename,
    type: photo.mimeType,
    bytes: photo.bytes,
    open: () => photo.open(),
  },
];

/** Sends a photo that stays unpublished, for about a day. @returns its id */
export async function uploadPhoto(kit: Kit, access: Access, photo: MediaFile): Promise<string> {
  const { id } = await ask(kit, access, {
    method: "POST",
    path: edge(access, "photos"),
    multipart: photoParts(photo, { published: "false" }),
    answer: z.object({ id: RemoteId }),
  });
  return id;
}

const Offset = z.union([z.number(), z.string().regex(/^\d+$/).transform(Number)]);
const Offsets = z.object({ start_offset: Offset, end_offset: Offset });
const Started = Offsets.extend({ video_id: RemoteId, upload_session_id: RemoteId });

type Video = NonNullable<Progress["video"]>;

/** Begins to send a video in pieces, whose size Facebook decides. */
export async function startVideo(kit: Kit, access: Access, file: MediaFile): Promise<Video> {
  const started = await ask(kit, access, {
    method: "POST",
    path: edge(access, "videos"),
    form: { upload_phase: "start", file_size: String(file.bytes) },
    answer: Started,
  });
  return {
    id: started.video_id,
    session: started.upload_session_id,
    start: started.start_offset,
    end: started.end_offset,
  };
}

/** Sends the piece that Facebook wants next. */
export async function transferPiece(kit: Kit, access: Access, file: MediaFile, video: Video): Promise<Video> {
  const { start } = video;
  const end = Math.min(video.end, file.bytes);
  const next = await ask(kit, access, {
    method: "POST",
    path: edge(access, "videos"),
    multipart: [
      { name: "upload_phase", value: "transfer" },
      { name: "upload_session_id", value: video.session ?? "" },
      { name: "start_offset", value: String(start) },
      {
        name: "video_file_chunk",
        filename: file.filename,
        type: file.mimeType,
        bytes: end - start,
        open: () => file.open(start, end),
      },
    ],
    answer: Offsets,
  });
  return { ...video, start: next.start_offset, end: next.end_offset };
}

/** Facebook wants no more: the next piece would be empty. */
export const isWhole = (file: MediaFile, { start, end }: Video): boolean =>
  start >= file.bytes || start >= end;

const Opened = z.object({ video_id: RemoteId, upload_url: z.url() });

/** Sends a whole video for a reel or a story. The address it goes to is used once and kept nowhere. @returns its id */
export async function uploadWhole(
  kit: Kit,
  access: Access,
  file: MediaFile,
  to: "video_reels" | "video_stories",
): Promise<string> {
  const { video_id, upload_url } = await ask(kit, access, {
    method: "POST",
    path: edge(access, to),
    form: { upload_phase: "start" },
    answer: Opened,
  });
  const { accessToken } = access;
  const known = isFacebook(upload_url);
  // The token goes along, so it goes to nobody else.
  if (!known && !kit.sandboxed) {
    throw new PlatformError("unavailable", "Facebook answered something we could not read.", {
      code: "upload_url",
    });
  }
  await call(kit, {
    method: "POST",
    url: upload_url,
    handedOut: !known,
    headers: { authorization: `OAuth ${accessToken}`, offset: "0", file_size: String(file.bytes) },
    stream: { type: "application/octet-stream", bytes: file.bytes, open: () => file.open() },
    answer: Done,
    effect: "read",
    explain: (answer) => explainPage("definite")(answer) ?? explainGraph(accessToken, "definite")(answer),
  });
  return video_id;
}

function isFacebook(address: string): boolean {
  const { protocol, hostname } = new URL(address);
  return protocol === "https:" && hostname.endsWith(".facebook.com");
}
