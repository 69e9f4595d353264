import { describe, expect, test } from "vitest";
import { askedWith, choiceProblems, fieldsFor } from "@/components/posts/compose/choices";
import { canPublish, judge, requestOf } from "@/components/posts/compose/judge";
import type { MediaRef } from "@/lib/media/schema";
import type { Choices, FieldSpec, ImageRules, MediaRules, PlatformSpec } from "@/lib/platforms/contract";
import { emptyDraft, type Draft as Written } from "@/lib/posts/draft";
import { applies, type LibraryFile, mediaRulesOf } from "@/lib/posts/media-rules";
import { checkDraft, type Draft, resolveContent } from "@/lib/posts/rules";
import type { Content, Problem, Target } from "@/lib/posts/schema";

/** What a post is told before it is sent: the same rules in the composer and on the server. */

const MB = 1024 * 1024;
const ADA = "0199f7a0-0000-7000-8000-00000000000a";

const picture: ImageRules = {
  formats: ["image/jpeg"],
  maxBytes: 8 * MB,
  maxWidth: 1_440,
  minRatio: 4 / 5,
  maxRatio: 1.91,
};

const rules: MediaRules = {
  min: 0,
  max: 4,
  mixed: false,
  image: picture,
  video: {
    formats: ["video/mp4"],
    maxBytes: 100 * MB,
    max: 1,
    minBytes: 10_000,
    minMs: 3_000,
    maxMs: 60_000,
    minWidth: 360,
    minHeight: 360,
    maxWidth: 1_920,
    minRatio: 0.5,
    maxRatio: 2,
  },
  document: { formats: ["application/pdf"], maxBytes: 10 * MB },
  altMax: 20,
};

const story: MediaRules = { min: 1, max: 1, mixed: false, image: { formats: ["image/jpeg"], maxBytes: MB } };

const spec = (change: Partial<PlatformSpec> = {}): PlatformSpec => ({
  id: "belfry",
  name: "Belfry",
  text: { max: 100, counting: "characters", required: true },
  link: "field",
  maxReplies: 2,
  media: rules,
  fields: [],
  capabilities: { delete: true, readBack: true, refresh: true, revoke: true, quota: false },
  removal: "Remove Carillon there.",
  publishScopes: ["write"],
  ...change,
});

let count = 0;
const file = (change: Partial<LibraryFile> = {}): LibraryFile => {
  count += 1;
  return {
    id: `0199f7a0-0000-7000-8000-${String(count).padStart(12, "0")}`,
    kind: "image",
    mimeType: "image/jpeg",
    filename: `bell-${count}.jpg`,
    bytes: MB,
    width: 1_080,
    height: 1_080,
    durationMs: null,
    alt: "",
    ...change,
  };
};
const video = (change: Partial<LibraryFile> = {}): LibraryFile =>
  file({ kind: "video", mimeType: "video/mp4", filename: "peal.mp4", durationMs: 10_000, ...change });
const gif = (change: Partial<LibraryFile> = {}): LibraryFile =>
  file({ kind: "gif", mimeType: "image/gif", filename: "swing.gif", ...change });
const pdf = (change: Partial<LibraryFile> = {}): LibraryFile =>
  file({
    kind: "document",
    mimeType: "application/pdf",
    filename: "plan.pdf",
    width: null,
    height: null,
    ...change,
  });

const connection = (change: Partial<Draft["connections"][number]> = {}): Draft["connections"][number] => ({
  id: ADA,
  platform: "belfry",
  name: "Ada Bell",
  status: "active",
  missing: [],
  metadata: {},
  ...change,
});

type Post = {
  spec?: PlatformSpec;
  content?: Partial<Content>;
  files?: LibraryFile[];
  /** Instead of a plain reference to each file. */
  refs?: MediaRef[];
  options?: Record<string, unknown>;
  target?: Target["content"];
  connections?: Draft["connections"];
};

function check(post: Post = {}): Problem[] {
  const files = post.files ?? [];
  return checkDraft({
    content: {
      text: "Nine bells",
      replies: [],
      media: post.refs ?? files.map(({ id }) => ({ id })),
      ...post.content,
    },
    targets: [
      { connectionId: ADA, options: post.options ?? {}, ...(post.target && { content: post.target }) },
    ],
    connections: post.connections ?? [connection()],
    specs: { belfry: post.spec ?? spec() },
    library: files,
  });
}

const codes = (problems: Problem[]): string[] => problems.map(({ code }) => code);
const found = (problems: Problem[]) => problems.map(({ field, code, severity }) => [field, code, severity]);

describe("text", () => {
  test("a post needs text, unless files or a link in a field of its own carry it", () => {
    const nothing = { text: "  " };
    expect(found(check({ content: nothing }))).toEqual([["text", "empty", "error"]]);
    expect(check({ content: nothing, files: [file()] })).toEqual([]);
    expect(check({ content: { ...nothing, link: "https://example.com" } })).toEqual([]);
    expect(check({ content: nothing, spec: spec({ text: { ...spec().text, required: false } }) })).toEqual(
      [],
    );
  });

  test("where the link is the last word of the text, it is text, and counts", () => {
    const inText = spec({ link: "text" });
    expect(check({ spec: inText, content: { text: "", link: "https://example.com" } })).toEqual([]);
    const [problem] = check({
      spec: inText,
      content: { text: "x".repeat(90), link: "https://example.com" },
    });
    expect(problem).toMatchObject({ field: "text", code: "too_long" });
    expect(problem?.message).toContain("10 too long for Belfry: 110 of 100");
  });

  test("an empty follow-up is no post, even below a picture", () => {
    const content = { text: "", replies: [{ text: " " }] };
    expect(found(check({ content, files: [file()] }))).toEqual([["replies.0.text", "empty", "error"]]);
  });

  test("too many follow-ups, and follow-ups where there are none", () => {
    const replies = [{ text: "a" }, { text: "b" }, { text: "c" }];
    expect(codes(check({ content: { replies } }))).toEqual(["too_many_replies"]);
    expect(check({ content: { replies }, spec: spec({ maxReplies: 0 }) })[0]?.message).toContain("cannot");
  });

  test.each([
    ["maxHashtags", "#a #b", "too_many_hashtags"],
    ["maxMentions", "@a @b", "too_many_mentions"],
    ["maxCashtags", "$AA $BB", "too_many_cashtags"],
    ["maxLinks", "https://a.example https://b.example", "too_many_links"],
  ])("%s", (limit, text, code) => {
    const limited = (most: number) => spec({ text: { ...spec().text, [limit]: most } });
    expect(codes(check({ spec: limited(1), content: { text } }))).toEqual([code]);
    expect(check({ spec: limited(2), content: { text } })).toEqual([]);
  });
});

describe("accounts", () => {
  test.each([
    ["gone", [], "not_connected"],
    ["to be connected again", [connection({ status: "reconnect" })], "reconnect"],
    ["without the permission to post", [connection({ missing: ["write"] })], "limited"],
    ["without a permission that posting does not need", [connection({ missing: ["insights"] })], null],
  ])("an account %s", (_state, connections, code) => {
    expect(codes(check({ connections }))).toEqual(code ? [code] : []);
  });

  test("members who may write more may write more", () => {
    const text = { ...spec().text, longer: { metadata: "tier", values: ["gold"], max: 200 } };
    const long = { spec: spec({ text }), content: { text: "x".repeat(150) } };
    expect(codes(check(long))).toEqual(["too_long"]);
    expect(check({ ...long, connections: [connection({ metadata: { tier: "gold" } })] })).toEqual([]);
  });
});

describe("how many files, and which", () => {
  const none = (): PlatformSpec => {
    const { media: _none, ...bare } = spec();
    return bare;
  };
  const files = (number: number) => Array.from({ length: number }, () => file());

  test.each<[string, Post, string[]]>([
    ["none", {}, []],
    ["as many as fit", { files: files(4) }, []],
    ["one too many", { files: files(5) }, ["too_many_media"]],
    ["pictures and a video", { files: [file(), video()] }, ["mixed_media"]],
    ["two videos where one fits", { files: [video(), video()] }, ["too_many_media"]],
    ["a document", { files: [pdf()] }, []],
    ["a picture where none are taken", { spec: none(), files: [file()] }, ["no_media"]],
    ["nothing where none are taken", { spec: none() }, []],
    ["nothing where something is needed", { spec: spec({ media: { ...rules, min: 1 } }) }, ["media_missing"]],
    [
      "a picture and a video where kinds mix",
      { spec: spec({ media: { ...rules, mixed: true } }), files: [file(), video()] },
      [],
    ],
    [
      "a video where there are none",
      {
        spec: spec({ media: { min: 0, max: 4, mixed: false, image: picture } }),
        files: [video()],
      },
      ["wrong_media"],
    ],
    ["a file that was deleted", { refs: [{ id: ADA }] }, ["media_gone"]],
  ])("%s", (_what, post, expected) => {
    const problems = check(post);
    expect(codes(problems)).toEqual(expected);
    for (const problem of problems) expect(problem).toMatchObject({ field: "media", severity: "error" });
  });

  test("one account's own files are judged in place of the post's", () => {
    const [one, two] = [file(), file()];
    const tight = spec({ media: { ...rules, max: 1 } });
    expect(codes(check({ spec: tight, files: [one, two] }))).toEqual(["too_many_media"]);
    expect(check({ spec: tight, files: [one, two], target: { media: [{ id: one.id }] } })).toEqual([]);
    expect(check({ spec: tight, files: [one, two], target: { media: [] } })).toEqual([]);
  });

  test("an answer may bring other rules: a story takes one picture", () => {
    const byPlacement = spec({ mediaBy: { option: "placement", rules: { story } } });
    expect(mediaRulesOf(byPlacement, {})).toBe(rules);
    expect(mediaRulesOf(byPlacement, { placement: "story" })).toBe(story);
    expect(mediaRulesOf(byPlacement, { placement: "elsewhere" })).toBe(rules);
    const asked = spec({
      ...byPlacement,
      fields: [
        {
          name: "placement",
          label: "Placement",
          required: false,
          kind: "choice",
          options: [{ value: "story", label: "Story" }],
        },
      ],
    });
    const post = { spec: asked, files: [file(), file()] };
    expect(check(post)).toEqual([]);
    expect(codes(check({ ...post, options: { placement: "story" } }))).toEqual(["too_many_media"]);
  });
});

describe("whether a file fits", () => {
  test.each<[string, LibraryFile, string | null, Problem["severity"]]>([
    ["a square picture", file(), null, "error"],
    ["a picture in another format is converted", file({ mimeType: "image/png" }), null, "error"],
    ["a large picture is made smaller", file({ width: 9_000, height: 9_000, bytes: 40 * MB }), null, "error"],
    ["a tall picture gets margins", file({ width: 900, height: 1_600 }), "margins", "warning"],
    ["a wide picture gets margins", file({ width: 3_000, height: 1_000 }), "margins", "warning"],
    ["the tallest that fits gets none", file({ width: 1_080, height: 1_350 }), null, "error"],
    ["an animated GIF stands still", gif(), "still_picture", "warning"],
    ["a video", video(), null, "error"],
    ["a video as long as may be", video({ durationMs: 60_000 }), null, "error"],
    ["a video too long", video({ durationMs: 60_001 }), "too_long_video", "error"],
    ["a video too short", video({ durationMs: 2_999 }), "too_short_video", "error"],
    ["a video that does not say how long", video({ durationMs: null }), null, "error"],
    ["a video too heavy", video({ bytes: 100 * MB + 1 }), "too_large", "error"],
    ["a video too light", video({ bytes: 9_999 }), "too_small", "error"],
    ["a video too small", video({ width: 359, height: 640 }), "too_small", "error"],
    ["a video too wide", video({ width: 1_921, height: 1_080 }), "too_large", "error"],
    ["a video too tall", video({ width: 400, height: 900 }), "wrong_ratio", "error"],
    ["a video in another format", video({ mimeType: "video/webm" }), "wrong_format", "error"],
    ["a document too heavy", pdf({ bytes: 10 * MB + 1 }), "too_large", "error"],
  ])("%s", (_what, one, code, severity) => {
    expect(found(check({ files: [one] }))).toEqual(code ? [["media", code, severity]] : []);
  });

  test("the words name the file and say what to do", () => {
    const [problem] = check({ files: [video({ durationMs: 150_000 })] });
    expect(problem?.message).toBe("“peal.mp4” runs 2 min 30 s; Belfry takes 60 s here. Shorten it.");
  });

  test("an animated GIF stays one where GIFs are taken, up to their size", () => {
    const taking = spec({
      media: {
        ...rules,
        gif: { formats: ["image/gif"], maxBytes: 5 * MB, maxWidth: 1_280, maxHeight: 1_080 },
      },
    });
    expect(check({ spec: taking, files: [gif()] })).toEqual([]);
    expect(codes(check({ spec: taking, files: [gif({ bytes: 6 * MB })] }))).toEqual(["too_large"]);
    expect(codes(check({ spec: taking, files: [gif({ width: 1_281 })] }))).toEqual(["too_large"]);
    expect(codes(check({ spec: taking, files: [gif(), file()] }))).toEqual(["mixed_media"]);
  });
});

describe("descriptions", () => {
  test("too long is too long, whether it is the post's own or the library's", () => {
    const [plain, described] = [file(), file({ alt: "x".repeat(21) })];
    expect(found(check({ files: [plain, described] }))).toEqual([["media.1.alt", "alt_too_long", "error"]]);
    expect(check({ files: [described], refs: [{ id: described.id, alt: "short" }] })).toEqual([]);
    expect(codes(check({ files: [plain], refs: [{ id: plain.id, alt: "🔔".repeat(20) }] }))).toEqual([]);
    expect(codes(check({ files: [plain], refs: [{ id: plain.id, alt: "🔔".repeat(21) }] }))).toEqual([
      "alt_too_long",
    ]);
  });

  test("where a platform takes none, none is too long", () => {
    const { altMax: _none, ...silent } = rules;
    expect(check({ spec: spec({ media: silent }), files: [file({ alt: "x".repeat(2_000) })] })).toEqual([]);
  });
});

const field = (own: Partial<FieldSpec> & Pick<FieldSpec, "kind">): FieldSpec =>
  // safe: each test gives what its kind needs
  ({ name: "q", label: "Question", required: false, ...own }) as FieldSpec;

const choice = field({ kind: "choice", options: [{ value: "a", label: "A" }] });
const live = field({ kind: "choice", options: [], live: true });
const number = field({ kind: "number", min: 0, max: 600, unit: "s" });
const list = field({ kind: "list", min: 2, max: 3, maxLength: 5 });
const text = field({ kind: "text", maxLength: 3, refuses: { pattern: "[\\n]", message: "One line only." } });

describe("the platform's own questions", () => {
  test.each<[string, FieldSpec, unknown, string | null]>([
    ["a choice on offer", choice, "a", null],
    ["a choice not on offer", choice, "b", "wrong_option"],
    ["a choice of another kind", choice, 1, "wrong_option"],
    ["a live choice: only the platform can tell", live, "whatever", null],
    ["a live choice that is no text", live, true, "wrong_option"],
    ["on", field({ kind: "boolean" }), true, null],
    ["off", field({ kind: "boolean" }), false, null],
    ["neither on nor off", field({ kind: "boolean" }), "true", "wrong_option"],
    ["the smallest number", number, 0, null],
    ["the largest number", number, 600, null],
    ["a number too large", number, 601, "wrong_option"],
    ["a number too small", number, -1, "wrong_option"],
    ["half a number", number, 1.5, "wrong_option"],
    ["a number as text", number, "5", "wrong_option"],
    ["no number at all", number, Number.NaN, "wrong_option"],
    ["a list", list, ["a", "b"], null],
    ["a list too short", list, ["a"], "wrong_option"],
    ["a list too long", list, ["a", "b", "c", "d"], "wrong_option"],
    ["a list with a blank entry", list, ["a", " "], "wrong_option"],
    ["a list with a long entry", list, ["a", "bbbbbb"], "option_too_long"],
    ["a list of other things", list, [1, 2], "wrong_option"],
    ["an empty list", list, [], null],
    ["a text", text, "🔔🔔🔔", null],
    ["a text too long", text, "abcd", "option_too_long"],
    ["a text with what is refused", text, "a\n", "wrong_option"],
    ["a text that is none", text, 1, "wrong_option"],
    ["nothing", text, undefined, null],
  ])("%s", (_what, question, value, code) => {
    const problems = check({
      spec: spec({ fields: [question] }),
      options: value === undefined ? {} : { q: value },
    });
    expect(found(problems)).toEqual(code ? [["options.q", code, "error"]] : []);
  });

  test.each([choice, live, number, list, text, field({ kind: "boolean" })])(
    "what has to be answered ($kind) has to be answered",
    (question) => {
      const asking = spec({ fields: [{ ...question, required: true }] });
      for (const options of [{}, { q: "" }, { q: null }, ...(question.kind === "list" ? [{ q: [] }] : [])]) {
        expect(codes(check({ spec: asking, options }))).toEqual(["missing_option"]);
      }
    },
  );

  test("a question nobody asks is refused by name", () => {
    expect(found(check({ options: { colour: "green" } }))).toEqual([
      ["options.colour", "unknown_option", "error"],
    ]);
  });

  test.each<[string, FieldSpec["only"], LibraryFile[], Record<string, unknown>, boolean]>([
    ["always", undefined, [], {}, true],
    ["with a video", { media: ["video"] }, [video()], {}, true],
    ["with a video, given a picture", { media: ["video"] }, [file()], {}, false],
    ["with a video, given nothing", { media: ["video"] }, [], {}, false],
    ["without files", { media: ["none"] }, [], {}, true],
    ["without files, given one", { media: ["none"] }, [file()], {}, false],
    ["among several", { media: ["video"] }, [file(), video()], {}, true],
    ["after an answer", { option: { name: "mode", values: ["now"] } }, [], { mode: "now" }, true],
    ["after another answer", { option: { name: "mode", values: ["now"] } }, [], { mode: "later" }, false],
    ["after no answer", { option: { name: "mode", values: ["now", ""] } }, [], {}, true],
    ["after a yes", { option: { name: "ad", values: [true] } }, [], { ad: true }, true],
    ["after no yes", { option: { name: "ad", values: [true] } }, [], {}, false],
    [
      "with both, having one",
      { media: ["video"], option: { name: "ad", values: [true] } },
      [],
      { ad: true },
      false,
    ],
  ])("asked only %s", (_when, only, files, options, expected) => {
    expect(applies(only, files, options)).toBe(expected);
  });

  test("what does not apply is neither missed nor judged", () => {
    const asking = spec({
      fields: [
        field({ name: "ad", kind: "boolean" }),
        { ...number, required: true, only: { option: { name: "ad", values: [true] } } },
      ],
    });
    expect(check({ spec: asking })).toEqual([]);
    expect(check({ spec: asking, options: { q: 9_999 } })).toEqual([]);
    expect(codes(check({ spec: asking, options: { ad: true } }))).toEqual(["missing_option"]);
  });
});

describe("what one account gets", () => {
  const content: Content = {
    text: "for all",
    link: "https://example.com",
    replies: [{ text: "more" }],
    media: [{ id: ADA }],
  };
  test.each<[string, Target["content"], Partial<Content>]>([
    ["everything, when nothing differs", undefined, {}],
    ["its own text", { text: "" }, { text: "" }],
    ["no follow-ups", { replies: [] }, { replies: [] }],
    ["no files", { media: [] }, { media: [] }],
  ])("%s", (_what, own, differs) => {
    expect(resolveContent(content, own ? { content: own } : {})).toEqual({ ...content, ...differs });
  });

  test("no link where it says so", () => {
    expect(resolveContent(content, { content: { link: null } })).not.toHaveProperty("link");
  });
});

describe("what a platform allows right now", () => {
  const flair = field({ name: "flair", label: "Flair", kind: "choice", options: [], live: true });
  const comments = field({ name: "comments", label: "Comments", kind: "boolean" });
  const where = field({ name: "where", kind: "text" });
  const title = field({ name: "title", kind: "text" });
  const asking = spec({ fields: [where, flair, comments, title] });
  const told = (change: Partial<Choices> = {}): Choices => ({
    fields: { flair: { options: [{ value: "news", label: "News" }] } },
    ...change,
  });
  const judged = (choices: Choices, answers: Record<string, unknown> = {}, files: LibraryFile[] = []) =>
    found(choiceProblems({ connection: { id: ADA }, spec: asking, files, answers, choices }));

  test("an answer on offer, and none at all, stand in nobody's way", () => {
    expect(judged(told(), { flair: "news" })).toEqual([]);
    expect(judged(told())).toEqual([]);
  });

  test("an answer that is no longer on offer has to be given again", () => {
    expect(judged(told(), { flair: "olds" })).toEqual([["options.flair", "gone_option", "error"]]);
  });

  test("a closed question stands in the way only of those who answered it", () => {
    const closed = told({ fields: { comments: { disabled: "Comments are off." } } });
    expect(judged(closed, { comments: true })).toEqual([["options.comments", "closed_option", "error"]]);
    expect(judged(closed, { comments: false })).toEqual([]);
    expect(judged(closed)).toEqual([]);
  });

  test("a video longer than this account may post, to the millisecond", () => {
    const limited = told({ maxVideoMs: 60_000 });
    expect(judged(limited, {}, [video({ durationMs: 60_001 })])).toEqual([
      ["media", "too_long_for_account", "error"],
    ]);
    expect(judged(limited, {}, [video({ durationMs: 60_000 }), file()])).toEqual([]);
    expect(judged(limited, {}, [video({ durationMs: null })])).toEqual([]);
  });

  test("an account that may not post at all", () => {
    expect(judged(told({ blocked: "Too many posts today." }))).toEqual([["connection", "blocked", "error"]]);
  });

  test("the platform is asked with the answers above its question, and with no others", () => {
    const answers = { where: "bells", comments: true, title: "T" };
    expect(askedWith(asking.fields, answers)).toEqual({ where: "bells" });
    expect(askedWith(asking.fields, { where: " ", title: "T" })).toEqual({});
    expect(askedWith(asking.fields, { where: "x".repeat(201) })).toEqual({});
    expect(askedWith([where, title], answers)).toBeNull();
  });

  test("a live question that does not apply asks nobody", () => {
    const hidden = spec({ fields: [{ ...flair, only: { media: ["video"] } }] });
    expect(askedWith(fieldsFor(hidden, [], {}), {})).toBeNull();
    expect(askedWith(fieldsFor(hidden, [video()], {}), {})).toEqual({});
  });
});

describe("the composer", () => {
  const account = {
    ...connection(),
    remoteId: "1",
    handle: null,
    avatarUrl: null,
    profileUrl: null,
    scopes: null,
    way: null,
    connectedAt: "2026-01-01T00:00:00Z",
    refreshedAt: null,
    accessExpiresAt: null,
    refreshDueAt: null,
    renewsItself: false,
    endsAt: null,
    checkedAt: null,
    leaving: { revokes: false, byHand: "" },
    lastError: null,
  };
  const written = (change: Partial<Written>): Written => ({ ...emptyDraft([ADA]), text: "Bells", ...change });
  const desk = (own: PlatformSpec = spec()) => ({ connections: [account], specs: { belfry: own } });
  const quiet = { library: [], filesPending: false, choices: {}, pressed: false };

  test("an unfinished post is told of its gaps only when Publish was pressed", () => {
    const needy = spec({ media: { ...rules, min: 1 }, fields: [{ ...choice, required: true }] });
    const draft = written({ text: "" });
    const before = judge(draft, { ...desk(needy), ...quiet });
    expect(codes(before.all)).toEqual(["empty", "media_missing", "missing_option"]);
    expect(before.shown).toEqual([]);
    expect(judge(draft, { ...desk(needy), ...quiet, pressed: true }).shown).toEqual(before.all);
  });

  test("a file whose details are still on their way is not said to be gone", () => {
    const draft = written({ media: [{ id: ADA }] });
    expect(judge(draft, { ...desk(), ...quiet, filesPending: true }).all).toEqual([]);
    expect(codes(judge(draft, { ...desk(), ...quiet }).shown)).toEqual(["media_gone"]);
  });

  test("what the platform says right now counts as well", () => {
    const choices = {
      [ADA]: { state: "known" as const, choices: { fields: {}, blocked: "Enough for today." } },
    };
    expect(codes(judge(written({}), { ...desk(), ...quiet, choices }).shown)).toEqual(["blocked"]);
  });

  test("an answer to a question that is asked no more is not sent", () => {
    const draft = written({ options: { [ADA]: { q: "a", flair_text: "old" } } });
    const { targets } = requestOf(draft, desk(spec({ fields: [choice] })));
    expect(targets[0]?.options).toEqual({ q: "a" });
    expect(judge(draft, { ...desk(spec({ fields: [choice] })), ...quiet }).all).toEqual([]);
  });

  test("a platform that publishes nothing cannot be chosen", () => {
    expect(canPublish(spec())).toBe(true);
    expect(canPublish(spec({ publishes: false }))).toBe(false);
  });
});
