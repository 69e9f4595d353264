import "server-only";
import { db } from "@/lib/db";
import { sendsMail } from "@/lib/mail";
import type { SignedIn } from "@/lib/session";
import { changeNotices, noticeSettings } from "./data";
import type { ChangeSettings, SettingsDto } from "./schema";

/** What a person has set, with the defaults where they have set nothing. */
export async function settingsOf(user: SignedIn): Promise<SettingsDto> {
  return { notices: await noticeSettings(db(), user.id), mailTo: sendsMail() ? user.email : null };
}

export async function changeSettings(user: SignedIn, change: ChangeSettings): Promise<SettingsDto> {
  await changeNotices(user.id, change.notices);
  return settingsOf(user);
}
