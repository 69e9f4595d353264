import { z } from "zod";
import type { Access } from "../contract";
import { type Kit, RemoteId } from "../kit";
import { isMissing } from "../meta";
import { ask } from "./page";

/** How Facebook is getting on with a video. */

export type SeenVideo = {
  stage: "uploading" | "uploaded" | "processing" | "ready" | "failed" | "lost";
  /** It is out, or on its way out: the word to publish it has arrived. */
  publishing: "no" | "begun" | "done";
  postId: string | undefined;
  permalink: string | undefined;
  /** Why it failed, where Facebook says. */
  reason: { code?: number | undefined; message?: string | undefined };
};

/** null: Facebook knows no such video, or not yet. @throws PlatformError */
export async function seeVideo(kit: Kit, access: Access, id: string): Promise<SeenVideo | null> {
  try {
    const { status, post_id, permalink_url } = await ask(kit, access, {
      method: "GET",
      path: encodeURIComponent(id),
      query: { fields: "status,permalink_url,post_id" },
      answer: Video,
    });
    const publishing = status.publishing_phase?.status;
    return {
      stage: stageOf(status),
      // `publish_status` only says what is meant to become of it.
      publishing: post_id || isComplete(publishing) ? "done" : publishing === "in_progress" ? "begun" : "no",
      postId: post_id,
      permalink: permalink_url,
      reason: phasesOf(status).find((phase) => phase?.error)?.error ?? {},
    };
  } catch (error) {
    if (!isMissing(error)) throw error;
    return null;
  }
}

const Phase = z
  .object({
    status: z.string().optional(),
    error: z.object({ message: z.string().optional(), code: z.number().optional() }).nullish(),
  })
  .optional();

const Status = z.object({
  video_status: z.string().optional(),
  uploading_phase: Phase,
  processing_phase: Phase,
  publishing_phase: Phase,
});
type Status = z.infer<typeof Status>;

const Video = z.object({
  status: Status.default({}),
  post_id: RemoteId.optional(),
  permalink_url: z.string().min(1).optional(),
});

const phasesOf = ({ uploading_phase, processing_phase, publishing_phase }: Status) => [
  uploading_phase,
  processing_phase,
  publishing_phase,
];

const isComplete = (status: string | undefined): boolean => status?.startsWith("complete") ?? false;

/** The phases tell more than the word for the whole, which can be "processing" while the file is still arriving. */
function stageOf(status: Status): SeenVideo["stage"] {
  const { video_status, uploading_phase, processing_phase } = status;
  if (video_status === "upload_failed" || video_status === "expired") return "lost";
  if (video_status === "error" || phasesOf(status).some((phase) => phase?.status === "error"))
    return "failed";
  if (video_status === "ready" || isComplete(processing_phase?.status)) return "ready";
  if (processing_phase?.status === "in_progress") return "processing";
  if (video_status === "upload_complete" || isComplete(uploading_phase?.status)) return "uploaded";
  return video_status === "processing" && !uploading_phase ? "processing" : "uploading";
}
