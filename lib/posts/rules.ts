import type { ConnectionDto } from "@/lib/connections/schema";
import type { FieldSpec, PlatformSpec } from "@/lib/platforms/contract";
import { countText, findCashtags, findLinks, isValidText, withLink } from "@/lib/platforms/counting";
import type { Content, Problem, Target } from "./schema";

/** What a platform will take: the same rules in the composer, which warns, and on the server, which refuses. */

export type Draft = {
  content: Content;
  targets: Target[];
  connections: Pick<ConnectionDto, "id" | "platform" | "name" | "status" | "missing" | "metadata">[];
  specs: Record<string, PlatformSpec>;
};

/** The post as one account will get it: the common content, with what this target says otherwise. */
export function resolveContent(content: Content, target: Pick<Target, "content">): Content {
  const own = target.content ?? {};
  const link = own.link === undefined ? content.link : (own.link ?? undefined);
  return {
    text: own.text ?? content.text,
    ...(link !== undefined && { link }),
    replies: own.replies ?? content.replies,
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
export function checkDraft({ content, targets, connections, specs }: Draft): Problem[] {
  return targets.flatMap((target) => {
    const connection = connections.find(({ id }) => id === target.connectionId);
    const spec = connection && specs[connection.platform];
    if (!connection || !spec) {
      return [
        problem(target.connectionId, "connection", "not_connected", "This account is no longer connected."),
      ];
    }
    const resolved = resolveContent(content, target);
    return [
      ...checkConnection(connection, spec),
      ...checkParts(connection, spec, resolved),
      ...checkLinks(connection, spec, resolved),
      ...spec.fields.flatMap((field) => checkField(connection.id, field, target.options[field.name])),
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
      return spec.text.required || index > 0
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
    const cashtags = findCashtags(text).length;
    if (spec.text.maxCashtags !== undefined && cashtags > spec.text.maxCashtags) {
      found.push(
        problem(
          id,
          field,
          "too_many_cashtags",
          `${spec.name} takes ${spec.text.maxCashtags} cashtag (like $ABC) per post; this has ${cashtags}.`,
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
    return field.required ? [problem(id, name, "missing_option", `Choose “${field.label}”.`)] : [];
  }
  switch (field.kind) {
    case "boolean":
      return typeof value === "boolean"
        ? []
        : [problem(id, name, "wrong_option", `“${field.label}” is either on or off.`)];
    case "choice":
      return field.options.some((option) => option.value === value)
        ? []
        : [problem(id, name, "wrong_option", `“${field.label}” has no such choice.`)];
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

/** The texts as they will be sent, first post first: where a link has no field of its own it is part of the text. */
const partsOf = (spec: PlatformSpec, content: Content): string[] => [
  spec.link === "text" ? withLink(content.text, content.link) : content.text,
  ...content.replies.map(({ text }) => text),
];

const problem = (connectionId: string, field: string, code: string, message: string): Problem => ({
  connectionId,
  field,
  code,
  message,
  severity: "error",
});
