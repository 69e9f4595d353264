/** Making containers on the simulated Threads, and fetching what they show. */
import { shown } from "@/lib/sandbox/files";
import { type Answer, type Call, isAnswer, json, knob, newId, type Shown } from "@/lib/sandbox/kit";
import { type Container, findContainer, keepContainer, type MediaType } from "./containers";
import { imageFault, videoFault } from "./files";
import { admit, invalidParam, isSelf, missingPermission } from "./graph";
import { release } from "./posts";
import { childrenIn, containerParams, mediaTypeOf, pollIn, refuseContainer } from "./rules";
import { firstTag, linksIn } from "./text";

type Seen = { media: Shown[]; error: string | null };

const writing = ["threads_basic", "threads_content_publish"];

/** The address that POST /{user}/threads makes Threads fetch, for those who may write. */
export function mediaAddresses(call: Call): string[] {
  const admitted = admit(call, containerParams, writing);
  const address = isAnswer(admitted) ? null : addressIn(admitted.params);
  return address === null ? [] : [address];
}

/** POST /{user}/threads */
export function createContainer(call: Call): Answer {
  const admitted = admit(call, containerParams, writing);
  if (isAnswer(admitted)) return admitted;
  const { person, params } = admitted;
  if (!isSelf(person, call.params["user"])) return missingPermission();
  const problem = refuseContainer(call, person, params);
  if (problem !== null) return problem;
  const type = mediaTypeOf(params) ?? "TEXT";
  const seen = lookAt(call, type, params);
  if (isAnswer(seen)) return seen;
  const text = params.get("text") ?? "";
  const container: Container = {
    id: newId(call),
    personId: person.id,
    type,
    text,
    // In a text-only post the first URL becomes the preview.
    link: type === "TEXT" ? (params.get("link_attachment") ?? linksIn(text)[0] ?? null) : null,
    replyTo: params.get("reply_to_id"),
    topic: params.get("topic_tag") ?? firstTag(text),
    media: seen.media,
    isItem: params.get("is_carousel_item") === "true",
    children: childrenIn(params),
    choices: {
      media_type: type,
      reply_control: params.get("reply_control"),
      poll: pollIn(params),
      ...(params.get("is_spoiler_media") === "true" ? { is_spoiler_media: true } : {}),
    },
    createdAt: call.now,
    readyAt: call.now + knob(call, "processingMs", 300),
    error: knob(call, "containerError", "") || seen.error,
    mediaId: null,
  };
  keepContainer(call, container);
  return params.get("auto_publish_text") === "true"
    ? release(call, container)
    : json(200, { id: container.id });
}

/** What the container will show, and what came of looking at it; a picture out of reach is refused at once. */
function lookAt(call: Call, type: MediaType, params: URLSearchParams): Seen | Answer {
  const file = call.fetched[addressIn(params) ?? ""]?.file ?? null;
  const media = file === null ? [] : [shown(file, params.get("alt_text") || null)];
  switch (type) {
    case "TEXT":
      return { media: [], error: null };
    case "IMAGE":
      // The sheet has a name for a video that cannot be downloaded, and for a picture only this sentence.
      if (file === null) {
        return knob(call, "lateImageErrors", false)
          ? { media, error: "UNKNOWN" }
          : invalidParam("The media could not be fetched from this URI.");
      }
      return { media, error: imageFault(call, file) };
    case "VIDEO":
      return { media, error: videoFault(call, file) };
    case "CAROUSEL":
      return {
        media: childrenIn(params).flatMap((id) => findContainer(call, id)?.media ?? []),
        error: null,
      };
  }
}

function addressIn(params: URLSearchParams): string | null {
  return params.get("image_url") ?? params.get("video_url");
}
