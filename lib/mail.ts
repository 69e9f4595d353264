import "server-only";
import { createTransport } from "nodemailer";
import { env } from "@/lib/env";
import { log } from "@/lib/log";

export type Mail = { to: string; subject: string; text: string };

/** The mail did certainly not go out. Any other failure of sendMail leaves that open. */
export class MailNotSent extends Error {
  override readonly name = "MailNotSent";
  /** The server will not take it later either, such as for an address that does not exist. */
  readonly permanent: boolean;

  constructor(cause: unknown, { permanent }: { permanent: boolean }) {
    super("The mail was not sent.", { cause });
    this.permanent = permanent;
  }
}

/** Whether mail goes anywhere from here: by SMTP, or in development into the log. */
export const sendsMail = (): boolean => env().smtpUrl !== undefined || env().mode === "development";

/**
 * Sends by SMTP_URL. Without one, development writes the mail to the log; anywhere else it is reported as unsent.
 * @throws MailNotSent when the server cannot be reached or refuses it
 */
export async function sendMail(mail: Mail): Promise<void> {
  const { smtpUrl, mailFrom, mode } = env();
  if (smtpUrl) {
    await deliver(smtpUrl, { from: mailFrom, ...mail });
    log.info("mail.sent", { subject: mail.subject });
    return;
  }
  if (mode === "development") {
    log.info("mail.written_to_log", { to: mail.to, subject: mail.subject, mail: mail.text });
    return;
  }
  log.warn("mail.unsent", { subject: mail.subject, reason: "SMTP_URL is not set" });
}

async function deliver(url: string, mail: Mail & { from: string }): Promise<void> {
  const transport = createTransport({ url, ...TIMEOUTS });
  // Asked first whether it is there at all: of what fails afterwards, only the server's own "no" proves that nothing went out.
  await transport.verify().catch((cause: unknown) => {
    throw new MailNotSent(cause, { permanent: false });
  });
  try {
    await transport.sendMail(mail);
  } catch (cause) {
    const code = responseCodeOf(cause);
    if (code === null) throw cause;
    throw new MailNotSent(cause, { permanent: code >= 500 && code !== BAD_SEQUENCE });
  }
}

/** Shorter than a job may take: whoever waits for a mail server must not wait for ever. */
const TIMEOUTS = { connectionTimeout: 15_000, greetingTimeout: 15_000, socketTimeout: 30_000 };

/** Says something about the session, not about the mail. */
const BAD_SEQUENCE = 503;

const responseCodeOf = (error: unknown): number | null =>
  error instanceof Error && "responseCode" in error && typeof error.responseCode === "number"
    ? error.responseCode
    : null;
