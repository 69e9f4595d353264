import { z } from "zod";
import { type Access, PlatformError } from "../contract";
import type { CommentReply, Inbox, InboxAction, Peer, SentMessage } from "../inbox-contract";
import { type Kit, RemoteId } from "../kit";
import { type Ask, askFacebook, askInstagram } from "./graph";
import { explainInbox, isRefusal, rejected } from "./inbox/errors";
import { readHistory } from "./inbox/history";
import { linkedInboxScopes, ownInboxScopes } from "./inbox/scopes";
import { inboxLimits, sendMessage } from "./inbox/send";

/** Direct messages and comments of a professional account. Both log-ins speak alike; what differs is a `Door`. */
type Door = {
  /** With the table of the inbox, and with that of publishing, which knows comments. */
  ask: Ask;
  askOfComments: Ask;
  scopes: Inbox["scopes"];
  /** Who messages go through: the first word of every path. */
  node(access: Access): string;
  /** What to have sent to us. Instagram then sends whatever is ticked in the app's dashboard, this or not. */
  fields: { messages: string[]; comments: string[] };
  /** Emoji that this log-in takes, of those that people use most. */
  reactions: string[];
  /** A reaction as this log-in spells it. @throws PlatformError for one that it does not know */
  reaction(reaction: string): string;
  /** Our app's name among those that are subscribed; null where only our own are listed. */
  appId: string | null;
};

/** With the account's own token, at graph.instagram.com. */
export const ownInbox = (kit: Kit): Inbox =>
  inboxThrough({
    ask: askInstagram(kit, explainInbox),
    askOfComments: askInstagram(kit),
    scopes: ownInboxScopes,
    node: ({ remoteId }) => encodeURIComponent(remoteId),
    fields: {
      messages: [...MESSAGE_FIELDS, "message_echoes", "message_edit"],
      comments: COMMENT_FIELDS,
    },
    reactions: ["❤️", "😂", "😮", "😢", "👍", "🙏"],
    // Any emoji; the word is the other log-in's.
    reaction: (reaction) => (reaction === LOVE ? "❤️" : reaction),
    appId: null,
  });

/** With the token of the Page that the account is linked to, at graph.facebook.com. */
export const linkedInbox = (kit: Kit): Inbox =>
  inboxThrough({
    ask: askFacebook(kit, explainInbox),
    askOfComments: askFacebook(kit),
    scopes: linkedInboxScopes,
    node: pageOf,
    fields: { messages: MESSAGE_FIELDS, comments: [...COMMENT_FIELDS, "mentions"] },
    reactions: ["❤️"],
    reaction(reaction) {
      if (reaction === LOVE || HEARTS.test(reaction)) return LOVE;
      throw rejected("not_sendable", "Through Facebook, Instagram takes only the heart as a reaction.");
    },
    appId: kit.clientId,
  });

const MESSAGE_FIELDS = [
  "messages",
  "messaging_postbacks",
  "messaging_seen",
  "message_reactions",
  "messaging_referral",
  "messaging_handover",
  "standby",
];
const COMMENT_FIELDS = ["comments", "live_comments"];
const LOVE = "love";
const HEARTS = /^[❤♥]\ufe0f?$/u;

function pageOf({ metadata }: Access): string {
  const pageId = RemoteId.safeParse(metadata["pageId"]);
  if (!pageId.success) {
    throw new PlatformError(
      "reconnect",
      "We do not know the Page of this account any more. Connect it again.",
      {
        code: "no_page",
      },
    );
  }
  return encodeURIComponent(pageId.data);
}

function inboxThrough(door: Door): Inbox {
  const { ask, askOfComments, scopes, node } = door;
  return {
    limits: { ...inboxLimits, reactions: door.reactions },
    scopes,
    subscribe: (access) => subscribe(door, access),

    async unsubscribe(access) {
      await ask(access, { method: "DELETE", path: `${node(access)}/subscribed_apps`, answer: Success });
    },

    subscription: (access) => subscription(door, access),
    send: (request) => sendMessage(ask, (access) => `${node(access)}/messages`, request),

    async act(access, action) {
      await ask(access, {
        method: "POST",
        path: `${node(access)}/messages`,
        json: { recipient: { id: action.peerId }, ...actionOf(door, action) },
        answer: z.object({ recipient_id: RemoteId.optional() }),
      });
    },

    replyToComment: (reply) => replyToComment(askOfComments, reply),
    profile: (access, peerId) => profileOf(ask, access, peerId),
    history: (access, request) => readHistory(ask, node(access), access, request),
  };
}

const Success = z.object({ success: z.literal(true) });

/** @throws PlatformError reconnect when nothing of the inbox was allowed */
async function subscribe({ ask, node, fields }: Door, access: Access): Promise<void> {
  const { messaging, commenting } = access.metadata;
  const allowed = [
    ...(messaging === false ? [] : fields.messages),
    ...(commenting === false ? [] : fields.comments),
  ];
  if (allowed.length === 0) {
    throw new PlatformError(
      "reconnect",
      "Neither messages nor comments of this account were allowed. Connect it again and leave every permission on.",
      { code: "not_allowed" },
    );
  }
  const askFor = (names: string[]) =>
    ask(access, {
      method: "POST",
      path: `${node(access)}/subscribed_apps`,
      query: { subscribed_fields: names.join(",") },
      answer: Success,
    });
  try {
    await askFor(allowed);
  } catch (error) {
    if (!isBadParameter(error)) throw error;
    // One name it does not know spoils the list, and any one brings all that the dashboard has ticked.
    await askFor(allowed.slice(0, 1));
  }
  if (messaging === false) return;
  try {
    // A creator's account sends nothing before its conversations were looked at once.
    await ask(access, {
      method: "GET",
      path: `${node(access)}/conversations`,
      query: { platform: "instagram" },
      answer: z.object({}),
    });
  } catch (error) {
    // The subscription stands all the same.
    if (!(error instanceof PlatformError)) throw error;
  }
}

const isBadParameter = (error: unknown): error is PlatformError =>
  error instanceof PlatformError && error.kind === "rejected" && /^100(\/|$)/.test(error.code ?? "");

const Subscriptions = z.object({
  data: z.array(
    z.object({
      id: RemoteId.optional(),
      subscribed_fields: z
        .array(z.union([z.string(), z.object({ name: z.string() }).transform(({ name }) => name)]))
        .optional(),
    }),
  ),
});

async function subscription({ ask, node, appId }: Door, access: Access): Promise<string[] | null> {
  try {
    const { data } = await ask(access, {
      method: "GET",
      path: `${node(access)}/subscribed_apps`,
      answer: Subscriptions,
    });
    const ours = data.find(({ id }) => appId === null || id === undefined || id === appId);
    return ours ? (ours.subscribed_fields ?? null) : [];
  } catch (error) {
    // Documented for the log-in with Facebook only.
    if (appId !== null || !(error instanceof PlatformError) || error.kind !== "rejected") throw error;
    return null;
  }
}

function actionOf({ reaction }: Door, action: InboxAction): object {
  switch (action.kind) {
    case "seen":
      return { sender_action: "mark_seen" };
    case "typing":
      return { sender_action: action.on ? "typing_on" : "typing_off" };
    case "reaction":
      return action.reaction === null
        ? { sender_action: "unreact", payload: { message_id: action.messageId } }
        : {
            sender_action: "react",
            payload: { message_id: action.messageId, reaction: reaction(action.reaction) },
          };
  }
}

async function replyToComment(
  ask: Ask,
  { access, commentId, text, sending }: CommentReply,
): Promise<SentMessage> {
  if (text.trim() === "") throw rejected("not_sendable", "Write something first.");
  if (text.length > inboxLimits.commentCharacters) {
    throw rejected(
      "too_long",
      `Instagram takes comments of up to ${inboxLimits.commentCharacters} characters. Make this one shorter.`,
    );
  }
  await sending();
  const { id } = await ask(access, {
    method: "POST",
    path: `${encodeURIComponent(commentId)}/replies`,
    form: { message: text },
    effect: "write",
    answer: z.object({ id: RemoteId }),
  });
  return { remoteId: id, peerId: null };
}

const Profile = z.object({
  name: z.string().nullish(),
  username: z.string().nullish(),
  profile_pic: z
    .url({ protocol: /^https?$/ })
    .nullish()
    .catch(null),
  follower_count: z.number().nullish(),
  is_user_follow_business: z.boolean().nullish(),
  is_verified_user: z.boolean().nullish(),
});

async function profileOf(ask: Ask, access: Access, peerId: string): Promise<Peer | null> {
  try {
    const profile = await ask(access, {
      method: "GET",
      path: encodeURIComponent(peerId),
      query: { fields: "name,username,profile_pic,follower_count,is_user_follow_business,is_verified_user" },
      answer: Profile,
    });
    return {
      id: peerId,
      name: profile.name || null,
      handle: profile.username || null,
      avatarUrl: profile.profile_pic ?? null,
      followers: profile.follower_count ?? null,
      follows: profile.is_user_follow_business ?? null,
      verified: profile.is_verified_user ?? null,
    };
  } catch (error) {
    if (isRefusal(error, "no_consent", "person_unavailable")) return null;
    throw error;
  }
}
