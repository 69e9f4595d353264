import { z } from "zod";
import type { ConnectionDto } from "../schema";

/** Connecting without a consent page: what is pasted, and what is known of it since. */
export const ConnectSession = z.strictObject({
  platform: z.string().max(40),
  /** The pasted values by the names of the platform's fields. */
  fields: z.record(z.string().max(40), z.string().max(8_192)),
  /** A file of rules for this one check; it is not kept. */
  rules: z.string().max(200_000).optional(),
  /** Whether to ask the platform, once. */
  check: z.boolean(),
  consent: z.literal(true, { error: "Agree to the risks first: without that nothing is stored." }),
  /** Renew this connection: it must be the same account. */
  connection: z.uuid().optional(),
});
export type ConnectSession = z.infer<typeof ConnectSession>;

/** What a pasted session's connection says of itself in its metadata. */
export const SessionFacts = z.object({
  /** The platform said that it is good. */
  checked: z.boolean(),
  checkedAt: z.string().nullable(),
  /** When the platform was asked: there is no second time for the same paste. */
  askedAt: z.string().nullable(),
});
export type SessionFacts = z.infer<typeof SessionFacts>;

/** The facts of a pasted session; null for a connection by consent. */
export const sessionFacts = ({ metadata }: Pick<ConnectionDto, "metadata">): SessionFacts | null =>
  SessionFacts.safeParse(metadata).data ?? null;
