/** What a person at the terminal can mend. Its message is one sentence or two: what is wrong, and what to do. */
export class Problem extends Error {
  override readonly name = "Problem";
}

/** Runs a command's main function. A Problem is printed as its sentence; anything else with its trace. Both exit with 1. */
export async function main(run: () => Promise<number | undefined>): Promise<never> {
  try {
    process.exit((await run()) ?? 0);
  } catch (error) {
    console.error(error instanceof Problem ? `\n${error.message}` : error);
    process.exit(1);
  }
}

/** The code of a Node system error such as ENOENT, or null. */
export const codeOf = (error: unknown): string | null =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : null;

/** Turns what the disk says into a sentence; what is not the disk's fault comes back as it was. */
export function diskProblem(error: unknown, path: string): unknown {
  const code = codeOf(error);
  // Node's recursive mkdir says ENOENT on a read-only disk.
  const refusedFolder =
    code === "ENOENT" && error instanceof Error && "syscall" in error && error.syscall === "mkdir";
  if (code === "EROFS" || refusedFolder) {
    return new Problem(
      `The disk under ${path} is read-only. Carillon keeps its data there: make it writable, or set CARILLON_DATA to a folder that is.`,
    );
  }
  if (code === "ENOSPC" || code === "EDQUOT")
    return new Problem(`There is no space left for ${path}. Free some (300 MB is plenty) and start again.`);
  if (code === "EACCES" || code === "EPERM") {
    return new Problem(
      `You may not write to ${path}. Change its owner or rights, or set CARILLON_DATA to a folder of yours.`,
    );
  }
  if (code === "ENOTDIR" || code === "EEXIST")
    return new Problem(`${path} cannot be made: part of it is not a folder.`);
  return error;
}
