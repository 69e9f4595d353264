/** Something a person should hear of, until they have put it away. */
export type NotificationDto = {
  id: string;
  title: string;
  body: string;
  /** A page of ours where it can be seen to. */
  href: string | null;
  /** The connections it is about; empty for other news. */
  connectionIds: string[];
  createdAt: string;
};

/** GET /api/notifications: unread, newest first. */
export type NotificationsAnswer = {
  notifications: NotificationDto[];
  /** Connections of which everything that was said has been put away: nobody says it again. */
  quiet: string[];
};
