import { z } from "zod";
import type { Access } from "../contract";
import type { Kit } from "../kit";
import { ask } from "./api";
import { isForbidden } from "./errors";
import type { Submission } from "./submission";

/** The marks a subreddit has for its posts. */

/** The flair as it is sent. */
export type Flair = { flair_id?: string; flair_text?: string };

const FlairTemplate = z.object({
  id: z.string(),
  text: z.string().nullish(),
  text_editable: z.boolean().nullish(),
  mod_only: z.boolean().nullish(),
});
export type FlairTemplate = z.infer<typeof FlairTemplate>;

/** @returns the flair to send, and what stands in its way */
export async function flairOf(
  kit: Kit,
  access: Access,
  { subreddit, flair }: Submission,
  rule: { required: boolean; off: boolean },
): Promise<{ form: Flair; problems: string[] }> {
  const wanted = flair.id !== "" || flair.text !== "";
  if (!wanted && !rule.required) return { form: {}, problems: [] };
  if (wanted && rule.off) return { form: {}, problems: ["it has no flairs"] };
  const templates = await templatesOf(kit, access, subreddit);
  if (templates === null) {
    // Where only moderators choose, nothing better can be sent: whether it may go without is Reddit's to say.
    return { form: {}, problems: wanted ? ["its members do not choose flairs"] : [] };
  }
  const choices = choicesIn(templates);
  if (!wanted) return { form: {}, problems: [`it wants a flair${choices}`] };

  const same = (template: FlairTemplate) => comparable(template.text ?? "") === comparable(flair.text);
  const template = templates.find((one) => (flair.id === "" ? same(one) : one.id === flair.id));
  if (!template) return { form: {}, problems: [`it does not have this flair${choices}`] };
  if (flair.text === "" || same(template)) return { form: { flair_id: template.id }, problems: [] };
  return template.text_editable
    ? { form: { flair_id: template.id, flair_text: flair.text }, problems: [] }
    : { form: {}, problems: [`the text of this flair is always “${template.text ?? ""}”`] };
}

/** null where members do not choose their flair. */
export async function templatesOf(
  kit: Kit,
  access: Access,
  subreddit: string,
): Promise<FlairTemplate[] | null> {
  try {
    return await ask(kit, access, {
      method: "GET",
      path: `/r/${encodeURIComponent(subreddit)}/api/link_flair_v2`,
      answer: z.array(FlairTemplate),
    });
  } catch (error) {
    if (isForbidden(error)) return null;
    throw error;
  }
}

const MAX_CHOICES = 10;

function choicesIn(templates: FlairTemplate[]): string {
  const names = templates
    .flatMap(({ text, mod_only }) => (text && !mod_only ? [`“${text}”`] : []))
    .slice(0, MAX_CHOICES);
  return names.length > 0 ? ` (such as ${names.join(", ")})` : "";
}

const comparable = (text: string) => text.normalize("NFC").trim().toLowerCase();
