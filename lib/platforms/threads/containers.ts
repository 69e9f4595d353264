import { z } from "zod";
import { type Access, PlatformError } from "../contract";
import { type Kit, RemoteId } from "../kit";
import { isNotVisible } from "./errors";
import { graph } from "./graph";
import type { Form } from "./parts";

/** Containers: what Threads prepares before anybody can see it. */

const Container = z.object({
  status: z.enum(["IN_PROGRESS", "FINISHED", "PUBLISHED", "ERROR", "EXPIRED"]),
  error_message: z.string().optional(),
});
export type Container = z.infer<typeof Container> | { status: "MISSING"; error_message?: undefined };

export const Created = z.object({ id: RemoteId });

/** Threads may fetch the file while it makes the container. */
const FETCH_TIMEOUT_MS = 90_000;

/** @returns the container's id. @throws PlatformError */
export async function makeContainer(kit: Kit, access: Access, form: Form): Promise<string> {
  const { id } = await graph(kit, access, {
    method: "POST",
    path: `${encodeURIComponent(access.remoteId)}/threads`,
    form,
    answer: Created,
    timeoutMs: FETCH_TIMEOUT_MS,
  });
  return id;
}

/** @throws PlatformError */
export async function containerOf(kit: Kit, access: Access, containerId: string): Promise<Container> {
  try {
    return await graph(kit, access, {
      method: "GET",
      path: encodeURIComponent(containerId),
      query: { fields: "status,error_message" },
      answer: Container,
    });
  } catch (error) {
    if (isNotVisible(error)) return { status: "MISSING" };
    throw error;
  }
}

/** Why a container could not be prepared, and whether another one may fare better. */
export function containerFailure({ error_message: code }: Container): {
  error: PlatformError;
  again: boolean;
} {
  if (code === undefined || code === "UNKNOWN") return { error: notPrepared(), again: true };
  if (code === "FAILED_DOWNLOADING_VIDEO") {
    const message = "Threads could not fetch a video of this post from us. Try again later.";
    return { error: new PlatformError("unavailable", message, { code }), again: true };
  }
  const message = BY_CODE[code] ?? `Threads could not prepare this post (${code}).`;
  return { error: new PlatformError("rejected", message, { code }), again: false };
}

export const notPrepared = () =>
  new PlatformError("unavailable", "Threads could not prepare this post. Try again later.", {
    code: "container",
  });

const RATIO = "Threads does not take a file of this shape. Crop it to between 1:100 and 10:1.";
const CHANNELS = "Threads does not take this video's sound. Export it with AAC in stereo or mono.";

const BY_CODE: Record<string, string> = {
  FAILED_PROCESSING_AUDIO: "Threads could not process this video's sound. Export it with AAC.",
  FAILED_PROCESSING_VIDEO: "Threads could not process this video. Export it as MP4 with H.264 and AAC.",
  // Threads spells it so; the other spelling is for the day they notice.
  INVALID_ASPEC_RATIO: RATIO,
  INVALID_ASPECT_RATIO: RATIO,
  INVALID_BIT_RATE: "Threads takes videos of up to 100 Mbit a second. Export this one with a lower bit rate.",
  INVALID_DURATION: "Threads takes videos of up to 5 minutes. Shorten this one.",
  INVALID_FRAME_RATE: "Threads takes videos of 23 to 60 frames a second. Export this one with such a rate.",
  INVALID_AUDIO_CHANNELS: CHANNELS,
  INVALID_AUDIO_CHANNEL_LAYOUT: CHANNELS,
};
