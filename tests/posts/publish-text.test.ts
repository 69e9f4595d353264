import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CheckAnswer, Problem } from "@/lib/posts/schema";
import { signUp } from "../support/people";
import { createDatabase } from "../support/postgres";
import {
  bodyOf,
  bothPlatforms,
  connectAccount,
  type Desk,
  effectsOf,
  openDesk,
  type PlatformName,
  publish,
  successOf,
} from "../support/posting";

/** Exactly the text that was written, or nothing and every reason why. */

let desk: Desk;

beforeAll(async () => {
  desk = await openDesk(await createDatabase());
});

afterAll(() => desk.stop());

/** The text in the very request that the platform received. */
async function textSent(platform: PlatformName, since: number): Promise<string | undefined> {
  const operation = platform === "threads" ? "create_container" : "create_tweet";
  const [request, ...more] = await desk.sandbox.requests({ platform, operation, since, raw: true });
  expect(more).toEqual([]);
  if (platform === "threads") return new URLSearchParams(request?.body ?? "").get("text") ?? undefined;
  // safe: X was sent JSON with a text, which the sandbox has checked
  return (JSON.parse(request?.body ?? "{}") as { text?: string }).text;
}

const hex = (text: string | undefined) => Buffer.from(text ?? "", "utf8").toString("hex");

describe("the platform receives byte for byte what was written", () => {
  test.each([
    [
      "emoji joined to one",
      "The family \u{1F469}\u{1F3FD}\u200D\u{1F469}\u{1F3FB}\u200D\u{1F467}\u{1F3FF} at home",
    ],
    [
      "flags, keycaps and variation selectors",
      "\u{1F1EB}\u{1F1EE} 1\uFE0F\u20E3 \u2764\uFE0F \u{1F3F4}\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}",
    ],
    ["right to left", "\u0645\u0631\u062D\u0628\u0627 \u05E9\u05DC\u05D5\u05DD 123 left again"],
    ["letters that are put together", "cafe\u0301 n\u0303 a\u0308\u0323 \u0E01\u0E33"],
    ["letters in one piece", "café ñ naïve"],
    ["many lines", "one\n\ntwo\n\t- three\nfour"],
    ["what code looks like", "a & b <i> \"quoted\" 'single' \\n %20 + {{y}} <%= z %> -- ; drop"],
    ["Chinese, Japanese, Korean", "鐘が鳴る 종이 울린다 钟声响起"],
  ])("%s", async (_what, text) => {
    const { sequence } = await desk.sandbox.forgetLog();
    expect(await publish(desk, { text })).toMatchObject({ success: true });
    for (const platform of bothPlatforms) {
      expect(hex(await textSent(platform, sequence)), platform).toBe(hex(text));
    }
  });

  test("each part of a chain too, each as a reply to the one before", async () => {
    const parts = ["Part 1 \u{1F514}", "Part 2 e\u0301", "Part 3 \u05E9"];
    await publish(desk, {
      text: parts[0] ?? "",
      replies: parts.slice(1).map((text) => ({ text })),
      to: [desk.accounts.twitter],
    });
    let above: string | null = null;
    for (const text of parts) {
      const effects = await effectsOf(desk.sandbox, "twitter", text);
      expect(effects).toMatchObject([{ replyTo: above }]);
      above = effects[0]?.id ?? null;
    }
  });
});

/** Texts that fill a limit to the brim, by each platform's own way of counting, and what makes them one too long. */
const brims: { platform: PlatformName; what: string; full: string; more: string }[] = [
  { platform: "threads", what: "500 letters", full: "a".repeat(500), more: "a" },
  { platform: "threads", what: "125 emoji of four bytes each", full: "\u{1F514}".repeat(125), more: "!" },
  { platform: "twitter", what: "280 letters", full: "b".repeat(280), more: "b" },
  { platform: "twitter", what: "140 Chinese characters, which weigh two", full: "钟".repeat(140), more: "." },
  {
    platform: "twitter",
    what: "257 characters and a link, which weighs 23",
    full: `${"c".repeat(256)} https://example.com/${"d".repeat(60)}`,
    more: "e ",
  },
  {
    platform: "twitter",
    what: "140 families, which weigh two each",
    full: "\u{1F468}\u200D\u{1F469}\u200D\u{1F467}".repeat(140),
    more: ".",
  },
];

describe.each(brims)("$platform, $what", ({ platform, full, more }) => {
  test("goes out whole", async () => {
    const { sequence } = await desk.sandbox.forgetLog();
    const answer = await publish(desk, { text: full, to: [desk.accounts[platform]] });
    expect(answer, JSON.stringify(answer)).toMatchObject({ success: true });
    expect(hex(await textSent(platform, sequence))).toBe(hex(full));
  });

  test("and one more is refused, with nothing sent", async () => {
    const problems = await refusedWith({ text: more + full, to: [desk.accounts[platform]] });
    expect(problems).toMatchObject([
      { connectionId: desk.accounts[platform], field: "text", code: "too_long" },
    ]);
  });
});

describe("a post that cannot go out", () => {
  test("is told every problem of every account at once", async () => {
    const body = {
      content: { text: "f".repeat(501), replies: [{ text: " " }] },
      targets: [
        { connectionId: desk.accounts.threads, options: { reply_control: "nobody", shoes: "red" } },
        { connectionId: desk.accounts.twitter },
      ],
    };
    const problems = await refused(body);
    const named = problems.map(({ connectionId, field, code }) => {
      const platform = connectionId === desk.accounts.threads ? "threads" : "twitter";
      return `${platform} ${field} ${code}`;
    });
    expect(named.toSorted()).toEqual([
      "threads options.reply_control wrong_option",
      "threads options.shoes unknown_option",
      "threads replies.0.text empty",
      "threads text too_long",
      "twitter replies.0.text empty",
      "twitter text too_long",
    ]);
    const check = await desk.ada.send("POST", "/api/post/check", body);
    expect(await successOf<CheckAnswer>(check)).toEqual({ ok: false, problems });
  });

  test("on one account only holds back the others too: nothing goes out in halves", async () => {
    const problems = await refusedWith({ text: "g".repeat(400) });
    expect(problems).toMatchObject([{ connectionId: desk.accounts.twitter, code: "too_long" }]);
  });

  test("an empty one is refused", async () => {
    const problems = await refusedWith({ text: " \n " });
    expect(problems.map(({ code }) => code)).toEqual(["empty", "empty"]);
  });

  const short = (content: object) => ({ content, platforms: ["threads"] });

  test.each([
    ["no account at all", { content: { text: "h" }, targets: [] }, /at least one account/],
    ["an unknown platform", { content: { text: "h" }, platforms: ["myspace"] }, /myspace/],
    ["a picture's address that is none", short({ text: "h", imageUrl: "file:///a.png" }), /link starts with/],
    ["a link that is none", short({ text: "h", link: "javascript:alert(1)" }), /link starts with/],
    ["a number for a text", short({ text: 7 }), /expected string/],
  ])("%s is refused in words that help", async (_what, body, words) => {
    await nothingHappens(async () => {
      const answer = await desk.ada.send("POST", "/api/post", body);
      expect(answer.status).toBe(400);
      expect(await answer.json()).toMatchObject({ error: { message: expect.stringMatching(words) } });
    });
  });

  test("to a platform without a connection is refused", async () => {
    const eve = await signUp(desk.app.url);
    await nothingHappens(async () => {
      const answer = await eve.send("POST", "/api/post", short({ text: "h" }));
      expect(answer.status).toBe(422);
      expect(await answer.json()).toMatchObject({ error: { code: "not_connected", remedy: "reconnect" } });
    });
  });

  test("to the same account twice is refused", async () => {
    await nothingHappens(async () => {
      const answer = await desk.ada.send(
        "POST",
        "/api/post",
        bodyOf(desk, { text: "i", to: [desk.accounts.threads, desk.accounts.threads] }),
      );
      expect(await answer.json()).toMatchObject({ error: { code: "doubled_target" } });
    });
  });

  test("to someone else's account is refused as if it were not there", async () => {
    const otto = await signUp(desk.app.url);
    const theirs = await connectAccount(otto, desk.sandbox, "threads", "campanile");
    await nothingHappens(async () => {
      const mine = await desk.ada.send("POST", "/api/post", bodyOf(desk, { text: "j", to: [theirs] }));
      expect(mine.status).toBe(404);
      const nobodys = await desk.ada.send(
        "POST",
        "/api/post",
        bodyOf(desk, { text: "j", to: ["00000000-0000-4000-8000-000000000000"] }),
      );
      expect(await mine.json()).toEqual(await nobodys.json());
    });
  });

  test("without a session is refused", async () => {
    await nothingHappens(async () => {
      const answer = await fetch(`${desk.app.url}/api/post`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(bodyOf(desk, { text: "k" })),
      });
      expect(answer.status).toBe(401);
    });
  });
});

test("checking sends and stores nothing", async () => {
  await nothingHappens(async () => {
    const check = await desk.ada.send("POST", "/api/post/check", bodyOf(desk, { text: "Only asking" }));
    expect(await successOf<CheckAnswer>(check)).toEqual({ ok: true, problems: [] });
  });
});

test("the short form means every account on those platforms", async () => {
  const answer = await desk.ada.send("POST", "/api/post", {
    platforms: ["threads", "twitter"],
    content: { text: "In short" },
  });
  expect(await successOf(answer)).toMatchObject({ success: true });
  for (const platform of bothPlatforms) {
    expect(await effectsOf(desk.sandbox, platform, "In short")).toHaveLength(1);
  }
});

test("a premium account may write more than 280", async () => {
  const cafe = await connectAccount(desk.ada, desk.sandbox, "twitter", "chimecafe");
  const long = "long ".repeat(200).trim();
  expect(await publish(desk, { text: long, to: [cafe] })).toMatchObject({ success: true });
  expect(await effectsOf(desk.sandbox, "twitter", long)).toMatchObject([{ author: "chimecafe" }]);
});

const refusedWith = (wish: Parameters<typeof bodyOf>[1]) => refused(bodyOf(desk, wish));

/** Nothing is sent and nothing is stored. @returns the problems named */
async function refused(body: object): Promise<Problem[]> {
  let problems: Problem[] = [];
  await nothingHappens(async () => {
    const answer = await desk.ada.send("POST", "/api/post", body);
    expect(answer.status).toBe(422);
    // safe: 422 invalid_post has this shape
    const { error } = (await answer.json()) as { error: { code: string; details: { problems: Problem[] } } };
    expect(error.code).toBe("invalid_post");
    problems = error.details.problems;
  });
  return problems;
}

async function nothingHappens(work: () => Promise<void>): Promise<void> {
  const count = async () => (await desk.sql.query("select count(*) from posts")).rows[0];
  const before = await count();
  const { sequence } = await desk.sandbox.forgetLog();
  await work();
  expect(await count()).toEqual(before);
  expect((await desk.sandbox.requests({ since: sequence })).filter(({ effect }) => effect)).toEqual([]);
}
