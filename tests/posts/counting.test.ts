import fc from "fast-check";
import twitterText from "twitter-text";
import { describe, expect, test } from "vitest";
import { countText, findCashtags, findLinks, isValidText, withLink } from "@/lib/platforms/counting";

const weighted = (text: string) => countText("weighted", text);
const reference = (text: string) => twitterText.parseTweet(text).weightedLength;

describe("X counts", () => {
  test.each([
    ["nothing", "", 0],
    ["plain words", "Hello world", 11],
    ["Japanese, two each", "こんにちは", 10],
    ["Korean, two each", "한국", 4],
    ["Cyrillic, Arabic, Hebrew and Hindi, one each", "дом בית بيت घर", 14],
    ["curly quotes, dashes and an ellipsis", "“a” – b — c…", 13],
    ["a letter typed as two code points, as one", "cafe\u0301", 4],
    ["a mark that has no composed form", "q\u0323\u0307", 3],
    ["an emoji", "🎉", 2],
    ["a skin tone", "👍🏽", 2],
    ["a family", "👨‍👩‍👧‍👦", 2],
    ["a flag", "🇩🇪", 2],
    ["two flags", "🇩🇪🇫🇷", 4],
    ["a region's flag", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", 2],
    ["a keycap", "1️⃣", 2],
    ["a keycap without its variation selector", "1⃣", 2],
    ["the digit alone", "1", 1],
    ["the copyright sign as text and as a picture", "©©️", 3],
    ["people joined into no known emoji", "👩‍🐶", 5],
    ["a mathematical letter", "𝒜", 2],
    ["a mention", "@carillon hi", 12],
    ["right-to-left marks", "\u200fabc\u200e", 7],
  ])("%s", (_what, text, expected) => {
    expect(weighted(text)).toBe(expected);
    expect(reference(text)).toBe(expected);
  });

  test.each([
    ["a link, whatever its length", `https://example.com/${"a".repeat(200)}`, 23],
    ["a short link", "http://a.co", 23],
    ["a bare domain", "example.com", 23],
    ["a bare domain with a path", "see example.co.uk/a?b=c#d now", 31],
    ["a bare domain's query, which is not part of the link", "example.com?a=b", 27],
    ["a full stop after a link", "https://example.com/a.", 24],
    ["a link in parentheses", "(https://example.com/a)", 25],
    ["parentheses in a link", "https://en.wikipedia.org/wiki/Primer_(film)", 23],
    ["punycode", "https://xn--bcher-kva.example.com xn--p1ai.xn--p1ai", 47],
    ["a domain in another script, with a scheme", "http://例え.テスト.jp/", 23],
    ["a domain glued to Japanese", "詳しくはexample.comへ", 33],
    ["an e-mail address, which is no link", "me@example.com", 14],
    ["a file name, which is no link", "notes.txt and index.htmlx", 25],
    ["a hashtag that looks like one", "#example.com", 12],
    ["another scheme", "ftp://example.com", 17],
    ["an address without a name", "http://192.168.0.1/", 19],
    ["links side by side", "http://a.com http://a.com", 47],
    ["a port", "https://example.com:8080/x", 23],
    ["a label too long for a domain", `https://${"a".repeat(64)}.com`, 76],
    ["a link too long to be one", `http://example.com/${"a".repeat(4090)}`, 4109],
    ["a t.co link, which ends with its slug", "https://t.co/abcDEF123/more", 28],
  ])("%s", (_what, text, expected) => {
    expect(weighted(text)).toBe(expected);
    expect(reference(text)).toBe(expected);
  });

  test.each([
    ["a joined emoji of 2020", "❤️‍🔥", 2],
    ["a joined emoji of 2023", "🐦‍🔥", 2],
    ["an emoji of 2022", "🫨", 2],
    ["a top-level domain of 2022", "museum.kids", 23],
    ["a top-level domain we have never heard of, behind a scheme", "https://example.carillonish/a", 23],
    ["the same without a scheme", "example.carillonish", 19],
    ["a forgotten space after a link", "https://example.com.Then", 28],
  ])("%s, where the reference is older than the fact", (_what, text, expected) => {
    expect(weighted(text)).toBe(expected);
  });

  test("any text as the reference does, new emoji and unknown domains aside", () => {
    const piece = fc.constantFrom(
      ..."abz09 .,:;/?!&=#@$()[]-_~+*'\"|\n",
      ..."éößя語のשش한",
      ...["\u200d", "\u200b", "\u202a", "e\u0301", "…", "“", "©", "\u00a0", "\u3000"],
      ...["👍🏽", "👨‍👩‍👧‍👦", "🇩🇪", "1️⃣", "😀", "𝒜"],
      ...[
        "https://example.com",
        "http://",
        "example.com",
        "www.",
        ".co",
        ".jp",
        "t.co/",
        "xn--p1ai",
        "/path",
        "?q=1",
        ":80",
      ],
    );
    // Behind a scheme we believe in domains that the reference does not know.
    const newer = (text: string) =>
      findLinks(text).some((link) => /^http/i.test(link) && !twitterText.extractUrls(text).includes(link));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join("").normalize("NFC");
        fc.pre(
          !newer(text) &&
            !/\p{Emoji}\p{Emoji_Modifier}?\u200D|\u200D\p{Emoji}/u.test(text.replaceAll("👨‍👩‍👧‍👦", "")),
        );
        // Where a domain mixes scripts, the reference may report a link that is nowhere in the text.
        const links = twitterText.extractUrlsWithIndices(text);
        fc.pre(links.every(({ url, indices }) => text.slice(...indices) === url));
        expect(weighted(text)).toBe(reference(text));
      }),
      { numRuns: 5_000 },
    );
  });

  // Work that grows with the square of the length takes minutes here, and the test's own time limit tells.
  test.each(["日本.語", "a.com_", "x.co/(", "a.", "中a.com", "❤\u200d", "x.co/!!!! ", "x.co/@a", "https://"])(
    "a hundred thousand characters of %j",
    (piece) => {
      const text = piece.repeat(Math.ceil(100_000 / piece.length));
      expect(weighted(text)).toBeGreaterThan(0);
    },
  );
});

describe("the other rules", () => {
  test.each([
    ["plain words", "Hello", 5, 5, 5],
    ["an emoji as its bytes", "🎉", 4, 1, 2],
    ["a skin tone", "👍🏽", 8, 2, 4],
    ["a family", "👨‍👩‍👧‍👦", 25, 7, 11],
    ["a flag", "🇩🇪", 8, 2, 4],
    ["a keycap", "1️⃣", 7, 3, 3],
    ["a heart", "❤️", 6, 2, 2],
    ["a digit", "1#", 2, 2, 2],
    ["Japanese", "日本", 2, 2, 2],
    ["an accent typed apart", "e\u0301", 2, 2, 2],
    ["a letter beyond the first plane", "𝒜", 1, 1, 2],
    ["Arabic with a mark", "مرحبًا", 6, 6, 6],
    ["a link at its full length", "https://example.com", 19, 19, 19],
  ])("count %s", (_what, text, emojiBytes, characters, utf16) => {
    expect(countText("emoji_bytes", text)).toBe(emojiBytes);
    expect(countText("characters", text)).toBe(characters);
    expect(countText("utf16", text)).toBe(utf16);
  });

  test("an emoji's bytes are those of UTF-8, for any text", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("a", "語", "𝒜", "é"), { maxLength: 20 }),
        fc.array(fc.constantFrom("🎉", "👍🏽", "🐦‍🔥")),
        (words, emoji) => {
          const text = [...words, " ", ...emoji.map((one) => `${one} `)].join("");
          const bytes = emoji.reduce((sum, one) => sum + Buffer.byteLength(one), 0);
          expect(countText("emoji_bytes", text)).toBe(words.length + 1 + emoji.length + bytes);
        },
      ),
    );
  });
});

describe("what is in a text", () => {
  test("each link once, in order", () => {
    expect(findLinks("b.com, https://a.org/x! b.com (a.org)")).toEqual(["b.com", "https://a.org/x", "a.org"]);
    expect(findLinks("no links. none at all")).toEqual([]);
  });

  test("cashtags, as often as they appear", () => {
    expect(findCashtags("$ABC and $BRK.A, not $5 or US$ or a$ABC or $toolong1; $abc")).toEqual([
      "$ABC",
      "$BRK.A",
      "$abc",
    ]);
    expect(findCashtags("$A $B")).toEqual(["$A", "$B"]);
    expect(findCashtags("Costs $5")).toEqual([]);
  });

  test("characters that cannot arrive", () => {
    expect(isValidText("weighted", "fine 🎉")).toBe(true);
    for (const bad of ["\uFFFE", "\uFEFF", "\uFFFF", "\uD83C"])
      expect(isValidText("weighted", `a${bad}b`)).toBe(false);
    expect(isValidText("characters", "a\uFEFFb")).toBe(true);
    expect(isValidText("characters", "a\uD83Cb")).toBe(false);
  });

  test("a link becomes the last word, once", () => {
    expect(withLink("Look", "https://a.org/x")).toBe("Look https://a.org/x");
    expect(withLink("Look\n", "https://a.org/x")).toBe("Look\nhttps://a.org/x");
    expect(withLink("", "https://a.org/x")).toBe("https://a.org/x");
    expect(withLink("At https://a.org/x.", "https://a.org/x")).toBe("At https://a.org/x.");
    expect(withLink("At https://a.org/xy", "https://a.org/x")).toBe("At https://a.org/xy https://a.org/x");
    expect(withLink("Look", undefined)).toBe("Look");
  });
});
