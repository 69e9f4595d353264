/** Something a person should hear of, until they have put it away. */
export type NotificationDto = {
  id: string;
  title: string;
  body: string;
  /** A page of ours where it can be seen to. */
  href: string | null;
  createdAt: string;
};

/** GET /api/notifications: unread, newest first. */
export type NotificationsAnswer = { notifications: NotificationDto[] };
