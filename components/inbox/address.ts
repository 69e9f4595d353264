import { InboxQuery } from "@/lib/inbox/schema";

/** Which conversations are listed: read from the address, and written into it, so that every view can be kept and shared. */
export type Listed = Omit<InboxQuery, "cursor">;

const { filter, kind, connection, q } = InboxQuery.shape;

/** What the address asks for; what it gets wrong is left out. */
export function listedIn(params: { get(name: string): string | null }): Listed {
  const given = (name: string) => params.get(name) || undefined;
  const [kinds, account, words] = [
    kind.safeParse(given("kind")).data,
    connection.safeParse(given("connection")).data,
    q.safeParse(given("q")).data,
  ];
  return {
    filter: filter.safeParse(given("filter")).data ?? "open",
    ...(kinds && { kind: kinds }),
    ...(account && { connection: account }),
    ...(words && { q: words }),
  };
}

/** The inbox, or one conversation, beside this list. */
export function inboxHref(id: string | null, listed: Listed, about?: true): string {
  const query = new URLSearchParams({
    ...(listed.filter !== "open" && { filter: listed.filter }),
    ...(listed.kind && { kind: listed.kind }),
    ...(listed.connection && { connection: listed.connection }),
    ...(listed.q && { q: listed.q }),
    ...(about && { about: "1" }),
  }).toString();
  return `/inbox${id ? `/${id}` : ""}${query && `?${query}`}`;
}
