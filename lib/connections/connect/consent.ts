import type { Consent } from "../leave/leaving-data";

/**
 * One person's consent at Facebook is kept in two places: for their Pages, and for Instagram through Facebook. Taking it
 * back ends every token of that person for our app, those of the other place too.
 */

const THROUGH_FACEBOOK = "facebook:";

/** Where a Facebook person's consent may lie. @param id as Facebook names them to our app */
export const grantsOfFacebookPerson = (id: string): Consent[] => [
  { platform: "facebook", subject: id },
  { platform: "instagram", subject: `${THROUGH_FACEBOOK}${id}` },
];

/** Where else the consent behind this grant may be in use; usually nowhere. */
export function otherGrantsOfConsent({ platform, subject }: Consent): Consent[] {
  const person =
    platform === "facebook"
      ? subject
      : platform === "instagram" && subject.startsWith(THROUGH_FACEBOOK)
        ? subject.slice(THROUGH_FACEBOOK.length)
        : null;
  if (person === null) return [];
  return grantsOfFacebookPerson(person).filter((one) => one.platform !== platform);
}
