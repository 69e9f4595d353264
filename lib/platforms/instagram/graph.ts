import type { Access, Effect, PlatformError } from "../contract";
import { type Answer, type Call, call, type Kit } from "../kit";
import { graph, graphVersion } from "../meta";
import { explain, explainPublishing } from "./errors";

/**
 * One call for an account. The token travels in a header, so that no address ever holds it. Only what the world can see
 * is a "write": a container is invisible, and deleting twice deletes once.
 * @throws PlatformError
 */
export type Ask = <T>(access: Pick<Access, "accessToken">, request: GraphCall<T>) => Promise<T>;

type GraphCall<T> = Pick<Call<T>, "method" | "query" | "form" | "json" | "answer" | "timeoutMs"> & {
  /** Below the version, without a leading slash. */
  path: string;
  effect?: Call<T>["effect"];
};

/** What a room of the platform knows of its own codes, asked before the table that all of the Graph shares. */
export type Table = (lost: Effect) => (answer: Answer) => PlatformError | null;

export const HOST = "https://graph.instagram.com";

/** With the account's own token. No appsecret_proof: it is documented for graph.facebook.com alone. */
export const askInstagram =
  (kit: Kit, table: Table = explainPublishing): Ask =>
  ({ accessToken }, { path, effect = "read", ...request }) =>
    call(kit, {
      ...request,
      url: `${HOST}/${graphVersion(kit)}/${path}`,
      bearer: accessToken,
      effect,
      explain: explain(lostBy(effect), accessToken, table),
    });

/** With the token of the Page that the account is linked to. */
export const askFacebook =
  (kit: Kit, table: Table = explainPublishing): Ask =>
  ({ accessToken }, { effect = "read", ...request }) =>
    graph(kit, {
      ...request,
      token: accessToken,
      effect,
      explain: table(lostBy(effect)),
      name: "Instagram",
    });

const lostBy = (effect: Call<unknown>["effect"]) => (effect === "write" ? "ambiguous" : "definite");
