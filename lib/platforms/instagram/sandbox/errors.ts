/** How the simulated Instagram refuses: Meta's shape, and the table of publishing errors by their subcode. */
import type { Answer, Call } from "@/lib/sandbox/kit";
import { type GraphError, graphError } from "@/lib/sandbox/meta";

type Told = Pick<GraphError, "error_subcode" | "error_user_title" | "error_user_msg" | "is_transient">;

const publishing: Record<number, { code: number; title: string; message: string }> = {
  2207001: { code: -1, title: "Server error", message: "Instagram had a problem of its own." },
  2207003: { code: -2, title: "Timed out", message: "It takes too long to download the media." },
  2207004: { code: 36_000, title: "Image too large", message: "The image is larger than 8 MiB." },
  2207005: { code: 36_001, title: "Unsupported image", message: "The image format is not supported." },
  2207006: { code: 24, title: "Media not found", message: "The media cannot be found." },
  2207008: { code: 24, title: "Container not found", message: "The container is not there, or has expired." },
  2207009: { code: 36_003, title: "Aspect ratio", message: "The aspect ratio is not supported." },
  2207010: { code: 36_004, title: "Caption too long", message: "The caption has too much in it." },
  2207020: { code: -2, title: "Media expired", message: "The media has expired." },
  2207023: { code: 100, title: "Unknown media type", message: "The media type is not known." },
  2207026: { code: 352, title: "Unsupported video", message: "The video format is not supported." },
  2207027: { code: 9_007, title: "Media not ready", message: "The media is not ready to be published." },
  2207028: { code: 100, title: "Carousel", message: "A carousel has 2 to 10 items." },
  2207032: { code: -1, title: "Container failed", message: "The container could not be created." },
  2207035: { code: 100, title: "User tags", message: "A tag of a person is not valid." },
  2207036: { code: 100, title: "Product tags", message: "A tag of a product is not valid." },
  2207042: { code: 9, title: "Daily limit", message: "The limit of posts in 24 hours is reached." },
  2207050: { code: 25, title: "Account restricted", message: "The account is restricted or inactive." },
  2207051: { code: 4, title: "Action blocked", message: "The action looked like spam." },
  2207052: {
    code: 9_004,
    title: "Media not fetched",
    message: "The media could not be fetched from this URI.",
  },
  2207053: { code: -1, title: "Upload failed", message: "The upload failed for an unknown reason." },
  2207057: { code: 1, title: "Cover", message: "The thumbnail offset is outside of the video." },
  2207073: { code: -1, title: "Not deleted", message: "The media could not be deleted." },
  2207077: { code: -1, title: "Not downloaded", message: "The video could not be downloaded." },
  2207081: { code: 100, title: "Trial reels", message: "The account cannot publish trial reels." },
  2207082: { code: -1, title: "Upload failed", message: "The upload failed." },
};

/** A refusal out of the publishing table. A subcode that is not in it is an unknown error. */
export function publishingError(subcode: number): Answer {
  const { code, title, message } = publishing[subcode] ?? {
    code: -1,
    title: "Error",
    message: "Unknown error.",
  };
  return graphError(400, {
    message,
    type: "OAuthException",
    code,
    error_subcode: subcode,
    is_transient: false,
    error_user_title: title,
    error_user_msg: message,
  });
}

export const invalidParam = (message: string): Answer =>
  graphError(400, { message: `(#100) ${message}`, type: "OAuthException", code: 100, is_transient: false });

/** Not there, or not for this token: Meta does not say which. */
export const missingObject = (call: Call, id: string): Answer =>
  graphError(400, {
    message: `Unsupported ${call.method.toLowerCase()} request. Object with ID '${id}' does not exist, cannot be loaded due to missing permissions, or does not support this operation`,
    type: call.host === "graph.facebook.com" ? "GraphMethodException" : "IGApiException",
    code: 100,
    error_subcode: 33,
    is_transient: false,
  });

export const missingPermission = (call: Call): Answer =>
  graphError(403, {
    message: "(#10) Application does not have permission for this action",
    type: call.host === "graph.facebook.com" ? "OAuthException" : "IGApiException",
    code: 10,
    is_transient: false,
  });

export const badToken = (why: string, more: Told = {}): Answer =>
  graphError(400, {
    message: `Error validating access token: ${why}.`,
    type: "OAuthException",
    code: 190,
    is_transient: false,
    ...more,
  });

export const unknownPath = (): Answer =>
  graphError(400, {
    message: "Unknown path components",
    type: "OAuthException",
    code: 2_500,
    is_transient: false,
  });

/** The code exchange at api.instagram.com words its refusals in a shape of its own. */
export const plainRefusal = (status: number, error_message: string): Answer => ({
  status,
  headers: { "content-type": "application/json; charset=utf-8" },
  body: JSON.stringify({ error_type: "OAuthException", code: status, error_message }),
});

/** rupload.facebook.com has another. */
export const uploadRefusal = (status: number, message: string, retriable = false): Answer => ({
  status,
  headers: { "content-type": "application/json; charset=utf-8" },
  body: JSON.stringify({ debug_info: { retriable, type: "ProcessingFailedError", message } }),
});
