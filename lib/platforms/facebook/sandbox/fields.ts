/** `fields=id,picture.width(200){url}`, and lists that are turned page by page. */
import { type Answer, type Call, isAnswer, json } from "@/lib/sandbox/kit";
import { invalidParam } from "./graph";

type Field = { name: string; inner: Field[] | null };

/** A node's fields. A function is called only when its field is wanted; undefined is left out of the answer. */
export type Node = Record<string, unknown>;

/** A field that has fields: one object, or what Meta puts below `data`. */
type Nested = { nested: Node | Node[]; wrapped: boolean; byDefault: string[] };

export const inside = (nested: Node, byDefault: string[]): Nested => ({ nested, wrapped: false, byDefault });
export const insideData = (nested: Node | Node[], byDefault: string[]): Nested => ({
  nested,
  wrapped: true,
  byDefault,
});

/** The node with the fields asked for. */
export function answerNode(params: URLSearchParams, type: string, node: Node, byDefault: string[]): Answer {
  const picked = pickWanted(params, type, node, byDefault);
  return isAnswer(picked) ? picked : json(200, picked);
}

/** `id` is always among them. */
export function pickWanted(
  params: URLSearchParams,
  type: string,
  node: Node,
  byDefault: string[],
): object | Answer {
  const text = params.get("fields");
  const fields = text === null || text === "" ? byDefault.map(plain) : parseFields(text);
  return fields === null ? invalidParam("Syntax error in the parameter fields.") : pick(fields, type, node);
}

/** One page of a list, by `limit` and `after`. The cursors are opaque and belong to one entry each. */
export function answerList(
  call: Call,
  params: URLSearchParams,
  list: { type: string; nodes: { id: string; node: Node }[]; byDefault: string[] },
): Answer {
  const limit = Number(params.get("limit") ?? 25);
  if (!Number.isInteger(limit) || limit < 1) return invalidParam("Param limit must be a positive integer.");
  const after = params.get("after");
  const at = after === null ? -1 : list.nodes.findIndex(({ id }) => cursor(id) === after);
  if (after !== null && at < 0) return invalidParam("Invalid cursors values");
  // More than a hundred are never given at once.
  const shown = list.nodes.slice(at + 1, at + 1 + Math.min(limit, 100));
  const data: object[] = [];
  for (const { node } of shown) {
    const picked = pickWanted(params, list.type, node, list.byDefault);
    if (isAnswer(picked)) return picked;
    data.push(picked);
  }
  const [first, last] = [shown[0], shown.at(-1)];
  if (first === undefined || last === undefined) return json(200, { data: [] });
  const cursors = { before: cursor(first.id), after: cursor(last.id) };
  const isMore = last !== list.nodes.at(-1);
  return json(200, { data, paging: { cursors, ...(isMore ? { next: next(call, cursors.after) } : {}) } });
}

/** null when it cannot be read. */
function parseFields(text: string): Field[] | null {
  const word = /\s*(\w+)(?:\.\w+\([^()]*\))*\s*/y;
  let at = 0;
  const list = (): Field[] | null => {
    const found: Field[] = [];
    for (;;) {
      word.lastIndex = at;
      const name = word.exec(text)?.[1];
      if (name === undefined) return null;
      at = word.lastIndex;
      let inner: Field[] | null = null;
      if (text[at] === "{") {
        at += 1;
        inner = list();
        if (inner === null || text[at] !== "}") return null;
        at += 1;
      }
      found.push({ name, inner });
      if (text[at] !== ",") return found;
      at += 1;
    }
  };
  const fields = list();
  return at === text.length ? fields : null;
}

function pick(fields: Field[], type: string, node: Node): object | Answer {
  const picked: Record<string, unknown> = {};
  for (const { name, inner } of fields) {
    if (!Object.hasOwn(node, name)) {
      return invalidParam(`Tried accessing nonexisting field (${name}) on node type (${type})`);
    }
    const held = node[name];
    const value: unknown = typeof held === "function" ? held() : held;
    if (value === undefined) continue;
    const shown = isNested(value) ? pickNested(inner, name, value) : value;
    if (typeof shown === "object" && shown !== null && isAnswer(shown)) return shown;
    picked[name] = shown;
  }
  if (Object.hasOwn(node, "id")) picked["id"] = node["id"];
  return picked;
}

function pickNested(inner: Field[] | null, name: string, { nested, wrapped, byDefault }: Nested) {
  const fields = inner ?? byDefault.map(plain);
  if (!Array.isArray(nested)) {
    const picked = pick(fields, name, nested);
    return isAnswer(picked) || !wrapped ? picked : { data: picked };
  }
  const data = nested.map((one) => pick(fields, name, one));
  return data.find(isAnswer) ?? { data };
}

function isNested(value: unknown): value is Nested {
  return typeof value === "object" && value !== null && "nested" in value && "byDefault" in value;
}

const plain = (name: string): Field => ({ name, inner: null });

const cursor = (id: string): string => Buffer.from(id).toString("base64url");

/** As it was asked, from there on. */
function next(call: Call, after: string): string {
  const query = new URLSearchParams(call.query);
  query.set("after", after);
  return `${call.sandboxOrigin}/${call.host}${call.path}?${query}`;
}
