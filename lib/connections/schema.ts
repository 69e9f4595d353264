import { z } from "zod";
import type { Choices, PlatformSpec } from "@/lib/platforms/contract";

/** The words connections travel in. Never a secret among them. */

export const connectionStatuses = ["active", "expiring", "limited", "reconnect", "paused"] as const;
export type ConnectionStatus = (typeof connectionStatuses)[number];

export type ConnectionDto = {
  id: string;
  platform: string;
  remoteId: string;
  name: string;
  handle: string | null;
  avatarUrl: string | null;
  profileUrl: string | null;
  status: ConnectionStatus;
  /** Permissions that were not given. */
  missing: string[];
  /** Granted scopes; null where the platform does not tell. */
  scopes: string[] | null;
  /** The way in that was taken, where the platform has several. */
  way: string | null;
  /** Facts the counting rules need, such as X's subscription. */
  metadata: Record<string, unknown>;
  connectedAt: string;
  refreshedAt: string | null;
  accessExpiresAt: string | null;
  refreshDueAt: string | null;
  /** Renewed by itself before it dies. */
  renewsItself: boolean;
  /** When it ends although we renew what can be renewed; null: it goes on, or nobody can tell. */
  endsAt: string | null;
  /** When the platform last said how it is, good or bad. */
  checkedAt: string | null;
  /** Whether the platform takes its permission back when we ask, and what one does there by hand. */
  leaving: { revokes: boolean; byHand: string };
  lastError: { code: string | null; message: string } | null;
};

/** GET /api/connections/[id]: with what the platform allows right now, where it can be asked. */
export type ConnectionDetailDto = ConnectionDto & {
  choices: Choices | null;
  /** Why the platform could not be asked. */
  choicesError: string | null;
};

/** GET /api/platforms-like list inside GET /api/connections: every platform the house knows, and whether it can be started. */
export type PlatformDto = {
  spec: PlatformSpec;
  /** Names of environment variables without which connecting cannot start; empty when ready. */
  unconfigured: string[];
  /** The ways in, where there are several, and what each still lacks. */
  ways: { id: string; label: string; help: string; unconfigured: string[] }[];
  /** consent: the person is sent to the platform and comes back. session: they paste a browser session on our own page. */
  connects: "consent" | "session";
  /** Since when the platform refuses this whole installation, and what that means, in a sentence; null while it does not. */
  paused: { since: string; message: string } | null;
};

export type ConnectionsAnswer = {
  connections: ConnectionDto[];
  platforms: PlatformDto[];
  /** The sandbox's address when nothing leaves this machine, else null. */
  sandboxUrl: string | null;
};

/** DELETE /api/connections/[id] */
export type Disconnected = {
  /** Whether the platform confirmed that our access has ended. */
  revoked: boolean;
  /** What is left, and what the person may still want to do by hand at the platform: sentences. */
  remains: string[];
};

export const ConnectQuery = z.object({
  returnTo: z.string().optional(),
  /** Renew this connection: the answer must be the same account. */
  connection: z.uuid().optional(),
  /** One of the platform's ways in; absent: the first that is set up. */
  way: z.string().optional(),
});
export type ConnectQuery = z.infer<typeof ConnectQuery>;

/** Why a connection did not come about: the `error` of /oauth/callback/error. */
export const callbackErrors = [
  "denied",
  "invalid_state",
  "expired_state",
  "other_browser",
  "other_session",
  "other_platform",
  "other_issuer",
  "code_refused",
  "platform_unavailable",
  "platform_misconfigured",
  "not_configured",
  "no_account",
  "owned_by_other",
  "other_account",
  "signed_out",
  "unexpected",
] as const;
export type CallbackError = (typeof callbackErrors)[number];
