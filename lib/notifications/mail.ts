import "server-only";
import { env } from "@/lib/env";
import { log } from "@/lib/log";
import { MailNotSent, sendMail } from "@/lib/mail";
import { claimMail, settleMail } from "./data";

/**
 * Mails a notice, at most once: it is claimed first, and given back only when the mail certainly did not go out. A crash
 * or a lost answer in between costs the mail and never doubles it; the notice on the dashboard is there in any case.
 * @throws MailNotSent so that the job comes again
 */
export async function mailNotice(noticeId: string): Promise<void> {
  const due = await claimMail(noticeId);
  if (!due) return;
  const { origin } = env();
  try {
    await sendMail({
      to: due.to,
      subject: due.title,
      text: `${due.body}\n\n${origin}${due.href ?? "/dashboard"}\n\nWhich mails you get is up to you: ${origin}/settings\n`,
    });
  } catch (error) {
    if (!(error instanceof MailNotSent)) {
      log.error("notice.mail_uncertain", { noticeId, error });
      return;
    }
    await settleMail(noticeId, error.permanent ? "refused" : "due");
    if (!error.permanent) throw error;
    log.warn("notice.mail_refused", { noticeId, error });
    return;
  }
  await settleMail(noticeId, "sent");
}
