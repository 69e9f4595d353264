/** In whose name one may write on the simulated LinkedIn: the member's own, or an organization's. */
import type { Answer } from "@/lib/sandbox/kit";
import { badRequest, type Member } from "./answers";
import { mayPostFor } from "./organizations";

/** The refusal of a URN that names neither a member nor an organization, or null. `field` is where it stood. */
export function authorRefusal(urn: string, field: "author" | "owner"): Answer | null {
  const [, kind, id = ""] = /^urn:li:([a-zA-Z]+):(.+)$/.exec(urn) ?? [];
  if (kind !== "person" && kind !== "organization") {
    return badRequest(`ERROR :: /${field} :: the URN's type is not allowed`, "INVALID_URN_TYPE");
  }
  const isWellFormed = kind === "person" ? /^[\w-]+$/.test(id) : /^\d+$/.test(id);
  return isWellFormed ? null : badRequest(`ERROR :: /${field} :: the URN's id is invalid`, "INVALID_URN_ID");
}

export function mayWrite(member: Member, author: string): boolean {
  return isOrganization(author)
    ? member.scopes.includes("w_organization_social") && mayPostFor(member.person, author)
    : member.scopes.includes("w_member_social") && member.person.id === author;
}

export function isOrganization(urn: string): boolean {
  return urn.startsWith("urn:li:organization:");
}
