import { describe, expect, test } from "vitest";
import { cut } from "@/lib/inbox/assistant/passages";
import { bestFor, type Passage } from "@/lib/inbox/assistant/ranking";
import { isAbout, isSmallTalk, says } from "@/lib/inbox/assistant/words";
import { Answering } from "@/lib/inbox/schema";

/** How sure the search is, over a shop's usual knowledge: a table of what people write. The usual threshold divides it. */

const { threshold, stopWords } = Answering.parse({});

const entry = (title: string, text: string): Passage => ({
  knowledgeId: title,
  kind: "answer",
  title,
  heading: title,
  text,
});

const shop: Passage[] = [
  entry("When are you open?", "Monday to Friday from 10 to 18, Saturday from 10 to 16. Closed on Sundays."),
  entry("Where are you located?", "Market Street 12, right beside the old bell tower."),
  entry("How much is shipping?", "4.90 within the country, 9.90 to the rest of Europe. Free above 60."),
  entry("How long does delivery take? / When will my order arrive?", "Two to four working days."),
  entry("Can I return something?", "Within 30 days, unworn. You get your money back within a week."),
  entry("How can I pay?", "By card, PayPal or bank transfer; in the shop with cash too."),
  entry("Do you have gift vouchers?", "Yes, from 10 to 200, in the shop and by mail."),
  entry("Is the oak table solid wood?", "Yes: oiled solid oak from the region, 4 cm thick."),
  entry("Do you repair bells?", "We mend and tune hand bells up to 30 cm. Send us a picture first."),
  entry(
    "Can I book a workshop?",
    "Workshops are on the first Saturday of the month. Write us how many you are.",
  ),
];

/** What was asked, and the title that answers it; null: a person should. */
const table: [string, string | null][] = [
  // As it is written.
  ["When are you open?", "When are you open?"],
  ["how much is shipping", "How much is shipping?"],
  ["Where are you located??", "Where are you located?"],
  ["can i book a workshop", "Can I book a workshop?"],
  // In other words.
  ["What are your opening hours?", "When are you open?"],
  ["opening times pls", "When are you open?"],
  ["At what time do you close on Saturday?", "When are you open?"],
  ["Are you open on Sundays?", "When are you open?"],
  ["What's your address?", "Where are you located?"],
  ["Where can I find you?", "Where are you located?"],
  ["What does delivery cost?", "How much is shipping?"],
  ["shipping fees?", "How much is shipping?"],
  ["When does my order arrive", "How long does delivery take? / When will my order arrive?"],
  ["Can I get a refund?", "Can I return something?"],
  ["I want to send it back", "Can I return something?"],
  ["Can I pay with PayPal?", "How can I pay?"],
  ["do you take credit cards", "How can I pay?"],
  ["Do you sell gift cards or vouchers?", "Do you have gift vouchers?"],
  ["is that oak table made from solid wood?", "Is the oak table solid wood?"],
  ["Do you also repair old bells?", "Do you repair bells?"],
  ["my bell is broken, can you repair bells?", "Do you repair bells?"],
  ["Is there a workshop I could book?", "Can I book a workshop?"],
  // With all that people put around a question.
  ["Hi there! I love your shop. Could you please tell me when you are open? Thanks!!", "When are you open?"],
  ["hey :)\nhow much is shipping\nthank you", "How much is shipping?"],
  ["Good morning, I'm coming by train. What is your address?", "Where are you located?"],
  // In other languages.
  ["Wann habt ihr geöffnet?", "When are you open?"],
  ["Wie sind eure Öffnungszeiten?", "When are you open?"],
  ["Was kostet der Versand?", "How much is shipping?"],
  ["Wie viel sind die Versandkosten", "How much is shipping?"],
  ["Kann ich das zurückgeben?", "Can I return something?"],
  ["Wo seid ihr?", "Where are you located?"],
  ["Quels sont vos horaires ?", "When are you open?"],
  ["Combien coûte la livraison ?", "How much is shipping?"],
  ["¿Cuál es el horario?", "When are you open?"],
  ["¿Cuánto cuesta el envío?", "How much is shipping?"],
  ["Quanto costa la spedizione?", "How much is shipping?"],
  ["Qual é o horário de funcionamento?", "When are you open?"],
  // About something else, though a word may be the same.
  ["Is the blue vase still available?", null],
  ["Can you send me a picture of the blue vase?", null],
  ["Where can I park?", null],
  ["Can I bring my dog to the shop?", null],
  ["How much is the oak table?", null],
  ["How much is parking?", null],
  ["Who is the prime minister of France?", null],
  ["My parcel arrived broken and nobody answers me", null],
  ["Do you have vegan cake?", null],
  ["Are you hiring?", null],
  ["What is the weather like tomorrow?", null],
  ["Is your owner married?", null],
  ["Do you know a good restaurant nearby?", null],
  ["asdf qwertz", null],
  ["Haben Sie auch Kinderwagen?", null],
  // Two at once: all of it or none of it.
  ["What are your opening hours? And is the blue vase still available?", null],
  // Nothing was asked.
  ["Hi", null],
  ["Hello there!", null],
  ["Guten Tag", null],
  ["ok thanks", null],
  ["👍", null],
  ["🔔🔔🔔", null],
  ["", null],
];

describe("one question, one entry", () => {
  test.each(table)("%s", (question, wanted) => {
    const { confidence, found } = bestFor(question, shop, shop.length);
    const told = `${confidence.toFixed(2)} for ${found.map(({ title }) => title).join(" + ") || "nothing"}`;
    if (wanted === null) expect(confidence, told).toBeLessThan(threshold);
    else {
      expect(confidence, told).toBeGreaterThanOrEqual(threshold);
      expect(found[0]?.title, told).toBe(wanted);
    }
  });

  test("the question itself is certain; nothing in common is nothing", () => {
    for (const { heading, title } of shop) {
      const { confidence, found } = bestFor(heading, shop, shop.length);
      expect(confidence).toBe(1);
      expect(found[0]?.title).toBe(title);
    }
    expect(bestFor("Who won the chess game?", shop, shop.length)).toEqual({ confidence: 0, found: [] });
  });

  test("two questions that both have an answer get both", () => {
    const { confidence, found } = bestFor(
      "What are your opening hours? How much is shipping?",
      shop,
      shop.length,
    );
    expect(confidence).toBeGreaterThanOrEqual(threshold);
    expect(found.map(({ title }) => title)).toEqual(["When are you open?", "How much is shipping?"]);
  });

  test("a greeting finds the entry that is a greeting, and no other", () => {
    const polite = [...shop, entry("Hi / Hello", "Hello! What would you like to know?")];
    expect(bestFor("hi", polite, polite.length)).toMatchObject({
      confidence: 1,
      found: [{ title: "Hi / Hello" }],
    });
    expect(bestFor("thanks", polite, polite.length).confidence).toBe(0);
  });

  test("scripts without spaces, with and without accents", () => {
    const world = [
      entry("営業時間は何時ですか", "10時から18時まで"),
      entry("有没有停车场", "有"),
      entry("Сколько стоит доставка?", "300 рублей"),
      entry("هل لديكم توصيل", "نعم"),
    ];
    for (const [question, answer] of [
      ["営業時間を教えてください", "10時から18時まで"],
      ["请问有停车场吗", "有"],
      ["Доставка сколько стоит", "300 рублей"],
      ["لديكم توصيل؟", "نعم"],
    ] as const) {
      expect(bestFor(question, world, world.length).found[0]?.text, question).toBe(answer);
    }
  });
});

describe("pasted text", () => {
  const pasted = `# Shipping
We ship on weekdays before noon.

Within Europe it takes three days.

## Returns

Within 30 days. The parcel back is free.

Care of your bell

Polish it with a soft cloth, never with acid.

Free parking behind the house`;

  test("is cut at its headings, and nothing is lost", () => {
    const pieces = cut("The shop", pasted);
    expect(pieces).toEqual([
      {
        heading: "The shop – Shipping",
        text: "We ship on weekdays before noon.\n\nWithin Europe it takes three days.",
      },
      { heading: "The shop – Returns", text: "Within 30 days. The parcel back is free." },
      { heading: "The shop – Care of your bell", text: "Polish it with a soft cloth, never with acid." },
      { heading: "The shop", text: "Free parking behind the house" },
    ]);
  });

  test("however long, in pieces that can be sent, and no word goes missing", () => {
    const long = Array.from({ length: 400 }, (_, at) => `Sentence number ${at} says something.`).join(" ");
    const pieces = cut("Long", `${long}\n\n${"x".repeat(2_000)}`);
    expect(Math.max(...pieces.map(({ text }) => text.length))).toBeLessThanOrEqual(700);
    const words = pieces
      .map(({ text }) => text)
      .join(" ")
      .replace(/\s+/g, "");
    expect(words).toBe(`${long}${"x".repeat(2_000)}`.replace(/\s+/g, ""));
  });

  test("is found by what stands in it", () => {
    const passages = cut("The shop", pasted).map((piece) => ({
      ...piece,
      knowledgeId: "t",
      kind: "text" as const,
      title: "The shop",
    }));
    const { confidence, found } = bestFor("How do I polish my bell?", passages, passages.length);
    expect(confidence).toBeGreaterThanOrEqual(threshold);
    expect(found[0]?.text).toContain("soft cloth");
    expect(bestFor("Do you have vegan cake?", passages, passages.length).confidence).toBe(0);
  });
});

describe("words", () => {
  test.each([
    ["I want to talk to a human", true],
    ["HUMAN!!", true],
    ["can a real person please answer", true],
    ["Is that 20 per person?", false],
    ["humanity is great", false],
    ["agents of change", false],
  ])("%s asks for a person: %s", (text, wanted) => {
    expect(stopWords.some((word) => says(text, word))).toBe(wanted);
  });

  test("a topic is met in any wording, and only by its subject", () => {
    expect(isAbout("Can I get my money back?", "refunds")).toBe(true);
    expect(isAbout("Kann ich es umtauschen?", "returns")).toBe(true);
    expect(isAbout("Is this safe during pregnancy?", "pregnancy")).toBe(true);
    expect(isAbout("What are your opening hours?", "refunds")).toBe(false);
    expect(isAbout("medical question about my eye", "medical advice")).toBe(false);
  });

  test("small talk is what asks for nothing", () => {
    for (const text of ["Hi", "thank you so much", "ok", "Guten Morgen", "👋"])
      expect(isSmallTalk(text)).toBe(true);
    for (const text of ["Hi, when are you open?", "price?", "hello is it me"])
      expect(isSmallTalk(text)).toBe(false);
  });
});
