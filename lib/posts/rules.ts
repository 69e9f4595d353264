import type { ConnectionDto } from "@/lib/connections/schema";
import type { FieldSpec, PlatformSpec } from "@/lib/platforms/contract";
import {
  countText,
  findCashtags,
  findHashtags,
  findLinks,
  findMentions,
  isValidText,
  withLink,
} from "@/lib/platforms/counting";
import { applies, checkMedia, type LibraryFile } from "./media-rules";
import type { Content, Problem, Target } from "./schema";

/** What a platform will take: the same rules in the composer, which warns, and on the server, which refuses. */

export type Draft = {
  content: Content;
  targets: Target[];
  connections: Pick<ConnectionDto, "id" | "platform" | "name" | "status" | "missing" | "metadata">[];
  specs: Record<string, PlatformSpec>;
  /** The files the post speaks of, as far as they are known. */
  library: LibraryFile[];
};

/** The post as one account will get it: the common content, with what this target says otherwise. */
export function resolveContent(content: Content, target: Pick<Target, "content">): Content {
  const own = target.content ?? {};
  const link = own.link === undefined ? content.link : (own.link ?? undefined);
  return {
    text: own.text ?? content.text,
    ...(link !== undefined && { link }),
    replies: own.replies ?? content.replies,
    media: own.media ?? content.media,
  };
}

/** The longest text this account may write: some platforms give paying members more. */
export function maxLength(spec: PlatformSpec, metadata: Record<string, unknown>): number {
  const { longer, max } = spec.text;
  return longer?.values.includes(String(metadata[longer.metadata])) ? longer.max : max;
}

/** Length and limit of each part, first post first, exactly as it will be sent. */
export function measure(
  spec: PlatformSpec,
  connection: Pick<ConnectionDto, "metadata">,
  content: Content,
): { count: number; max: number }[] {
  const max = maxLength(spec, connection.metadata);
  return partsOf(spec, content).map((text) => ({ count: countText(spec.text.counting, text), max }));
}

/** Everything that stands in the way, per target, in the words of the person who writes. */
export function checkDraft({ content, targets, connections, specs, library }: Draft): Problem[] {
  return targets.flatMap((target) => {
    const connection = connections.find(({ id }) => id === target.connectionId);
    const spec = connection && specs[connection.platform];
    if (!connection || !spec) {
      return [
        problem(target.connectionId, "connection", "not_connected", "This account is no longer connected."),
      ];
    }
    if (spec.publishes === false) {
      return [
        problem(
          connection.id,
          "connection",
          "not_offered",
          `Carillon does not publish to ${spec.name}. Leave this account out.`,
        ),
      ];
    }
    const resolved = resolveContent(content, target);
    const files = resolved.media.map(({ id }) => library.find((file) => file.id === id) ?? null);
    return [
      ...checkConnection(connection, spec),
      ...checkParts(connection, spec, resolved),
      ...checkLinks(connection, spec, resolved),
      ...checkMedia({
        connectionId: connection.id,
        spec,
        options: target.options,
        refs: resolved.media,
        files,
      }),
      ...spec.fields
        .filter((field) => applies(field.only, files, target.options))
        .flatMap((field) => checkField(connection.id, field, target.options[field.name])),
      ...Object.keys(target.options)
        .filter((name) => !spec.fields.some((field) => field.name === name))
        .map((name) =>
          problem(
            connection.id,
            `options.${name}`,
            "unknown_option",
            `${spec.name} has no option named “${name.slice(0, 40)}”.`,
          ),
        ),
    ];
  });
}

function checkConnection(
  { id, name, status, missing }: Draft["connections"][number],
  spec: PlatformSpec,
): Problem[] {
  if (status === "reconnect") {
    return [
      problem(
        id,
        "connection",
        "reconnect",
        `${name} must be connected to ${spec.name} again before it can post.`,
      ),
    ];
  }
  const lacking = missing.filter((scope) => spec.publishScopes.includes(scope));
  return lacking.length === 0
    ? []
    : [
        problem(
          id,
          "connection",
          "limited",
          `${spec.name} was not allowed to post for ${name}. Reconnect and allow: ${lacking.join(", ")}.`,
        ),
      ];
}

function checkParts(
  { id, metadata }: Draft["connections"][number],
  spec: PlatformSpec,
  content: Content,
): Problem[] {
  const max = maxLength(spec, metadata);
  const problems = partsOf(spec, content).flatMap((text, index) => {
    const field = index === 0 ? "text" : `replies.${index - 1}.text`;
    if (text.trim() === "") {
      const carried = index === 0 && (content.media.length > 0 || (spec.link === "field" && content.link));
      return index > 0 || (spec.text.required && !carried)
        ? [problem(id, field, "empty", `${spec.name} needs some text here.`)]
        : [];
    }
    const count = countText(spec.text.counting, text);
    const found: Problem[] = [];
    if (count > max) {
      found.push(
        problem(
          id,
          field,
          "too_long",
          `${count - max} too long for ${spec.name}: ${count} of ${max} characters, as ${spec.name} counts.`,
        ),
      );
    }
    if (!isValidText(spec.text.counting, text)) {
      found.push(
        problem(
          id,
          field,
          "invalid_characters",
          `${spec.name} refuses an invisible character in this text. Retype the text here.`,
        ),
      );
    }
    const marks = [
      {
        code: "too_many_cashtags",
        word: "cashtag (like $ABC)",
        max: spec.text.maxCashtags,
        count: findCashtags(text).length,
      },
      {
        code: "too_many_hashtags",
        word: "hashtag",
        max: spec.text.maxHashtags,
        count: findHashtags(text).length,
      },
      {
        code: "too_many_mentions",
        word: "mention",
        max: spec.text.maxMentions,
        count: findMentions(text).length,
      },
    ];
    for (const { code, word, max: most, count: there } of marks) {
      if (most === undefined || there <= most) continue;
      found.push(
        problem(
          id,
          field,
          code,
          `${spec.name} takes ${most} ${word}${most === 1 ? "" : "s"} per post; this has ${there}.`,
        ),
      );
    }
    return found;
  });
  if (content.replies.length > spec.maxReplies) {
    problems.push(
      problem(
        id,
        "replies",
        "too_many_replies",
        spec.maxReplies === 0
          ? `${spec.name} cannot take follow-ups.`
          : `${spec.name} takes up to ${spec.maxReplies} follow-ups here.`,
      ),
    );
  }
  return problems;
}

function checkLinks({ id }: Draft["connections"][number], spec: PlatformSpec, content: Content): Problem[] {
  const { maxLinks } = spec.text;
  if (maxLinks === undefined) return [];
  return [content.text, ...content.replies.map(({ text }) => text)].flatMap((text, index) => {
    const links = new Set([...findLinks(text), ...(index === 0 && content.link ? [content.link] : [])]);
    const field = index === 0 ? "text" : `replies.${index - 1}.text`;
    return links.size > maxLinks
      ? [
          problem(
            id,
            field,
            "too_many_links",
            `${spec.name} takes ${maxLinks} different links per post; this has ${links.size}.`,
          ),
        ]
      : [];
  });
}

function checkField(id: string, field: FieldSpec, value: unknown): Problem[] {
  const name = `options.${field.name}`;
  if (value === undefined || value === null || value === "") {
    return field.required
      ? [
          problem(
            id,
            name,
            "missing_option",
            `${field.kind === "choice" || field.kind === "boolean" ? "Choose" : "Fill in"} “${field.label}”.`,
          ),
        ]
      : [];
  }
  switch (field.kind) {
    case "boolean":
      return typeof value === "boolean"
        ? []
        : [problem(id, name, "wrong_option", `“${field.label}” is either on or off.`)];
    case "choice":
      // What the platform offers this account right now, only the platform can tell.
      return (field.live ? typeof value === "string" : field.options.some((option) => option.value === value))
        ? []
        : [problem(id, name, "wrong_option", `“${field.label}” has no such choice.`)];
    case "number":
      return Number.isInteger(value) && Number(value) >= field.min && Number(value) <= field.max
        ? []
        : [
            problem(
              id,
              name,
              "wrong_option",
              `“${field.label}” is a whole number from ${field.min} to ${field.max}${field.unit ? ` ${field.unit}` : ""}.`,
            ),
          ];
    case "list":
      return checkList(id, name, field, value);
    case "text":
      if (typeof value !== "string")
        return [problem(id, name, "wrong_option", `“${field.label}” is a text.`)];
      if (field.refuses && new RegExp(field.refuses.pattern, "u").test(value)) {
        return [problem(id, name, "wrong_option", field.refuses.message)];
      }
      return field.maxLength !== undefined && [...value].length > field.maxLength
        ? [problem(id, name, "option_too_long", `“${field.label}” may have ${field.maxLength} characters.`)]
        : [];
  }
}

function checkList(id: string, name: string, field: FieldSpec & { kind: "list" }, value: unknown): Problem[] {
  if (!Array.isArray(value) || !value.every((one) => typeof one === "string"))
    return [problem(id, name, "wrong_option", `“${field.label}” is a list of texts.`)];
  if (value.length === 0) {
    return field.required ? [problem(id, name, "missing_option", `Fill in “${field.label}”.`)] : [];
  }
  if (value.length < field.min || value.length > field.max) {
    return [
      problem(
        id,
        name,
        "wrong_option",
        `“${field.label}” takes ${field.min} to ${field.max} entries; these are ${value.length}.`,
      ),
    ];
  }
  if (value.some((one) => one.trim() === ""))
    return [
      problem(id, name, "wrong_option", `An entry of “${field.label}” is empty. Fill it in or remove it.`),
    ];
  return value.some((one) => [...one].length > field.maxLength)
    ? [
        problem(
          id,
          name,
          "option_too_long",
          `Each entry of “${field.label}” may have ${field.maxLength} characters.`,
        ),
      ]
    : [];
}

/** The texts as they will be sent, first post first: where a link has no field of its own it is part of the text. */
const partsOf = (spec: PlatformSpec, content: Content): string[] => [
  spec.link === "text" ? withLink(content.text, content.link) : content.text,
  ...content.replies.map(({ text }) => text),
];

export const problem = (connectionId: string, field: string, code: string, message: string): Problem => ({
  connectionId,
  field,
  code,
  message,
  severity: "error",
});
