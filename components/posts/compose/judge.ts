import { accountLabel } from "@/components/connections/status";
import type { ConnectionDto } from "@/lib/connections/schema";
import type { PlatformSpec } from "@/lib/platforms/contract";
import { type Draft, type DraftField, effective, linkProblems, toRequest } from "@/lib/posts/draft";
import type { LibraryFile } from "@/lib/posts/media-rules";
import { checkDraft, measure, resolveContent } from "@/lib/posts/rules";
import type { Content, Problem, Target } from "@/lib/posts/schema";
import { choiceProblems, type LiveChoices } from "./choices";
import type { Count } from "./counters";

/** What the composer says about a draft while it is written. */

type Desk = { connections: ConnectionDto[]; specs: Record<string, PlatformSpec> };

type Judged = Desk & {
  library: LibraryFile[];
  /** Some files are still being asked for: an absent one is not yet a missing one. */
  filesPending: boolean;
  choices: Record<string, LiveChoices>;
  pressed: boolean;
};

/** Whether anything can be sent to a platform at all: for some we only keep a connection. */
export const canPublish = (spec: PlatformSpec | undefined): boolean => spec?.publishes !== false;

/** What the server is asked to publish. An answer to a question that a platform no longer asks is left out. */
export function requestOf(
  draft: Draft,
  { connections, specs }: Desk,
): { content: Content; targets: Target[] } {
  const { content, targets } = toRequest(draft);
  return {
    content,
    targets: targets.map((target) => {
      const platform = connections.find(({ id }) => id === target.connectionId)?.platform ?? "";
      const isAsked = (name: string) => specs[platform]?.fields.some((field) => field.name === name);
      const options = Object.entries(target.options).filter(([name]) => isAsked(name));
      return { ...target, options: Object.fromEntries(options) };
    }),
  };
}

/** All that stands in the way, and of it what is worth showing: an empty box is no mistake before Publish was pressed. */
export function judge(
  draft: Draft,
  { connections, specs, library, filesPending, choices, pressed }: Judged,
): { all: Problem[]; shown: Problem[] } {
  const all = [
    ...checkDraft({ ...requestOf(draft, { connections, specs }), connections, specs, library }),
    ...linkProblems(draft),
    ...connections.flatMap((connection) => {
      const live = choices[connection.id];
      const spec = specs[connection.platform];
      if (live?.state !== "known" || !spec) return [];
      const files = filesAt(draft, connection.id, library);
      const answers = draft.options[connection.id] ?? {};
      return choiceProblems({ connection, spec, files, answers, choices: live.choices });
    }),
  ].filter(({ code }) => !filesPending || code !== "media_gone");
  return { all, shown: all.filter(({ code }) => pressed || !LATER.includes(code)) };
}

/** Mistakes only of a post that is said to be finished. */
const LATER = ["empty", "missing_option", "media_missing"];

/** The files that one account gets; null for those that are not known. */
export const filesAt = (draft: Draft, connectionId: string, library: LibraryFile[]): (LibraryFile | null)[] =>
  effective(draft, connectionId).media.map(({ id }) => library.find((file) => file.id === id) ?? null);

/** Length and limit of each part, by account. */
export function countParts(draft: Draft, { connections, specs }: Desk): Record<string, Count[]> {
  const { content, targets } = toRequest(draft);
  return Object.fromEntries(
    targets.flatMap((target) => {
      const connection = connections.find(({ id }) => id === target.connectionId);
      const spec = connection && specs[connection.platform];
      if (!connection || !spec) return [];
      const label = `${spec.name}, ${accountLabel(connection)}`;
      const parts = measure(spec, connection, resolveContent(content, target));
      return [
        [connection.id, parts.map((part) => ({ id: connection.id, platform: spec.id, label, ...part }))],
      ];
    }),
  );
}

/** The lengths of a shared part for the accounts that get it as it is. */
export const inheriting = (
  draft: Draft,
  counts: Record<string, Count[]>,
  field: DraftField,
  index: number,
): Count[] =>
  draft.selected.flatMap((id) =>
    draft.differences[id]?.[field] === undefined ? (counts[id]?.slice(index, index + 1) ?? []) : [],
  );

/** What stands in the way of each description of the shared files, on accounts that get them as they are. */
export const sharedAltProblems = (draft: Draft, problems: Problem[]): Problem[] =>
  problems.filter(
    ({ connectionId, field }) =>
      /^media\.\d+\.alt$/.test(field) &&
      connectionId !== null &&
      draft.differences[connectionId]?.media === undefined,
  );

/** Whether a problem is about the files of a post. */
export const isAboutMedia = ({ field }: Problem): boolean => field === "media" || field.startsWith("media.");
