import { describe, expect, test } from "vitest";
import {
  Draft,
  type DraftAction,
  draftOfDelivery,
  draftReducer,
  effective,
  emptyDraft,
  filesOf,
  isEmptyDraft,
  linkProblems,
  toRequest,
} from "@/lib/posts/draft";

const after = (actions: DraftAction[], start: Draft = emptyDraft()) => actions.reduce(draftReducer, start);
const shared = { connectionId: null };
const bell = { id: "0199f7a0-0000-7000-8000-000000000001" };
const tower = { id: "0199f7a0-0000-7000-8000-000000000002", alt: "A tower" };

describe("the composer's draft", () => {
  test("an account without differences inherits whatever the post says, now and later", () => {
    const draft = after([
      { type: "targets_chosen", connectionIds: ["ada"] },
      { type: "text_changed", text: "first", ...shared },
      { type: "text_changed", text: "second", ...shared },
    ]);
    expect(effective(draft, "ada").text).toBe("second");
    expect(toRequest(draft).targets).toEqual([{ connectionId: "ada", options: {} }]);
  });

  test("text written for one account stays when the post changes, and touches no other account", () => {
    const draft = after([
      { type: "targets_chosen", connectionIds: ["ada", "bell"] },
      { type: "text_changed", text: "for all", ...shared },
      { type: "overridden", connectionId: "ada", field: "text" },
      { type: "text_changed", text: "for Ada", connectionId: "ada" },
      { type: "text_changed", text: "for all, edited", ...shared },
    ]);
    expect(effective(draft, "ada").text).toBe("for Ada");
    expect(effective(draft, "bell").text).toBe("for all, edited");
    expect(toRequest(draft).targets).toEqual([
      { connectionId: "ada", content: { text: "for Ada" }, options: {} },
      { connectionId: "bell", options: {} },
    ]);
  });

  test("customising begins with what the account would have got, and resetting one field keeps the others", () => {
    const start = after([
      { type: "text_changed", text: "hello", ...shared },
      { type: "link_changed", link: "https://example.com", ...shared },
      { type: "overridden", connectionId: "ada", field: "text" },
      { type: "overridden", connectionId: "ada", field: "link" },
    ]);
    expect(start.differences["ada"]).toEqual({ text: "hello", link: "https://example.com" });
    const reset = draftReducer(start, { type: "inherited", connectionId: "ada", field: "text" });
    expect(reset.differences["ada"]).toEqual({ link: "https://example.com" });
  });

  test("an emptied link on one account says 'no link', an untouched one says nothing", () => {
    const draft = after([
      { type: "targets_chosen", connectionIds: ["ada", "bell"] },
      { type: "link_changed", link: " https://example.com ", ...shared },
      { type: "overridden", connectionId: "ada", field: "link" },
      { type: "link_changed", link: "  ", connectionId: "ada" },
    ]);
    const { content, targets } = toRequest(draft);
    expect(content.link).toBe("https://example.com");
    expect(targets[0]?.content).toEqual({ link: null });
    expect(targets[1]).not.toHaveProperty("content");
  });

  test("a post without a link sends no link at all", () => {
    expect(toRequest(after([{ type: "link_changed", link: " ", ...shared }])).content).not.toHaveProperty(
      "link",
    );
  });

  test("what is no web address is named where it stands, once", () => {
    const draft = after([
      { type: "targets_chosen", connectionIds: ["ada", "bell"] },
      { type: "link_changed", link: "example", ...shared },
      { type: "overridden", connectionId: "ada", field: "link" },
      { type: "link_changed", link: "javascript:alert(1)", connectionId: "ada" },
      { type: "overridden", connectionId: "bell", field: "link" },
      { type: "link_changed", link: "https://example.com/", connectionId: "bell" },
    ]);
    expect(linkProblems(draft).map(({ connectionId, field }) => [connectionId, field])).toEqual([
      [null, "link"],
      ["ada", "link"],
    ]);
    expect(linkProblems(emptyDraft(["ada"]))).toEqual([]);
  });

  test("follow-ups keep their order, and removing one in the middle leaves the words of the others", () => {
    const draft = after([
      { type: "reply_added", id: "a", ...shared },
      { type: "reply_added", id: "b", ...shared },
      { type: "reply_added", id: "c", ...shared },
      { type: "reply_changed", id: "a", text: "one", ...shared },
      { type: "reply_changed", id: "b", text: "two", ...shared },
      { type: "reply_changed", id: "c", text: "three", ...shared },
      { type: "reply_removed", id: "b", ...shared },
    ]);
    expect(toRequest(draft).content.replies).toEqual([{ text: "one" }, { text: "three" }]);
  });

  test("a follow-up added for one account does not appear on the others", () => {
    const draft = after([
      { type: "reply_added", id: "a", ...shared },
      { type: "reply_added", id: "b", connectionId: "ada" },
    ]);
    expect(effective(draft, "ada").replies).toHaveLength(2);
    expect(effective(draft, "bell").replies).toHaveLength(1);
  });

  test("unticking an account forgets nothing that was written for it, and sends nothing to it", () => {
    const draft = after([
      { type: "targets_chosen", connectionIds: ["ada"] },
      { type: "text_changed", text: "for Ada", connectionId: "ada" },
      { type: "option_changed", connectionId: "ada", name: "reply_control", value: "everyone" },
      { type: "target_toggled", connectionId: "ada" },
    ]);
    expect(toRequest(draft).targets).toEqual([]);
    const again = draftReducer(draft, { type: "target_toggled", connectionId: "ada" });
    expect(toRequest(again).targets).toEqual([
      { connectionId: "ada", content: { text: "for Ada" }, options: { reply_control: "everyone" } },
    ]);
  });

  test("an answer that is taken back is not sent; 'no' is an answer", () => {
    const draft = after([
      { type: "targets_chosen", connectionIds: ["ada"] },
      { type: "option_changed", connectionId: "ada", name: "topic", value: "bells" },
      { type: "option_changed", connectionId: "ada", name: "topic", value: "" },
      { type: "option_changed", connectionId: "ada", name: "share", value: false },
    ]);
    expect(toRequest(draft).targets[0]?.options).toEqual({ share: false });
  });

  test("discarding keeps the chosen accounts and can be undone to the letter", () => {
    const written = after([
      { type: "targets_chosen", connectionIds: ["ada"] },
      { type: "text_changed", text: "precious", ...shared },
      { type: "text_changed", text: "precious too", connectionId: "ada" },
    ]);
    const emptied = draftReducer(written, { type: "emptied" });
    expect(isEmptyDraft(emptied)).toBe(true);
    expect(emptied.selected).toEqual(["ada"]);
    expect(draftReducer(emptied, { type: "restored", draft: written })).toEqual(written);
  });

  test("words written only for one account count as written", () => {
    expect(isEmptyDraft(after([{ type: "text_changed", text: "x", connectionId: "ada" }]))).toBe(false);
    expect(isEmptyDraft(after([{ type: "reply_added", id: "a", ...shared }]))).toBe(true);
  });

  test("what a platform refused comes back for editing exactly as that account had it", () => {
    const draft = draftOfDelivery({
      connectionId: "ada",
      content: {
        text: "hi",
        link: "https://example.com/",
        replies: [{ text: "more" }],
        media: [tower],
        options: { topic: "bells" },
      },
    });
    expect(toRequest(draft)).toEqual({
      content: { text: "hi", link: "https://example.com/", replies: [{ text: "more" }], media: [tower] },
      targets: [{ connectionId: "ada", options: { topic: "bells" } }],
    });
  });

  test("files are inherited, replaced or left out per account, and come back when reset", () => {
    const draft = after([
      { type: "targets_chosen", connectionIds: ["ada", "bell", "chime"] },
      { type: "media_changed", media: [bell], ...shared },
      { type: "overridden", connectionId: "ada", field: "media" },
      { type: "media_changed", media: [tower, bell], connectionId: "ada" },
      { type: "media_changed", media: [], connectionId: "bell" },
    ]);
    expect(toRequest(draft).content.media).toEqual([bell]);
    expect(toRequest(draft).targets).toEqual([
      { connectionId: "ada", content: { media: [tower, bell] }, options: {} },
      { connectionId: "bell", content: { media: [] }, options: {} },
      { connectionId: "chime", options: {} },
    ]);
    const reset = draftReducer(draft, { type: "inherited", connectionId: "ada", field: "media" });
    expect(effective(reset, "ada").media).toEqual([bell]);
  });

  test("customising files begins with the post's own, and later changes of the post leave them", () => {
    const draft = after([
      { type: "media_changed", media: [bell], ...shared },
      { type: "overridden", connectionId: "ada", field: "media" },
      { type: "media_changed", media: [], ...shared },
    ]);
    expect(effective(draft, "ada").media).toEqual([bell]);
    expect(effective(draft, null).media).toEqual([]);
  });

  test("every file of the chosen accounts is named once, those of unticked ones are not", () => {
    const draft = after([
      { type: "targets_chosen", connectionIds: ["ada"] },
      { type: "media_changed", media: [bell], ...shared },
      { type: "media_changed", media: [bell, tower], connectionId: "ada" },
    ]);
    expect(filesOf(draft)).toEqual([bell, tower]);
    const unticked = draftReducer(draft, { type: "target_toggled", connectionId: "ada" });
    expect(filesOf(unticked)).toEqual([bell]);
  });

  test("a file without a word is something to lose", () => {
    expect(isEmptyDraft(after([{ type: "media_changed", media: [bell], ...shared }]))).toBe(false);
    expect(isEmptyDraft(after([{ type: "media_changed", media: [bell], connectionId: "ada" }]))).toBe(false);
    expect(isEmptyDraft(after([{ type: "media_changed", media: [], connectionId: "ada" }]))).toBe(true);
  });

  test("a list with only blank boxes is no answer; numbers and lists are sent as they are", () => {
    const answer = (name: string, value: unknown): DraftAction => ({
      type: "option_changed",
      connectionId: "ada",
      name,
      value,
    });
    const draft = after([
      { type: "targets_chosen", connectionIds: ["ada"] },
      answer("poll", ["", ""]),
      answer("people", ["ada", ""]),
      answer("none", []),
      answer("second", 0),
    ]);
    expect(toRequest(draft).targets[0]?.options).toEqual({ people: ["ada", ""], second: 0 });
    expect(draft.options["ada"]?.["poll"], "the boxes stay on the screen").toEqual(["", ""]);
  });

  test("a draft stored before there were files loads without any", () => {
    const { media: _none, ...old } = after([{ type: "text_changed", text: "old", ...shared }]);
    expect(Draft.parse(JSON.parse(JSON.stringify(old)))).toEqual({ ...old, media: [] });
  });

  test("a draft survives being stored, and something else in its place is refused", () => {
    const draft = after([
      { type: "text_changed", text: "🔔", connectionId: "ada" },
      { type: "reply_added", id: "a", ...shared },
      { type: "media_changed", media: [tower], connectionId: "ada" },
    ]);
    expect(Draft.parse(JSON.parse(JSON.stringify(draft)))).toEqual(draft);
    expect(Draft.safeParse({ text: 1 }).success).toBe(false);
  });
});
