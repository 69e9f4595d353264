/**
 * What a platform is, to the rest of the house.
 * A provider is a plain object that remembers nothing; a capability it lacks is a member it does not have.
 */

/** Where a platform's limits and fields live as data, so that the browser and the server apply the same ones. */
export type PlatformSpec = {
  id: string;
  name: string;
  text: {
    max: number;
    /** Accounts whose identity says one of these values may write more, such as paying members. */
    longer?: { metadata: string; values: string[]; max: number };
    /** How the platform counts; see counting.ts. */
    counting: CountingRule;
    required: boolean;
    /** Unique links allowed in one post; absent means no limit is known. */
    maxLinks?: number;
    /** Cashtags ($ABC) allowed in one post. */
    maxCashtags?: number;
  };
  /** How an explicit link travels: in a field of its own, or as the last word of the text. */
  link: "field" | "text";
  /** How many posts may hang below the first one as a chain of replies; 0 where the platform cannot. */
  maxReplies: number;
  /** The platform's own questions, drawn by one renderer. */
  fields: FieldSpec[];
  capabilities: { delete: boolean; readBack: boolean; refresh: boolean; revoke: boolean; quota: boolean };
  /** Scopes without which nothing can be published; compared with what was granted where the platform tells. */
  publishScopes: string[];
};

/**
 * characters: Unicode code points. emoji_bytes: an emoji counts as its UTF-8 bytes. weighted: X's twitter-text v3. utf16: UTF-16 units.
 * little_text: UTF-16 units as LinkedIn's markup is sent, backslashes included.
 */
export type CountingRule = "characters" | "emoji_bytes" | "weighted" | "utf16" | "little_text";

export type FieldSpec = {
  name: string;
  label: string;
  help?: string;
  required: boolean;
} & (
  | {
      kind: "text";
      maxLength?: number;
      /** Characters the platform refuses here, as a regular expression's source, and how to say so. */
      refuses?: { pattern: string; message: string };
    }
  | { kind: "choice"; options: { value: string; label: string }[] }
  | { kind: "boolean" }
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

export type PostContent = {
  text: string;
  link?: string | undefined;
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

export type Quota = { used: number; total: number; windowSeconds: number };

/** When a grant is due for renewal, as data. */
export type RefreshPolicy = {
  /** Renew before lending the token when less than this is left; null where renewing is impossible. */
  beforeExpiryMs: number | null;
  /** Younger than this, the platform refuses to renew. */
  minAgeMs: number;
  /** Renew an unused grant this long after its last renewal, so that it lives on; null where that is impossible or pointless. */
  keepAliveMs: number | null;
  /** The old refresh token dies the moment it is used. */
  rotates: boolean;
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

export type SessionConnector = { kind: "session"; fields: FieldSpec[] };

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
