import "server-only";
import { env } from "@/lib/env";
import { AppError } from "@/lib/errors";
import { log } from "@/lib/log";
import type { SignedIn } from "@/lib/session";
import { guardedFetch, LARGEST_BYTES } from "./guarded";
import { receiveFile } from "./receive";
import type { MediaDto } from "./schema";

/**
 * The only place that downloads an address a person gave us: a picture or video from the web, into their library.
 * @throws AppError 422 without a word about what was found there
 */
export async function importFromUrl(user: SignedIn, address: string, alt?: string): Promise<MediaDto> {
  const { sandboxUrl } = env();
  try {
    const response = await guardedFetch(address, {
      sandboxOrigin: sandboxUrl ? new URL(sandboxUrl).origin : null,
    });
    const filename = new URL(address).pathname.split("/").at(-1) ?? "";
    // safe: undici's body is a stream of bytes; its type leaves that open
    return await receiveFile(user, (response.body ?? []) as AsyncIterable<Uint8Array>, {
      filename: decodeSafely(filename),
      ...(alt !== undefined && { alt }),
      maxBytes: LARGEST_BYTES,
    });
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    log.info("media.fetch_refused", { reason: cause instanceof Error ? cause.message : "unknown" });
    // One sentence for all of it: a different one for each reason would map our network for whoever asks.
    throw new AppError(
      422,
      "not_fetched",
      "This picture could not be fetched from its address. Upload the file instead.",
      {
        remedy: "edit",
        cause,
      },
    );
  }
}

function decodeSafely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
}
