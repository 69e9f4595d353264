/** The organizations of the simulated LinkedIn, who may do what for them, and how one asks. */
import { type Answer, type Call, type Json, json, type Person, strangeParam } from "@/lib/sandbox/kit";
import { badRequest, denied, type Member, setting, signedInToRest } from "./answers";

type Organization = { id: string; vanityName: string; name: string };

const organizations: Organization[] = [
  { id: "107463920", vanityName: "chime-cafe", name: "Chime Café" },
  { id: "107463921", vanityName: "klang-foundry", name: "Klang Bell Foundry" },
  { id: "107463922", vanityName: "belfry-society", name: "The Belfry Society" },
];

const postingRoles = [
  "ADMINISTRATOR",
  "CONTENT_ADMIN",
  "CONTENT_ADMINISTRATOR",
  "DIRECT_SPONSORED_CONTENT_POSTER",
];
const otherRoles = [
  "ANALYST",
  "CURATOR",
  "RECRUITING_POSTER",
  "LEAD_CAPTURE_ADMINISTRATOR",
  "LEAD_GEN_FORMS_MANAGER",
];

/** The organization with this URN, or null. */
export function findOrganization(urn: string): Organization | null {
  return organizations.find(({ id }) => urnOf(id) === urn) ?? null;
}

/** Whether the person may post in the organization's name. */
export function mayPostFor(person: Person, urn: string): boolean {
  return postingRoles.includes(rolesOf(person)[urn] ?? "");
}

/** GET /rest/organizationAcls?q=roleAssignee: the organizations in which the member has a role. */
export function listRoles(call: Call): Answer {
  const member = admittedMember(call, "organizationAcls.FINDER-roleAssignee");
  if ("status" in member) return member;
  const { query } = call;
  if (strangeParam(query, ["q", "role", "state", "count", "start"]) !== null) {
    return badRequest("Invalid query parameters passed to request");
  }
  if (query.get("q") !== "roleAssignee") return badRequest("The finder q must be roleAssignee.");
  const role = query.get("role");
  if (role !== null && ![...postingRoles, ...otherRoles].includes(role)) {
    return badRequest(`Invalid value for param; wrong type or other syntax error: role=${role}`);
  }
  const state = query.get("state") ?? "APPROVED";
  if (!["APPROVED", "REQUESTED", "REJECTED", "REVOKED"].includes(state)) {
    return badRequest(`Invalid value for param; wrong type or other syntax error: state=${state}`);
  }
  const start = wholeNumber(query.get("start") ?? "0");
  const count = wholeNumber(query.get("count") ?? "10");
  if (start === null || count === null || count < 1 || count > 100) {
    return badRequest("start and count must be whole numbers, count from 1 to 100.");
  }
  const all = Object.entries(rolesOf(member.person))
    .filter(([, held]) => state === "APPROVED" && (role === null || sameRole(held, role)))
    .map(([urn, held]) => ({
      [setting(call, "organizationField")]: urn,
      role: role ?? held,
      roleAssignee: member.person.id,
      state,
    }));
  return json(200, {
    elements: all.slice(start, start + count),
    paging: {
      start,
      count,
      total: all.length,
      links: start + count < all.length ? [nextPage(call, start + count, count)] : [],
    },
  });
}

/** GET /rest/organizations?ids=List(1,2): their names. */
export function lookUpOrganizations(call: Call): Answer {
  const member = admittedMember(call, "organizations.BATCH_GET");
  if ("status" in member) return member;
  if (!setting(call, "batchGet")) return denied("organizations.BATCH_GET");
  // Parentheses and commas belong to the list's notation, so they come unencoded.
  const list = /^\?ids=List\((\d+(?:,\d+)*)\)$/.exec(call.url.search)?.[1];
  if (list === undefined) return badRequest("Invalid query parameters passed to request");
  const results: Record<string, Json> = {};
  const errors: Record<string, Json> = {};
  const statuses: Record<string, Json> = {};
  for (const id of list.split(",")) {
    const found = findOrganization(urnOf(id));
    const status = found === null ? 404 : urnOf(id) in rolesOf(member.person) ? 200 : 403;
    statuses[id] = status;
    if (found !== null && status === 200) {
      results[id] = {
        id: Number(found.id),
        localizedName: found.name,
        vanityName: found.vanityName,
        name: { localized: { en_US: found.name }, preferredLocale: { country: "US", language: "en" } },
      };
    } else errors[id] = { status, message: "This organization cannot be read." };
  }
  return json(200, { results, errors, statuses });
}

function admittedMember(call: Call, resource: string): Member | Answer {
  const member = signedInToRest(call);
  if ("status" in member) return member;
  const isAdmitted = ["rw_organization_admin", "r_organization_admin"].some((scope) =>
    member.scopes.includes(scope),
  );
  return isAdmitted ? member : denied(resource);
}

/** Role by organization URN, as seeded or overridden under `details.roles`. */
function rolesOf(person: Person): Record<string, string> {
  const roles = person.details?.roles;
  if (typeof roles !== "object" || roles === null || Array.isArray(roles)) return {};
  return Object.fromEntries(Object.entries(roles).map(([urn, role]) => [urn, String(role)]));
}

/** Both spellings occur. */
function sameRole(held: string, asked: string): boolean {
  const short = (role: string) => role.replace("CONTENT_ADMINISTRATOR", "CONTENT_ADMIN");
  return short(held) === short(asked);
}

function nextPage(call: Call, start: number, count: number): Record<string, Json> {
  const query = new URLSearchParams(call.query);
  query.set("start", String(start));
  query.set("count", String(count));
  return { rel: "next", type: "application/json", href: `${call.path}?${query}` };
}

function wholeNumber(text: string): number | null {
  return /^\d{1,6}$/.test(text) ? Number(text) : null;
}

function urnOf(id: string): string {
  return `urn:li:organization:${id}`;
}
