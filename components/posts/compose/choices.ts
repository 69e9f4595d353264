import type { ConnectionDto } from "@/lib/connections/schema";
import type { Choices, FieldSpec, PlatformSpec } from "@/lib/platforms/contract";
import { applies, type LibraryFile } from "@/lib/posts/media-rules";
import type { Problem } from "@/lib/posts/schema";

/** What a platform allows an account right now, and what that means for a post: pure, so that it is tested without a browser. */

type Answers = Record<string, unknown>;

/** What one account was told. The platform is asked again when an answer changes that its choices may hang on. */
export type LiveChoices =
  | { state: "unasked" }
  | { state: "loading" }
  | { state: "failed"; message: string; isRetrying: boolean; retry: () => void }
  | { state: "known"; choices: Choices };

/** The questions that matter for this post. */
export const fieldsFor = (spec: PlatformSpec, files: (LibraryFile | null)[], answers: Answers): FieldSpec[] =>
  spec.fields.filter((field) => applies(field.only, files, answers));

/**
 * The answers to send along when the platform is asked for its choices: those to the questions above the last live one,
 * so that a title written below never asks again. null: nothing has to be asked.
 */
export function askedWith(fields: FieldSpec[], answers: Answers): Record<string, string> | null {
  const last = fields.findLastIndex((field) => field.kind === "choice" && field.live);
  if (last === -1) return null;
  return Object.fromEntries(
    fields
      .slice(0, last)
      .map(({ name }) => [name, answers[name]])
      .filter((pair): pair is [string, string] => {
        const value = pair[1];
        return typeof value === "string" && value.trim() !== "" && value.length <= MAX_ANSWER;
      }),
  );
}

/** What stands in the way by what the platform says right now, beyond what its rules say always. */
export function choiceProblems(post: {
  connection: Pick<ConnectionDto, "id">;
  spec: PlatformSpec;
  files: (LibraryFile | null)[];
  answers: Answers;
  choices: Choices;
}): Problem[] {
  const { connection, spec, files, answers, choices } = post;
  const problem = (field: string, code: string, message: string): Problem => ({
    connectionId: connection.id,
    field,
    code,
    message,
    severity: "error",
  });
  const { blocked, maxVideoMs } = choices;
  return [
    ...(blocked ? [problem("connection", "blocked", blocked)] : []),
    ...files.flatMap((file) =>
      file?.kind === "video" && maxVideoMs !== undefined && (file.durationMs ?? 0) > maxVideoMs
        ? [
            problem(
              "media",
              "too_long_for_account",
              `“${file.filename}” runs ${inSeconds(file.durationMs ?? 0)}; ${spec.name} takes ${inSeconds(maxVideoMs)} from this account right now. Shorten it.`,
            ),
          ]
        : [],
    ),
    ...fieldsFor(spec, files, answers).flatMap((field) => {
      const given = answers[field.name];
      const { options, disabled } = choices.fields[field.name] ?? {};
      if (given === undefined || given === false) return [];
      const name = `options.${field.name}`;
      if (disabled) return [problem(name, "closed_option", disabled)];
      const isGone =
        field.kind === "choice" && field.live && options && !options.some(({ value }) => value === given);
      return isGone
        ? [problem(name, "gone_option", `${spec.name} no longer offers this. Choose “${field.label}” again.`)]
        : [];
    }),
  ];
}

/** As long as an answer may be in a question to our own server. */
const MAX_ANSWER = 200;

const inSeconds = (ms: number): string => `${Math.ceil(ms / 1_000)} s`;
