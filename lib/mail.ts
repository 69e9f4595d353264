import "server-only";
import { createTransport } from "nodemailer";
import { env } from "@/lib/env";
import { log } from "@/lib/log";

export type Mail = { to: string; subject: string; text: string };

/** Sends by SMTP_URL. Without one, development writes the mail to the log; anywhere else it is reported as unsent. */
export async function sendMail(mail: Mail): Promise<void> {
  const { smtpUrl, mailFrom, mode } = env();
  if (smtpUrl) {
    const transport = createTransport(smtpUrl);
    await transport.sendMail({ from: mailFrom, ...mail });
    log.info("mail.sent", { subject: mail.subject });
    return;
  }
  if (mode === "development") {
    log.info("mail.written_to_log", { to: mail.to, subject: mail.subject, mail: mail.text });
    return;
  }
  log.warn("mail.unsent", { subject: mail.subject, reason: "SMTP_URL is not set" });
}
