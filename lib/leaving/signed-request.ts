import { createHmac, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { parseJson, RemoteId } from "@/lib/platforms/kit";

/**
 * What Meta signs when it calls us about a person: `base64url(signature).base64url(JSON)`, padding or not. The signature is
 * HMAC-SHA256 with the app's secret over the second half as it came, still encoded.
 */
const Payload = z.object({
  algorithm: z.literal("HMAC-SHA256"),
  /** Of this person with this app: digits, as a string or as a bare number. */
  user_id: RemoteId.refine((id) => /^\d{1,40}$/.test(id)),
  /** Seconds since 1970. */
  issued_at: z.number().optional(),
});

export type SignedRequest = { userId: string; issuedAt: Date | null };

const HALF = /^[\w-]+={0,2}$/;

/**
 * Reads a signed request.
 * @param secrets of the apps that may have signed it
 * @returns "malformed" when it is none, "forged" when none of these secrets signed it
 */
export function readSignedRequest(text: string, secrets: string[]): SignedRequest | "malformed" | "forged" {
  const [signature = "", payload = "", ...rest] = text.split(".");
  if (rest.length > 0 || !HALF.test(signature) || !HALF.test(payload)) return "malformed";
  const given = Buffer.from(signature, "base64url");
  // Every secret is tried, so that the time tells nothing of which it was.
  const signed = secrets
    .map((secret) => createHmac("sha256", secret).update(payload).digest())
    .map((expected) => given.length === expected.length && timingSafeEqual(given, expected));
  if (!signed.includes(true)) return "forged";
  const parsed = Payload.safeParse(parseJson(Buffer.from(payload, "base64url").toString("utf8")));
  if (!parsed.success) return "malformed";
  const { user_id, issued_at } = parsed.data;
  const issuedAt = issued_at === undefined ? null : new Date(issued_at * 1_000);
  return { userId: user_id, issuedAt: issuedAt && Number.isNaN(issuedAt.getTime()) ? null : issuedAt };
}
