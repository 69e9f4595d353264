import { randomBytes } from "node:crypto";

/** People with a browser of their own, as far as HTTP goes: a cookie jar, and the headers that a browser sends. */
export type PersonAtApp = {
  email: string;
  password: string;
  /** A request to the app by path or address, with this person's cookies. Redirects are not followed. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** Sends JSON as the app's own pages do. */
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
  cookies: Map<string, string>;
};

/** Someone who has not signed in, with an empty jar. */
export function visitor(appUrl: string): PersonAtApp {
  return browserOf(appUrl, { email: "", password: "" });
}

/** A new person, signed in. @throws with the app's answer when it refuses */
export async function signUp(
  appUrl: string,
  wanted: { name?: string; email?: string; password?: string } = {},
): Promise<PersonAtApp> {
  const email = wanted.email ?? `${randomBytes(6).toString("hex")}@people.test`;
  const password = wanted.password ?? `a long phrase ${randomBytes(6).toString("hex")}`;
  const person = browserOf(appUrl, { email, password });
  await expectSuccess(
    await person.send("POST", "/api/auth/sign-up/email", {
      name: wanted.name ?? "Ada Bell",
      email,
      password,
    }),
  );
  return person;
}

/** Somebody who exists, at another browser. @throws with the app's answer when it refuses */
export async function signIn(appUrl: string, who: { email: string; password: string }): Promise<PersonAtApp> {
  const person = browserOf(appUrl, who);
  await expectSuccess(await person.send("POST", "/api/auth/sign-in/email", who));
  return person;
}

function browserOf(appUrl: string, who: { email: string; password: string }): PersonAtApp {
  const { origin } = new URL(appUrl);
  const cookies = new Map<string, string>();
  const request = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const headers = new Headers(init.headers);
    const jar = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    if (jar && !headers.has("cookie")) headers.set("cookie", jar);
    const response = await fetch(new URL(path, origin), { redirect: "manual", ...init, headers });
    for (const line of response.headers.getSetCookie()) keep(cookies, line);
    return response;
  };
  return {
    ...who,
    cookies,
    fetch: request,
    send: (method, path, body, headers = {}) =>
      request(path, {
        method,
        headers: {
          origin,
          "sec-fetch-site": "same-origin",
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
  };
}

function keep(cookies: Map<string, string>, line: string): void {
  const [pair = "", ...attributes] = line.split(";");
  const at = pair.indexOf("=");
  const name = pair.slice(0, at).trim();
  const value = pair.slice(at + 1).trim();
  const gone = value === "" || attributes.some((attribute) => /^\s*max-age=0\s*$/i.test(attribute));
  if (gone) cookies.delete(name);
  else cookies.set(name, value);
}

async function expectSuccess(response: Response): Promise<void> {
  if (!response.ok) throw new Error(`${response.url} answered ${response.status}: ${await response.text()}`);
  await response.body?.cancel();
}
