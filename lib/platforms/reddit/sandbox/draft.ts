/** What a client of the simulated Reddit asks to submit, read from a form or from JSON: its shape, not yet its sense. */
import { type Call, isAnswer, type Json, jsonBody } from "@/lib/sandbox/kit";
import { apiForm, badRequest } from "./answers";

export type Kind = "self" | "link" | "image" | "video" | "videogif" | "gallery" | "poll";

export type Item = { media_id: string; caption: string; outbound_url: string };

export type Draft = {
  /** null: a word that names none */
  kind: Kind | null;
  sr: string;
  title: string;
  text: string;
  url: string;
  posterUrl: string;
  items: Item[];
  options: string[];
  durationDays: number;
  flairId: string;
  flairText: string;
  nsfw: boolean;
  spoiler: boolean;
  sendreplies: boolean;
  resubmit: boolean;
  validate: boolean;
};

const switches = ["nsfw", "spoiler", "sendreplies", "resubmit", "validate_on_submit"];
const words = ["sr", "title", "text", "flair_id", "flair_text"];
const formKinds = ["self", "link", "image", "video", "videogif"] as const;
/** these name things that are not here */
const closed = ["richtext_json", "collection_id", "draft_id"];
const formFields = [...switches, ...words, ...closed, "kind", "url", "video_poster_url", "discussion_type"];
const jsonFields = [...switches, ...words, ...closed, "discussion_type", "api_type", "show_error_list"];

type Refusal = ReturnType<typeof badRequest>;

/** The form of /api/submit, or the refusal of what cannot be read. */
export function draftOfForm(call: Call): Draft | Refusal {
  const form = apiForm(call, formFields);
  if (isAnswer(form)) return form;
  const odd = switches.find((name) => !/^(true|false|1|0)?$/i.test(form.get(name) ?? ""));
  if (odd !== undefined) return badRequest(`${odd} must be true or false.`);
  if ((form.get("discussion_type") ?? "CHAT") !== "CHAT")
    return badRequest("discussion_type can only be CHAT.");
  const named = closed.find((name) => form.has(name));
  if (named !== undefined) return badRequest(`${named} names nothing that is here.`);
  const kind = formKinds.find((one) => one === form.get("kind")) ?? null;
  if (kind === "self" && form.has("url")) return badRequest("A post of kind self has no url.");
  if (form.has("video_poster_url") && !isFilm(kind)) {
    return badRequest("Only videos have a video_poster_url.");
  }
  const text = (name: string) => form.get(name) ?? "";
  const isOn = (name: string) => /^(true|1)$/i.test(text(name));
  return {
    ...withoutExtras,
    kind,
    sr: text("sr"),
    title: text("title"),
    text: text("text"),
    url: kind === "self" ? "" : text("url"),
    posterUrl: text("video_poster_url"),
    flairId: text("flair_id"),
    flairText: text("flair_text"),
    nsfw: isOn("nsfw"),
    spoiler: isOn("spoiler"),
    sendreplies: !form.has("sendreplies") || isOn("sendreplies"),
    resubmit: isOn("resubmit"),
    validate: isOn("validate_on_submit"),
  };
}

/** The JSON of a gallery or a poll, or the refusal of what cannot be read. */
export function draftOfJson(call: Call, kind: "gallery" | "poll"): Draft | Refusal {
  const body = jsonBody(call);
  if (body === null || [...call.query.keys()].some((name) => name !== "raw_json")) {
    return badRequest("The body must be a JSON object, and no query is taken.");
  }
  const own = kind === "gallery" ? ["items"] : ["options", "duration"];
  const strange = Object.keys(body).find((name) => ![...jsonFields, ...own].includes(name));
  if (strange !== undefined) return badRequest(`The parameter ${strange} is unknown.`);
  if (body.api_type !== "json") return badRequest("api_type must be json.");
  const odd = [...switches, "show_error_list"].find((name) => typeof (body[name] ?? false) !== "boolean");
  if (odd !== undefined) return badRequest(`${odd} must be true or false.`);
  const wordless = words.find((name) => typeof (body[name] ?? "") !== "string");
  if (wordless !== undefined) return badRequest(`${wordless} must be a text.`);
  if ((body.discussion_type ?? "CHAT") !== "CHAT") return badRequest("discussion_type can only be CHAT.");
  const named = closed.find((name) => (body[name] ?? null) !== null);
  if (named !== undefined) return badRequest(`${named} names nothing that is here.`);
  const items = kind === "gallery" ? itemsOf(body.items) : [];
  const options = kind === "poll" ? textsOf(body.options) : [];
  if (items === null) return badRequest("items must be a list of media_id, caption and outbound_url.");
  if (options === null) return badRequest("options must be a list of texts.");
  const text = (name: string) => String(body[name] ?? "");
  return {
    ...withoutExtras,
    kind,
    sr: text("sr"),
    title: text("title"),
    text: text("text"),
    items,
    options,
    durationDays: typeof body.duration === "number" ? body.duration : 0,
    flairId: text("flair_id"),
    flairText: text("flair_text"),
    nsfw: body.nsfw === true,
    spoiler: body.spoiler === true,
    sendreplies: body.sendreplies !== false,
    resubmit: body.resubmit === true,
    validate: body.validate_on_submit === true,
  };
}

/** Whether it moves, and needs a still picture beside it. */
export function isFilm(kind: Kind | null): boolean {
  return kind === "video" || kind === "videogif";
}

const withoutExtras = { url: "", posterUrl: "", items: [], options: [], durationDays: 0 };

function itemsOf(value: Json | undefined): Item[] | null {
  if (!Array.isArray(value)) return null;
  const items: Item[] = [];
  for (const one of value) {
    if (typeof one !== "object" || one === null || Array.isArray(one)) return null;
    const { media_id, caption = "", outbound_url = "", ...others } = one;
    const isWhole = typeof media_id === "string" && Object.keys(others).length === 0;
    if (!isWhole || typeof caption !== "string" || typeof outbound_url !== "string") return null;
    items.push({ media_id, caption, outbound_url });
  }
  return items;
}

function textsOf(value: Json | undefined): string[] | null {
  if (!Array.isArray(value)) return null;
  const texts = value.filter((one) => typeof one === "string");
  return texts.length === value.length ? texts : null;
}
