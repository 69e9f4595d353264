import { z } from "zod";
import type { Provider } from "../contract";
import type { Kit } from "../kit";
import { quotaOf } from "./account";
import { type Ask, askFacebook, askInstagram } from "./graph";
import { linkedInbox, ownInbox } from "./inbox";
import { linkedAccounts, linkedHealth, linkedLogin } from "./linked";
import { locateStep } from "./locate";
import { instagramLogin, ownAccount, ownHealth } from "./login";
import { publishStep } from "./publish";
import { instagramSpec } from "./spec";

/** Instagram, logged in to by itself: one token reaches one professional account. It offers neither deleting nor revoking. */
export function instagram(kit: Kit): Provider {
  const ask = askInstagram(kit);
  return {
    spec: instagramSpec,
    connector: instagramLogin(kit),
    identify: (credentials) => ownAccount(kit, ask, credentials),
    check: (access) => ownHealth(ask, access),
    ...publishing(ask),
    inbox: ownInbox(kit),
  };
}

/** Instagram through Facebook: the accounts that are linked to a person's Pages, each acted for with its Page's token. */
export function instagramThroughFacebook(kit: Kit): Provider {
  const ask = askFacebook(kit);
  return {
    spec: {
      ...instagramSpec,
      capabilities: { ...instagramSpec.capabilities, delete: true, refresh: false, revoke: true },
    },
    connector: linkedLogin(kit),
    identify: (credentials) => linkedAccounts(kit, credentials),
    check: (access) => linkedHealth(kit, ask, access),
    ...publishing(ask),
    inbox: linkedInbox(kit),

    async remove(access, remoteId) {
      await ask(access, { method: "DELETE", path: encodeURIComponent(remoteId), answer: Removed });
    },
  };
}

/** The same for both: only the host and the token differ. */
const publishing = (ask: Ask): Required<Pick<Provider, "publish" | "locate" | "quota">> => ({
  publish: (request) => publishStep(ask, request),
  locate: (request) => locateStep(ask, request),
  quota: (access) => quotaOf(ask, access),
});

const Removed = z.object({ success: z.literal(true) });
