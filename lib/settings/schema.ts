import { z } from "zod";

/** What people may set, and how it comes. */

/** ending: a connection that will end. ended: one that has. post: a post that did not go out everywhere. */
export const noticeKinds = ["ending", "ended", "post"] as const;
export type NoticeKind = (typeof noticeKinds)[number];

/** app: on the dashboard. The accounts page shows how each account is in any case. */
export const channels = ["app", "mail"] as const;
export type Channel = (typeof channels)[number];

export type NoticeSettings = Record<NoticeKind, Record<Channel, boolean>>;

export const defaultNotices: NoticeSettings = {
  ending: { app: true, mail: true },
  ended: { app: true, mail: true },
  post: { app: true, mail: false },
};

export type SettingsDto = {
  notices: NoticeSettings;
  /** Where mail goes; null where this installation sends none. */
  mailTo: string | null;
};

const Switches = z.strictObject({ app: z.boolean().optional(), mail: z.boolean().optional() });

/** Only what is named changes. */
export const ChangeSettings = z.strictObject({
  notices: z.strictObject({
    ending: Switches.optional(),
    ended: Switches.optional(),
    post: Switches.optional(),
  }),
});
export type ChangeSettings = z.infer<typeof ChangeSettings>;
