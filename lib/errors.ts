/** Something the caller can act on. The message says what happened and what to do; the code is for programs. */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly status: number;
  readonly code: string;
  readonly remedy: string | null;
  readonly details: unknown;

  constructor(
    status: number,
    code: string,
    message: string,
    more: { remedy?: string; details?: unknown; cause?: unknown } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.status = status;
    this.code = code;
    this.remedy = more.remedy ?? null;
    this.details = more.details;
  }
}

export const notFound = (what: string): AppError =>
  new AppError(404, "not_found", `${what} was not found. It may have been removed.`);

export const signInFirst = (): AppError =>
  new AppError(401, "signed_out", "Sign in first.", { remedy: "sign_in" });
