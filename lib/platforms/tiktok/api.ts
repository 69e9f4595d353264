import { z } from "zod";
import type { Access } from "../contract";
import { type Call, call, type Kit, type Stream } from "../kit";
import { explain } from "./errors";

export const API = "https://open.tiktokapis.com/v2";

/**
 * One call to the Content Posting API for an account; the answer is what TikTok puts into `data`.
 * @throws PlatformError
 */
export async function ask<T>(
  kit: Kit,
  { accessToken }: Pick<Access, "accessToken">,
  { path, body, data, effect = "read" }: ApiCall<T>,
): Promise<T> {
  const answer = await call(kit, {
    method: "POST",
    // The slash at the end belongs to every one of TikTok's addresses.
    url: `${API}/post/publish/${path}/`,
    ...(body === undefined ? { headers: { "content-type": JSON_TYPE } } : { stream: asJson(body) }),
    bearer: accessToken,
    answer: z.object({ data }),
    effect,
    explain: explain(effect === "write" ? "ambiguous" : "definite"),
  });
  return answer.data;
}

type ApiCall<T> = {
  /** Below post/publish, without slashes around it. */
  path: string;
  /** Absent: the call has none. */
  body?: unknown;
  data: z.ZodType<T>;
  effect?: Call<T>["effect"];
};

const JSON_TYPE = "application/json; charset=UTF-8";

/** JSON with the charset in its type, which TikTok asks for. */
function asJson(body: unknown): Stream {
  const bytes = Buffer.from(JSON.stringify(body));
  return {
    type: JSON_TYPE,
    bytes: bytes.byteLength,
    async *open() {
      yield bytes;
    },
  };
}
