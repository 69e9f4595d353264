/** The simulated Reddit's communities: what each allows, and how it tells. */
import { type Answer, type Call, isAnswer, type Json, json, type Person } from "@/lib/sandbox/kit";
import { forbidden, plain, queryRefusal, reading, signedIn } from "./answers";

export type Flair = { id: string; text: string; text_editable: boolean; mod_only: boolean };

export type Requirements = {
  title_regexes: string[];
  title_required_strings: string[];
  title_blacklisted_strings: string[];
  title_text_min_length: number | null;
  title_text_max_length: number | null;
  body_restriction_policy: "none" | "required" | "notAllowed";
  body_required_strings: string[];
  body_blacklisted_strings: string[];
  body_regexes: string[];
  body_text_min_length: number | null;
  body_text_max_length: number | null;
  domain_blacklist: string[];
  domain_whitelist: string[];
  link_restriction_policy: "none" | "blacklist" | "whitelist";
  is_flair_required: boolean;
  guidelines_text: string | null;
  gallery_min_items: number | null;
  gallery_max_items: number | null;
  gallery_captions_requirement: "none" | "required" | "notAllowed";
  gallery_urls_requirement: "none" | "required" | "notAllowed";
};

export type Subreddit = {
  name: string;
  about: string;
  type: "public" | "restricted" | "private" | "user";
  submission: "any" | "link" | "self";
  allows: { images: boolean; videos: boolean; galleries: boolean; polls: boolean };
  over18: boolean;
  flairs: Flair[];
  rules: { short_name: string; description: string; kind: "all" | "link" | "comment" }[];
  requirements: Requirements;
};

const noRequirements: Requirements = {
  title_regexes: [],
  title_required_strings: [],
  title_blacklisted_strings: [],
  title_text_min_length: null,
  title_text_max_length: null,
  body_restriction_policy: "none",
  body_required_strings: [],
  body_blacklisted_strings: [],
  body_regexes: [],
  body_text_min_length: null,
  body_text_max_length: null,
  domain_blacklist: [],
  domain_whitelist: [],
  link_restriction_policy: "none",
  is_flair_required: false,
  guidelines_text: null,
  gallery_min_items: null,
  gallery_max_items: null,
  gallery_captions_requirement: "none",
  gallery_urls_requirement: "none",
};

const noFiles = { images: false, videos: false, galleries: false, polls: false };
const everything = { images: true, videos: true, galleries: true, polls: true };

const subreddits: Subreddit[] = [
  aSubreddit("bells", "Anything that rings, as text or as a link."),
  aSubreddit("ringers", "Ringers talking to each other. No links.", {
    submission: "self",
    rules: [{ short_name: "Words only", description: "Tell us in your own words.", kind: "all" }],
  }),
  aSubreddit("bellnews", "Links to news about bells, and nothing else.", {
    submission: "link",
    requirements: {
      ...noRequirements,
      link_restriction_policy: "blacklist",
      domain_blacklist: ["tabloid.example"],
    },
  }),
  aSubreddit("changeringing", "Methods and touches. Every post wears a flair.", {
    flairs: [
      {
        id: "5f0c7a52-3b1e-11ee-9d0a-0a1b2c3d4e01",
        text: "Question",
        text_editable: false,
        mod_only: false,
      },
      {
        id: "5f0c7a52-3b1e-11ee-9d0a-0a1b2c3d4e02",
        text: "Performance",
        text_editable: true,
        mod_only: false,
      },
      {
        id: "5f0c7a52-3b1e-11ee-9d0a-0a1b2c3d4e03",
        text: "Announcement",
        text_editable: false,
        mod_only: true,
      },
    ],
    requirements: { ...noRequirements, is_flair_required: true },
  }),
  aSubreddit("towerlog", "A log of towers: strict about titles and bodies.", {
    submission: "self",
    requirements: {
      ...noRequirements,
      title_regexes: ["^\\[(log|repair)\\]"],
      title_required_strings: ["tower"],
      title_blacklisted_strings: ["clickbait"],
      title_text_min_length: 15,
      title_text_max_length: 100,
      body_restriction_policy: "required",
      body_blacklisted_strings: ["for sale"],
      body_text_min_length: 10,
      guidelines_text: "Begin with [log] or [repair], and name the tower.",
    },
  }),
  aSubreddit("bellpuzzles", "The title is the puzzle: no body, please.", {
    requirements: { ...noRequirements, body_restriction_policy: "notAllowed" },
  }),
  aSubreddit("bellpics", "Anything that rings: in words, pictures, films and polls.", { allows: everything }),
  aSubreddit("bellphotos", "One picture at a time, nothing that moves.", {
    allows: { ...noFiles, images: true },
  }),
  aSubreddit("bellfilms", "Films of bells.", { allows: { ...noFiles, videos: true } }),
  aSubreddit("bellpolls", "What do ringers think?", {
    submission: "self",
    allows: { ...noFiles, polls: true },
  }),
  aSubreddit("bellalbums", "Albums of three to five pictures, each with a caption.", {
    allows: { ...noFiles, galleries: true },
    requirements: {
      ...noRequirements,
      gallery_min_items: 3,
      gallery_max_items: 5,
      gallery_captions_requirement: "required",
      gallery_urls_requirement: "notAllowed",
    },
  }),
  aSubreddit("carillonneurs", "Members post, everybody reads.", { type: "restricted" }),
  aSubreddit("belfry", "Members only.", { type: "private" }),
];

/** The community of this name, or the profile of a seeded person as `u_<username>`; null when there is neither. */
export function findSubreddit(call: Call, name: string): Subreddit | null {
  const wanted = name.toLowerCase();
  const found = subreddits.find((one) => one.name.toLowerCase() === wanted);
  if (found !== undefined) return found;
  const owner = call.people.find(({ username }) => `u_${username}`.toLowerCase() === wanted);
  return owner === undefined
    ? null
    : aSubreddit(`u_${owner.username}`, owner.about ?? "", { type: "user", allows: everything });
}

/** Whether the person may see what is inside. */
export function mayEnter(person: Person, { type, name }: Subreddit): boolean {
  return type !== "private" || isMember(person, name);
}

/** Whether the person may post there, banned ones apart. */
export function mayPost(person: Person, { type, name }: Subreddit): boolean {
  switch (type) {
    case "public":
      return true;
    case "restricted":
    case "private":
      return isMember(person, name);
    case "user":
      return name === `u_${person.username}`;
  }
}

export function isBanned(person: Person, { name }: Subreddit): boolean {
  return hasName(person.details?.banned_from, name);
}

/** GET /r/:sr/about */
export function about(call: Call): Answer {
  const entered = enter(call, "read");
  if (isAnswer(entered)) return entered;
  const { person, subreddit } = entered;
  return reading(call, {
    kind: "t5",
    data: {
      display_name: subreddit.name,
      display_name_prefixed: prefixed(subreddit),
      public_description: subreddit.about,
      subreddit_type: subreddit.type,
      submission_type: subreddit.submission,
      allow_images: subreddit.allows.images,
      allow_videos: subreddit.allows.videos,
      allow_galleries: subreddit.allows.galleries,
      allow_polls: subreddit.allows.polls,
      over18: subreddit.over18,
      link_flair_enabled: subreddit.flairs.length > 0,
      spoilers_enabled: true,
      restrict_posting: subreddit.type === "restricted",
      user_is_banned: isBanned(person, subreddit),
    },
  });
}

/** GET /r/:sr/about/rules */
export function rules(call: Call): Answer {
  const entered = enter(call, "read");
  if (isAnswer(entered)) return entered;
  return reading(call, { rules: entered.subreddit.rules, site_rules: [], site_rules_flow: [] });
}

/** GET /api/v1/:sr/post_requirements */
export function postRequirements(call: Call): Answer {
  const entered = enter(call, "submit");
  if (isAnswer(entered)) return entered;
  const none: Record<string, Json> = {
    link_repost_age: null,
    guidelines_display_policy: null,
  };
  return reading(call, { ...none, ...entered.subreddit.requirements });
}

/** GET /r/:sr/api/link_flair_v2: 403 where there is nothing to choose. */
export function linkFlairs(call: Call): Answer {
  const entered = enter(call, "flair");
  if (isAnswer(entered)) return entered;
  const { flairs } = entered.subreddit;
  if (flairs.length === 0) return plain(403);
  return json(
    200,
    flairs.map((flair) => ({
      ...flair,
      type: "text",
      richtext: [],
      allowable_content: "all",
      max_emojis: 10,
      css_class: "",
      background_color: "",
      text_color: "dark",
    })),
  );
}

/** As people write it: r/bells, u/adabell. */
export function prefixed({ name, type }: Subreddit): string {
  return type === "user" ? `u/${name.slice("u_".length)}` : `r/${name}`;
}

function enter(
  call: Call,
  scope: "read" | "submit" | "flair",
): { person: Person; subreddit: Subreddit } | Answer {
  const person = signedIn(call, scope);
  if (isAnswer(person)) return person;
  const wrong = queryRefusal(call);
  if (wrong !== null) return wrong;
  const subreddit = findSubreddit(call, call.params.sr ?? "");
  if (subreddit === null) return plain(404);
  return mayEnter(person, subreddit) ? { person, subreddit } : forbidden("private");
}

function isMember(person: Person, name: string): boolean {
  return hasName(person.details?.member_of, name);
}

function hasName(list: Json | undefined, name: string): boolean {
  return Array.isArray(list) && list.includes(name);
}

function aSubreddit(name: string, about: string, own: Partial<Subreddit> = {}): Subreddit {
  return {
    name,
    about,
    type: "public",
    submission: "any",
    allows: noFiles,
    over18: false,
    flairs: [],
    rules: [],
    requirements: noRequirements,
    ...own,
  };
}
