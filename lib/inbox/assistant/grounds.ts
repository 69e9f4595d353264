/**
 * What a model's reply may name: an address, mail address, handle, telephone number, amount or code only if it stands in
 * the entries it was given. A model that has been talked into something names what the customer wants named.
 */

type Kind = "link" | "mail address" | "handle" | "telephone number" | "amount" | "code";
export type Named = { kind: Kind; value: string };

const TLD =
  "com|net|org|info|biz|app|dev|shop|store|xyz|online|site|link|click|top|live|page|pages|web|cloud|club|fun|icu|zip|mov|bio|pro|vip|win|world|website|space|tech|agency|digital|email|events|example|exposed|finance|help|host|media|money|name|network|news|one|party|rest|sale|services|social|software|solutions|support|team|today|tools|tube|work|works|zone|test|localhost|invalid|onion|gov|edu|mil|int|[a-z]{2}";
const HOST = `(?:[\\p{L}\\p{N}](?:[\\p{L}\\p{N}-]{0,61}[\\p{L}\\p{N}])?\\.)+(?:${TLD}|xn--[a-z0-9-]+)`;

const MAIL =
  /[\p{L}\p{N}._%+-]+\s?(?:@|\(at\)|\[at\])\s?[\p{L}\p{N}-]+(?:\s?(?:\.|\(dot\)|\[dot\])\s?[\p{L}\p{N}-]+)+/giu;
const LINKS = [
  /[a-z][a-z0-9+.-]{1,20}:\/\/[^\s<>"']+/giu,
  /\b(?:mailto|javascript|vbscript|data|tel|sms|file|intent|blob):[^\s<>"']+/giu,
  /(?<![\p{L}\p{N}])\/\/[\p{L}\p{N}-]+\.[^\s<>"']+/giu,
  new RegExp(`(?<![\\p{L}\\p{N}@.-])${HOST}(?![\\p{L}\\p{N}])(?:[:/?#][^\\s<>"']*)?`, "giu"),
  new RegExp(
    `[\\p{L}\\p{N}-]{2,}\\s?(?:\\[\\.\\]|\\(\\.\\)|\\{\\.\\}|\\[dot\\]|\\(dot\\)|\\sdot\\s)\\s?(?:${TLD})(?![\\p{L}\\p{N}])`,
    "giu",
  ),
  /(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])(?:[:/][^\s<>"']*)?/gu,
];
const HANDLE = /(?<![\p{L}\p{N}._%+-])@[\p{L}\p{N}._]{2,}/gu;
const TELEPHONE = /\+?\d[\d\s()./-]{5,}\d/gu;
const CURRENCY = "[$€£¥₹₺₽]|usd|eur|gbp|chf|euros?|dollars?|pounds?|francs?|franken";
const AMOUNTS = [
  new RegExp(`(?:${CURRENCY})\\s?(\\d+(?:[.,]\\d+)*)`, "giu"),
  new RegExp(
    `(\\d+(?:[.,]\\d+)*)\\s?(?:%|percent|per cent|prozent|pour cent|por ciento|per cento|(?:${CURRENCY})(?!\\p{L}))`,
    "giu",
  ),
];
const CODE = /(?<![\p{L}\p{N}-])(?=[A-Z0-9-]*[A-Z])(?=[A-Z0-9-]*\d)[A-Z0-9][A-Z0-9-]{3,}(?![\p{L}\p{N}-])/gu;
/** No word of any language: something encoded. */
const LUMP = /[A-Za-z0-9+/=_-]{40,}/g;

/** What the reply names that none of `grounds` does. */
export function ungrounded(reply: string, grounds: string): Named[] {
  const allowed = new Set(namedIn(grounds).map(key));
  const numbers = new Set(
    leveled(grounds)
      .match(/\d+(?:[.,]\d+)*/g)
      ?.map(amount),
  );
  return namedIn(reply).filter((one) =>
    one.kind === "amount" ? !numbers.has(amount(one.value)) : !allowed.has(key(one)),
  );
}

function namedIn(text: string): Named[] {
  const flat = leveled(text);
  const found: Named[] = [];
  const take = (kind: Kind, pattern: RegExp, from: string): string =>
    from.replace(pattern, (whole, group: unknown) => {
      found.push({ kind, value: typeof group === "string" ? group : whole });
      return " ";
    });
  // What has been recognised is taken out: a mail address is not a link too.
  let rest = take("mail address", MAIL, flat);
  for (const pattern of LINKS) rest = take("link", pattern, rest);
  rest = take("handle", HANDLE, rest);
  for (const pattern of AMOUNTS) rest = take("amount", pattern, rest);
  rest = rest.replace(TELEPHONE, (whole) => {
    const digits = whole.replace(/\D/g, "").length;
    if (digits >= 9 || (digits >= 7 && whole.startsWith("+")))
      found.push({ kind: "telephone number", value: whole });
    return " ";
  });
  rest = take("code", LUMP, rest);
  take("code", CODE, rest);
  return found;
}

/** Look-alikes of ASCII signs become them: a full-width dot makes a link as well. */
const leveled = (text: string): string => text.normalize("NFKC").replaceAll("。", ".").replaceAll("｡", ".");

function key({ kind, value }: Named): string {
  if (kind === "telephone number") return `${kind} ${value.replace(/\D/g, "").replace(/^00/, "")}`;
  if (kind !== "link") return `${kind} ${value.toLowerCase().replace(/[.\s]+$/, "")}`;
  const bare = value
    .replace(/[.,;:!?)\]}’”]+$/u, "")
    .replace(/^https?:\/\//i, "")
    .replace(/^www\./i, "");
  const [host = ""] = bare.split(/[/?#]/);
  return `${kind} ${host.toLowerCase()}${bare.slice(host.length).replace(/\/$/, "")}`;
}

/** 5, 5.0 and 5,00 are one amount. */
const amount = (value: string): string => value.replaceAll(",", ".").replace(/\.0+$/, "");

/** Whether eight words in a row of `text` stand in `source`: a reply that recites its instructions. */
export function recites(text: string, source: string): boolean {
  const words = plainWords(text);
  const whole = ` ${plainWords(source).join(" ")} `;
  return words.some(
    (_, at) => at + RUN <= words.length && whole.includes(` ${words.slice(at, at + RUN).join(" ")} `),
  );
}

const RUN = 8;
const plainWords = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
