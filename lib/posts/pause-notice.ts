import "server-only";
import { env } from "@/lib/env";
import type { Jobs } from "@/lib/jobs/queue";
import { log } from "@/lib/log";
import { sendMail } from "@/lib/mail";
import { specs } from "@/lib/platforms/registry";

/** Tells whoever runs this installation that a platform refuses all of it: once per incident. */
export async function tellOperator({ platform, code, message }: Jobs["platform.paused"]): Promise<void> {
  log.error("platform.paused", { platform, code, message });
  const { operatorEmail, origin } = env();
  if (!operatorEmail) return;
  const name = specs[platform]?.name ?? platform;
  await sendMail({
    to: operatorEmail,
    subject: `${name} does not take posts from this installation`,
    text: `${message}

Posts to ${name} wait. Every quarter of an hour one of them tries again; as soon as one goes out, the others follow by themselves.

How it stands: ${origin}/settings/integrations
`,
  });
}
