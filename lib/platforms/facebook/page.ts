import { z } from "zod";
import type { Access } from "../contract";
import type { Kit } from "../kit";
import { type GraphCall, graph, isMissing } from "../meta";
import { explainPage } from "./errors";

/** How a Page is spoken for, and how its posts are named. */

type PageCall<T> = Omit<GraphCall<T>, "token" | "explain" | "name">;

/**
 * One call on behalf of a Page. A "write" is what the world can see: photos that are not published, uploads and deleting twice
 * harm nobody. @throws PlatformError
 */
export const ask = <T>(
  kit: Kit,
  { accessToken }: Pick<Access, "accessToken">,
  request: PageCall<T>,
): Promise<T> =>
  graph(kit, {
    ...request,
    token: accessToken,
    explain: explainPage(request.effect === "write" ? "ambiguous" : "definite"),
  });

/** The path of one of this Page's edges. */
export const edge = ({ remoteId }: Pick<Access, "remoteId">, name: string): string =>
  `${encodeURIComponent(remoteId)}/${name}`;

/** Works on a post. The Graph knows it as page_post, but some answers give only the post's own number. */
export async function onPost<T>(
  access: Pick<Access, "remoteId">,
  id: string,
  work: (path: string) => Promise<T>,
): Promise<T> {
  try {
    return await work(encodeURIComponent(id));
  } catch (error) {
    if (!isMissing(error) || id.includes("_")) throw error;
    return work(encodeURIComponent(fullId(access, id)));
  }
}

const Permalink = z.object({ permalink_url: z.string().min(1) });

/** Where a post can be seen. @throws PlatformError */
export async function permalinkOf(kit: Kit, access: Access, id: string): Promise<string> {
  const { permalink_url } = await onPost(access, id, (path) =>
    ask(kit, access, { method: "GET", path, query: { fields: "permalink_url" }, answer: Permalink }),
  );
  return absolute(kit, permalink_url);
}

/** Videos are known to have theirs without a host. */
export const absolute = (kit: Kit, permalink: string): string =>
  permalink.startsWith("/") ? kit.address(`https://www.facebook.com${permalink}`).href : permalink;

/** Where a post should be, as far as its name tells. */
export const guessedUrl = (kit: Kit, access: Access, id: string): string =>
  kit.address(`https://www.facebook.com/${encodeURIComponent(fullId(access, id))}`).href;

const fullId = ({ remoteId }: Pick<Access, "remoteId">, id: string): string =>
  id.includes("_") ? id : `${remoteId}_${id}`;
