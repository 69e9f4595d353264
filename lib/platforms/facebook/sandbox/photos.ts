/** Photos on the simulated Facebook: put on a Page, or kept for a day until a post or a story takes them. */
import { shown } from "@/lib/sandbox/files";
import {
  type Answer,
  type Call,
  isAnswer,
  json,
  newId,
  type Shown,
  type StoredFile,
  shelf,
} from "@/lib/sandbox/kit";
import { pages } from "@/lib/sandbox/meta";
import { DAY } from "@/lib/sandbox/oauth";
import { newPostId, release } from "./drafts";
import type { Node } from "./fields";
import {
  type AsPage,
  admitPage,
  flag,
  invalidParam,
  missingObject,
  readParams,
  setting,
  time,
  toPublish,
} from "./graph";

export type Photo = {
  id: string;
  pageId: string;
  file: StoredFile;
  caption: string;
  alt: string | null;
  /** for a scheduled post: kept longer than a day */
  temporary: boolean;
  createdAt: number;
  /** the post or the story it is in */
  postId: string | null;
};

const formats = ["image/jpeg", "image/bmp", "image/png", "image/gif", "image/tiff"];

/** POST /{page}/photos */
export function createPhoto(call: Call): Answer {
  const admitted = admitPage(call, call.params["id"] ?? "", toPublish);
  if (isAnswer(admitted)) return admitted;
  const { page, params } = admitted;
  const published = flag(params, "published", true);
  if (typeof published !== "boolean") return published;
  const temporary = flag(params, "temporary", false);
  if (typeof temporary !== "boolean") return temporary;
  const file = photoFile(call, params);
  if (isAnswer(file)) return file;
  const photo: Photo = {
    id: newId(call),
    pageId: page.id,
    file,
    caption: params.get("caption") ?? params.get("message") ?? params.get("name") ?? "",
    alt: params.get("alt_text_custom") || null,
    temporary,
    createdAt: call.now,
    postId: null,
  };
  shelf<Photo>(call, "photos")[photo.id] = photo;
  if (!published) return json(200, { id: photo.id });
  photo.postId = newPostId(call, page);
  release(call, {
    id: photo.postId,
    page,
    text: photo.caption,
    kind: "photo",
    when: { published, scheduledAt: null },
    media: [shown(file, photo.alt)],
    details: { photoId: photo.id },
  });
  return json(200, { id: photo.id, post_id: photo.postId });
}

export const photoOperation = (call: Call): string =>
  ["false", "0"].includes(readParams(call).get("published") ?? "") ? "upload_photo" : "create_photo";

/** POST /{page}/photo_stories */
export function createPhotoStory(call: Call): Answer {
  const admitted = admitPage(call, call.params["id"] ?? "", toPublish);
  if (isAnswer(admitted)) return admitted;
  const { page, params } = admitted;
  const photo = findPhoto(call, params.get("photo_id") ?? "");
  if (photo === null || photo.pageId !== page.id)
    return invalidParam("Param photo_id must be a valid photo.");
  if (photo.postId !== null) return invalidParam("The photo is used in a post already.");
  photo.postId = newId(call);
  release(call, {
    id: photo.postId,
    page,
    text: "",
    kind: "story",
    when: { published: true, scheduledAt: null },
    media: [shown(photo.file, photo.alt)],
    details: { photoId: photo.id },
  });
  return json(200, { success: true, post_id: photo.postId });
}

/** A photo that is still there: unused ones are forgotten after a day. */
export function findPhoto(call: Call, id: string): Photo | null {
  const drawer = shelf<Photo>(call, "photos");
  const photo = Object.hasOwn(drawer, id) ? (drawer[id] ?? null) : null;
  if (photo === null || photo.postId !== null || photo.temporary) return photo;
  return call.now < photo.createdAt + DAY ? photo : null;
}

/** The unused photos that `attached_media` names, in its order; null when it names none. */
export function attachedPhotos(call: Call, { page, params }: AsPage): Photo[] | null | Answer {
  const ids = attachedIds(params);
  if (ids === null) return invalidParam("Param attached_media must be a list of objects with media_fbid.");
  if (ids.length === 0) return null;
  if (new Set(ids).size < ids.length) return invalidParam("Param attached_media names a photo twice.");
  const photos: Photo[] = [];
  for (const id of ids) {
    const photo = findPhoto(call, id);
    if (photo === null || photo.pageId !== page.id) return missingObject(id);
    if (photo.postId !== null) return invalidParam("Photos were already posted.", 1366051);
    photos.push(photo);
  }
  return photos;
}

export const shownPhotos = (photos: Photo[]): Shown[] => photos.map(({ file, alt }) => shown(file, alt));

export function photoNode(call: Call, photo: Photo): Node {
  const { id, file, alt, caption, createdAt, postId, pageId } = photo;
  const source = `${call.sandboxOrigin}/_sandbox/files/${file.id}`;
  const from = pages.find((page) => page.id === pageId);
  return {
    id,
    name: caption || undefined,
    created_time: time(createdAt),
    updated_time: time(createdAt),
    alt_text: alt ?? undefined,
    alt_text_custom: alt ?? undefined,
    from: { id: pageId, name: from?.name },
    width: file.width ?? undefined,
    height: file.height ?? undefined,
    images: [{ height: file.height, source, width: file.width }],
    picture: source,
    link: `https://www.facebook.com/photo.php?fbid=${id}`,
    page_story_id: postId ?? undefined,
  };
}

/** What came as `source` or was fetched from `url`, or the refusal. */
function photoFile(call: Call, params: URLSearchParams): StoredFile | Answer {
  const sent = call.parts?.find(({ name }) => name === "source")?.file ?? null;
  const url = params.get("url");
  if (sent === null && (url === null || url === "")) return invalidParam("Requires upload file or a url.");
  const file = sent ?? call.fetched[url ?? ""]?.file ?? null;
  if (file === null) return invalidParam("The photo could not be fetched from its url.", 2069019);
  if (file.bytes > setting(call, "maxPhotoBytes") || !formats.includes(file.mime)) {
    return invalidParam("Photos must be JPEG, BMP, PNG, GIF or TIFF, and not too large.", 1366046);
  }
  return file;
}

/** As one list, or as PHP writes lists: attached_media[0]={…} or attached_media[0][media_fbid]=…; null when neither. */
function attachedIds(params: URLSearchParams): string[] | null {
  const ids: string[] = [];
  for (const [name, value] of params) {
    if (/^attached_media\[\d*\]\[media_fbid\]$/.test(name)) ids.push(value);
    else if (name === "attached_media" || /^attached_media\[\d*\]$/.test(name)) {
      const found = mediaIds(value);
      if (found === null) return null;
      ids.push(...found);
    }
  }
  return ids;
}

function mediaIds(text: string): string[] | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
  const ids: string[] = [];
  for (const one of Array.isArray(value) ? value : [value]) {
    if (typeof one !== "object" || one === null || !("media_fbid" in one)) return null;
    // An unquoted id above 2^53 is not the photo's any more.
    ids.push(String(one.media_fbid));
  }
  return ids;
}
