import type { SessionField } from "./fields";

/**
 * Finds a session in what people copy out of their browser's developer tools: a request "as cURL", its headers line by
 * line, or a Cookie header. Pure and safe for the browser, where it runs: the rest of the paste is never sent anywhere.
 */
export function readPaste(text: string): Partial<Record<SessionField, string>> {
  const headers = /^\s*curl(\.exe)?\s/.test(text) ? curlHeaders(text) : plainHeaders(text);
  const cookies = cookiesIn(
    headers["cookie"] ?? (/(^|;\s*)(auth_id|sess)=/.test(text.trim()) ? text.trim() : ""),
  );
  const authUid = Object.entries(cookies).find(
    ([name, value]) => /^auth_uid_\d*$/.test(name) && value !== "",
  );
  const found: Record<SessionField, string | undefined> = {
    auth_id: cookies["auth_id"],
    sess: cookies["sess"],
    x_bc: headers["x-bc"],
    user_agent: headers["user-agent"],
    auth_uid: authUid?.join("="),
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined && value !== ""));
}

/** -H 'name: value' and -b 'cookies', as Chrome and Firefox write them for bash and for Windows. */
function curlHeaders(text: string): Record<string, string> {
  // Windows' shell wants ^ before what is special to it, and at the end of each line.
  const plain = /\^["\r\n]/.test(text) ? text.replace(/\^\r?\n/g, " ").replace(/\^(.)/g, "$1") : text;
  const headers: Record<string, string> = {};
  for (const [, option, single, double] of plain.matchAll(
    /\s(-H|--header|-b|--cookie|-A|--user-agent)\s+\$?(?:'([^']*)'|"((?:[^"\\]|\\.)*)")/g,
  )) {
    const value = single ?? (double ?? "").replace(/\\(.)/g, "$1");
    if (option === "-H" || option === "--header") Object.assign(headers, plainHeaders(value));
    else headers[option === "-b" || option === "--cookie" ? "cookie" : "user-agent"] = value.trim();
  }
  return headers;
}

/** "name: value" on one line, or the name on a line of its own as Chrome's panel is copied. */
function plainHeaders(text: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [, name = "", value = ""] of text.matchAll(/^[ \t]*([\w-]+):[ \t]*\r?\n?[ \t]*(.*)$/gm)) {
    headers[name.toLowerCase()] = value.trim();
  }
  return headers;
}

function cookiesIn(header: string): Record<string, string> {
  return Object.fromEntries(
    header.split(";").flatMap((pair) => {
      const at = pair.indexOf("=");
      return at < 1 ? [] : [[pair.slice(0, at).trim(), pair.slice(at + 1).trim()]];
    }),
  );
}
