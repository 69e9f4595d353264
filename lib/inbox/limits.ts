import "server-only";
import type { MediaRules } from "@/lib/platforms/contract";
import type { InboxLimits } from "@/lib/platforms/inbox-contract";
import { findProvider, platformIds } from "@/lib/platforms/registry";

/** What an account's inbox allows; null where it has none, or its platform is not set up here any more. */
export const limitsOf = (platform: string, way: string | null): InboxLimits | null =>
  findProvider(platform, way)?.provider.inbox?.limits ?? null;

/** Platforms that have an inbox, by any of their ways. */
export const platformsWithInbox = (): string[] =>
  platformIds.filter((platform) => findProvider(platform)?.provider.inbox !== undefined);

const MB = 1024 * 1024;

/** What may be sent as a message (Instagram and Messenger alike); a picture in another format becomes one of these. */
export const messageFiles: MediaRules = {
  min: 0,
  max: 10,
  mixed: true,
  image: { formats: ["image/jpeg", "image/png"], maxBytes: 8 * MB },
  gif: { formats: ["image/gif"], maxBytes: 8 * MB },
  video: { formats: ["video/mp4", "video/quicktime", "video/webm"], maxBytes: 25 * MB },
  document: { formats: ["application/pdf"], maxBytes: 25 * MB },
};
