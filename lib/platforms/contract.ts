import type { Inbox } from "./inbox-contract";

/**
 * What a platform is, to the rest of the house.
 * A provider is a plain object that remembers nothing; a capability it lacks is a member it does not have.
 */

/** Where a platform's limits and fields live as data, so that the browser and the server apply the same ones. */
export type PlatformSpec = {
  id: string;
  name: string;
  /** Accounts are kept here but nothing is published to them, and the screens say so. */
  publishes?: false;
  text: {
    max: number;
    /** Accounts whose identity says one of these values may write more, such as paying members. */
    longer?: { metadata: string; values: string[]; max: number };
    /** How the platform counts; see counting.ts. */
    counting: CountingRule;
    /** A post without media and without a link in a field of its own needs some text. */
    required: boolean;
    /** Unique links allowed in one post; absent means no limit is known. */
    maxLinks?: number;
    /** Cashtags ($ABC), #hashtags and @mentions allowed in one post. */
    maxCashtags?: number;
    maxHashtags?: number;
    maxMentions?: number;
  };
  /** How an explicit link travels: in a field of its own, or as the last word of the text. */
  link: "field" | "text";
  /** How many posts may hang below the first one as a chain of replies; 0 where the platform cannot. */
  maxReplies: number;
  /** What pictures, videos and documents a post may carry; absent: none. */
  media?: MediaRules;
  /** Where one answer decides about media (a story is not a reel): rules by that option's value, instead of `media`. */
  mediaBy?: { option: string; rules: Record<string, MediaRules> };
  /** The platform's own questions, drawn by one renderer. */
  fields: FieldSpec[];
  /** Sentences the platform wants shown beside the button that publishes. */
  notices?: Notice[];
  capabilities: { delete: boolean; readBack: boolean; refresh: boolean; revoke: boolean; quota: boolean };
  /** What a person does at the platform to end our access by hand: a sentence, in the platform's own menu words. */
  removal: string;
  /** Scopes without which nothing can be published; compared with what was granted where the platform tells. */
  publishScopes: string[];
};

/**
 * characters: Unicode code points. emoji_bytes: an emoji counts as its UTF-8 bytes. weighted: X's twitter-text v3. utf16: UTF-16 units.
 * little_text: UTF-16 units as LinkedIn's markup is sent, backslashes included.
 */
export type CountingRule = "characters" | "emoji_bytes" | "weighted" | "utf16" | "little_text";

export type MediaKind = "image" | "gif" | "video" | "document";

/**
 * What files one post takes. A picture is converted to fit (format, size, ratio); an animated GIF where `gif` is absent
 * becomes a still picture; videos and documents are sent as they are, so what does not fit is refused.
 */
export type MediaRules = {
  /** Fewest and most files in one post. */
  min: number;
  max: number;
  /** Whether kinds may stand side by side; otherwise all files of a post are of one kind. */
  mixed: boolean;
  image?: ImageRules;
  gif?: FileRules & { maxWidth?: number; maxHeight?: number };
  video?: VideoRules;
  document?: FileRules;
  /** Longest description of what a picture shows, in characters; absent: the platform takes none. */
  altMax?: number;
};

export type FileRules = {
  /** MIME types. */
  formats: string[];
  maxBytes: number;
  /** Most files of this kind in one post; absent: as many as the post takes. */
  max?: number;
};

/** A picture in another format becomes the first of `formats`. Ratios are width divided by height. */
export type ImageRules = FileRules & {
  maxWidth?: number;
  maxHeight?: number;
  maxPixels?: number;
  minWidth?: number;
  minRatio?: number;
  maxRatio?: number;
};

export type VideoRules = FileRules & {
  minBytes?: number;
  minMs?: number;
  maxMs?: number;
  minWidth?: number;
  minHeight?: number;
  maxWidth?: number;
  minRatio?: number;
  maxRatio?: number;
};

/** When a question or a sentence matters: with such media in the post, or with such an answer to another question. */
export type Only = {
  media?: (MediaKind | "none")[];
  /** "" stands for a question nobody answered. */
  option?: { name: string; values: (string | boolean)[] };
};

/** `href`: where the full text is. */
export type Notice = { text: string; href?: string; only?: Only };

export type FieldSpec = {
  name: string;
  label: string;
  help?: string;
  required: boolean;
  /** Asked only then; an answer given before that is left out. */
  only?: Only;
} & (
  | {
      kind: "text";
      maxLength?: number;
      /** Characters the platform refuses here, as a regular expression's source, and how to say so. */
      refuses?: { pattern: string; message: string };
    }
  | {
      kind: "choice";
      options: { value: string; label: string }[];
      /** The options come from the platform for this account, right now (`choices`); here they are empty. */
      live?: true;
    }
  | { kind: "boolean" }
  | { kind: "number"; min: number; max: number; unit?: string }
  /** Several short texts, such as the answers of a poll. None at all is no answer. */
  | { kind: "list"; min: number; max: number; maxLength: number }
);

/** The secrets of one grant. Stored sealed; lives in the clear only for the length of a call. */
export type Credentials = {
  accessToken: string;
  /** Absent where the platform does not say. */
  accessExpiresAt?: Date;
  refreshToken?: string;
  refreshExpiresAt?: Date;
  /** What the platform said it granted; absent where it does not tell. */
  scopes?: string[];
};

/** Credentials lent for one call, with the account they are to act on. */
export type Access = { accessToken: string; remoteId: string; metadata: Record<string, unknown> };

/** One account a grant reaches. */
export type Identity = {
  remoteId: string;
  name: string;
  handle: string | null;
  avatarUrl: string | null;
  profileUrl: string | null;
  /** Facts later calls need (an account tier, a Page id): JSON, never secret. */
  metadata: Record<string, unknown>;
  /** Publishing permissions that were not granted: the connection is "limited" while this is not empty. */
  missing: string[];
  /** Where the account has a token of its own, such as a Facebook Page. */
  credentials?: Credentials;
};

export type Identified = {
  /** Who consented, as the platform names them: a grant is unique per (platform, subject). */
  subject: string;
  identities: Identity[];
};

export type Health = {
  missing: string[];
  name: string;
  handle: string | null;
  avatarUrl: string | null;
  metadata: Record<string, unknown>;
};

/** A file of a post, already fitted to the platform's rules. */
export type MediaFile = {
  kind: MediaKind;
  mimeType: string;
  filename: string;
  bytes: number;
  /** Pixels; null where the file does not say. */
  width: number | null;
  height: number | null;
  durationMs: number | null;
  /** What it shows, for those who cannot see it; "" when nobody wrote anything. */
  alt: string;
  /** A public address from which the platform may fetch it for at least a day: ASCII, no redirects, no sign-in. */
  url: string;
  /** Its bytes from `start` (0) up to, not including, `end` (its length); never more in memory than what is being read. */
  open(start?: number, end?: number): AsyncIterable<Uint8Array>;
};

export type PostContent = {
  text: string;
  link?: string | undefined;
  /** In order; belongs to the first part. */
  media: MediaFile[];
  /** Further parts, each published as a reply to the one before it. */
  replies: { text: string }[];
  /** The platform's own fields, already checked against the spec. */
  options: Record<string, unknown>;
};

/** Where a post stands at the platform between two steps: JSON that only the provider reads. */
export type Resume = Record<string, unknown>;

export type PublishStep =
  | {
      state: "published";
      remoteId: string;
      url: string | null;
      /** Where the post is a chain: the ids of all its parts, first to last. */
      parts?: string[];
      /** What the person should still know, such as a first comment that was refused or a draft to finish in the app. */
      note?: string;
    }
  | { state: "processing"; resume: Resume; checkAfterMs: number };

export type PublishRequest = {
  access: Access;
  content: PostContent;
  /** null on the first step; then whatever the last step returned. */
  resume: Resume | null;
  /** Set when an earlier attempt at this very post may be out: a platform that calls this one a copy is then asked which. */
  earlier?: Pick<LocateRequest, "since" | "known">;
  /** The fence: awaited right before each write the world can see. Throws when this attempt lost its claim. */
  sending(): Promise<void>;
};

export type LocateRequest = {
  access: Access;
  content: PostContent;
  resume: Resume | null;
  /** When the write whose answer was lost began. */
  since: Date;
  /** Remote ids this account already has on record, so that an equal, earlier post is not taken for this one. */
  known: string[];
};

/**
 * What reading back showed. published: it is out. processing: it is safe to go on from `resume` (part of it is out, or
 * the platform proves that the write never took effect). absent: it is not among the account's posts.
 */
export type Located = PublishStep | { state: "absent" };

/** What the platform allows this account right now. */
export type Choices = {
  /** By field name: the options to choose from, or why the question cannot be answered at the moment. */
  fields: Record<string, { options?: { value: string; label: string }[]; disabled?: string }>;
  /** Whom the platform wants named beside the post. */
  account?: { name: string; avatarUrl: string | null };
  /** The longest video this account may post now. */
  maxVideoMs?: number;
  /** Why nothing can be posted now; absent when it can. */
  blocked?: string;
};

export type Quota = { used: number; total: number; windowSeconds: number };

/**
 * When a grant is renewed, as data. Lifetimes are never part of it: those are what the platform's answers say.
 * A token that is used is renewed when it is lent (`beforeExpiryMs`), so that one of two hours which nobody uses is left to
 * end: renewing without need is what breaks rotating connections. By itself only what would otherwise be lost is renewed:
 * the consent behind a grant (`keepAliveMs`), and a token of weeks (`aheadMs`).
 */
export type RefreshPolicy = {
  /** What buys the new token: the living access token itself, or a refresh token, which not every grant has. */
  by: "access_token" | "refresh_token";
  /** Renew before lending the token when less than this is left; null where renewing is impossible. */
  beforeExpiryMs: number | null;
  /** Younger than this, the platform refuses to renew. */
  minAgeMs: number;
  /** Renew an unused grant this long after its last renewal, so that it lives on; null where that is impossible or pointless. */
  keepAliveMs: number | null;
  /** Renew an unused grant this long before its access token ends; absent: an access token may end and is renewed when used. */
  aheadMs?: number;
  /** The old refresh token dies the moment it is used. */
  rotates: boolean;
  /** No renewal moves the end of the refresh token. */
  fixedEnd?: true;
  /** Renewals a minute that the platform allows this app, all grants together; absent: no number is known. */
  perMinute?: number;
};

export type AuthorizeRequest = { state: string; redirectUri: string; codeChallenge: string };
export type ExchangeRequest = { code: string; redirectUri: string; codeVerifier: string };

export type OAuthConnector = {
  kind: "oauth";
  pkce: "S256" | "none";
  /** The issuer an `iss` parameter must name (RFC 9207). */
  issuer: string;
  /** The platform always sends `iss`: an answer without it is refused. */
  announcesIssuer?: boolean;
  refreshPolicy: RefreshPolicy;
  authorizeUrl(request: AuthorizeRequest): URL;
  exchange(request: ExchangeRequest): Promise<Credentials>;
  refresh?(credentials: Credentials): Promise<Credentials>;
  revoke?(credentials: Credentials): Promise<void>;
};

/**
 * For a platform without OAuth: what the person pastes, and what becomes of it. `identify` then says who it is without
 * asking the platform, and nothing ever calls the platform but `check`.
 */
export type SessionConnector = {
  kind: "session";
  fields: FieldSpec[];
  /** Makes credentials of the pasted values, or says what is wrong with which; never by repeating a value. */
  accept(
    values: Record<string, string>,
    rules: string | null,
  ): { credentials: Credentials } | { problems: FieldProblem[] };
  /**
   * Asks the platform once whether the session is good.
   * @throws PlatformError reconnect when it is not; any other kind says nothing about the session
   */
  check(credentials: Credentials, check: SessionCheck): Promise<Identity>;
};

export type FieldProblem = { field: string; message: string };

export type SessionCheck = {
  /** A file of rules the person brought for this check; null: the operator's. */
  rules: string | null;
  /** Awaited right before the one request to the platform. Throws when there has been one already. */
  sending(): Promise<void>;
};

export type Provider = {
  spec: PlatformSpec;
  connector: OAuthConnector | SessionConnector;
  identify(credentials: Credentials): Promise<Identified>;
  check?(access: Access): Promise<Health>;
  /** One step towards being out: "what now?" */
  publish(request: PublishRequest): Promise<PublishStep>;
  locate?(request: LocateRequest): Promise<Located | null>;
  remove?(access: Access, remoteId: string): Promise<void>;
  quota?(access: Access): Promise<Quota>;
  /** Asked when a post is written, and by the provider itself again before it is sent. `options`: the answers so far. */
  choices?(access: Access, options: Record<string, unknown>): Promise<Choices>;
  /** Messages and comments; absent means that the platform has none, or does not let us near them. */
  inbox?: Inbox;
};

/** Named by what helps: connect again, wait, change the post, or try again. */
export type FailureKind = "reconnect" | "slow_down" | "rejected" | "unavailable";

/** definite: nothing happened at the platform. ambiguous: it may have. */
export type Effect = "definite" | "ambiguous";

/** A platform said no, or said nothing. The message is for the person who posts; the cause is for the log. */
export class PlatformError extends Error {
  override readonly name = "PlatformError";
  readonly kind: FailureKind;
  readonly effect: Effect;
  /** The platform's own code where it gave one, such as "190" or "duplicate". */
  readonly code: string | null;
  readonly retryAfterMs: number | null;
  /** The whole app is refused, not this account: the operator must act, e.g. no credits left at X. */
  readonly operator: boolean;
  /** The access token itself was refused: renewing it once may help before asking the person to connect again. */
  readonly tokenRefused: boolean;

  constructor(
    kind: FailureKind,
    message: string,
    details: {
      effect?: Effect;
      code?: string;
      retryAfterMs?: number;
      operator?: boolean;
      tokenRefused?: boolean;
      cause?: unknown;
    } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.kind = kind;
    this.effect = details.effect ?? "definite";
    this.code = details.code ?? null;
    this.retryAfterMs = details.retryAfterMs ?? null;
    this.operator = details.operator ?? false;
    this.tokenRefused = details.tokenRefused ?? false;
  }
}
