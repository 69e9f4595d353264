/** The simulated LinkedIn's posts: created by members and organizations, read for organizations only, deleted. */
import {
  type Answer,
  type Call,
  empty,
  findPublication,
  type Json,
  json,
  jsonBody,
  newId,
  type Publication,
  publish,
  strangeParam,
  unpublish,
} from "@/lib/sandbox/kit";
import { apiError, badRequest, denied, setting, signedInToRest } from "./answers";
import { authorRefusal, isOrganization, mayWrite } from "./authors";
import { type Content, contentRefusal, readContent } from "./content";
import { asFields, type Fields, invalidValue, missingField, unknownField, unrecognized } from "./fields";
import { readLittleText } from "./little-text";
import { findOrganization, mayPostFor } from "./organizations";

/** The longest commentary; escapes are counted, which is the safe reading. */
const MAX_COMMENTARY = 3_000;

const required = ["author", "commentary", "visibility", "distribution", "lifecycleState"];
const optional = ["content", "isReshareDisabledByAuthor"];

/** POST /rest/posts. 201 without a body; the post's URN is in `x-restli-id`. */
export function createPost(call: Call): Answer {
  const member = signedInToRest(call);
  if ("status" in member) return member;
  const body = jsonBody(call);
  if (body === null || [...call.query].length > 0) {
    return badRequest("Unable to parse the request: one JSON object is expected, and no query.");
  }
  const resource = "partnerApiPosts.CREATE.20260901";
  const { author, commentary } = body;
  const wrong = fieldRefusal(body);
  if (wrong !== null) return wrong;
  if (typeof author !== "string" || typeof commentary !== "string") return invalidValue("author");
  const malformed = authorRefusal(author, "author");
  if (malformed !== null) return malformed;
  if (!mayWrite(member, author)) return denied(resource);
  if (isOrganization(author) && body.visibility !== "PUBLIC") return invalidValue("visibility");
  if (commentary.length > MAX_COMMENTARY) {
    return badRequest("commentary text length exceeds the maximum of 3000", "FIELD_LENGTH_TOO_LONG");
  }
  const sent = JSON.stringify([commentary, body.content ?? null]);
  const twin = duplicateOf(call, author, sent);
  if (twin !== null) return apiError(422, `Content is a duplicate of ${twin.id}`);
  const content = readContent(call, body.content, author);
  if ("status" in content) return content;
  return accept(call, body, { author, commentary, sent, content });
}

/** GET /rest/posts/{urn}: what an organization posted. Members' posts are not for apps to read. */
export function getPost(call: Call): Answer {
  const member = signedInToRest(call);
  if ("status" in member) return member;
  const urn = postUrn(call);
  if (typeof urn !== "string") return urn;
  if (strangeParam(call.query, []) !== null) return badRequest("Invalid query parameters passed to request");
  const post = findPublication(call, urn);
  if (post !== null && !isOrganization(post.personId)) return denied("partnerApiPosts.GET.20260901");
  if (!member.scopes.includes("r_organization_social")) return denied("partnerApiPosts.GET.20260901");
  if (post === null) return apiError(404, `Could not find entity ${urn}`, "NOT_FOUND");
  if (!mayPostFor(member.person, post.personId)) return denied("partnerApiPosts.GET.20260901");
  const { commentary = "", visibility = null, distribution = null, content } = post.details;
  return json(200, {
    visibility,
    distribution,
    ...(content === undefined ? {} : { content }),
    id: post.id,
    author: post.personId,
    commentary,
    lifecycleState: "PUBLISHED",
    createdAt: post.createdAt,
    publishedAt: post.createdAt,
    lastModifiedAt: post.createdAt,
  });
}

/** DELETE /rest/posts/{urn}. Idempotent: a post that is not there is 204 as well. */
export function deletePost(call: Call): Answer {
  const member = signedInToRest(call);
  if ("status" in member) return member;
  const urn = postUrn(call);
  if (typeof urn !== "string") return urn;
  const method = call.headers.get("x-restli-method");
  if ((method !== null && method.toUpperCase() !== "DELETE") || [...call.query].length > 0) {
    return badRequest("The method does not fit the request.");
  }
  const post = findPublication(call, urn);
  if (post !== null) {
    if (!mayWrite(member, post.personId)) return denied("partnerApiPosts.DELETE.20260901");
    unpublish(call, post);
  }
  return empty(204);
}

function accept(
  call: Call,
  body: Fields,
  read: { author: string; commentary: string; sent: string; content: Content },
): Answer {
  const { author, commentary, sent } = read;
  const { media, link, details, isInvisible } = read.content;
  const { text, isTruncated } = readLittleText(commentary);
  const id = `urn:li:${setting(call, "postKind")}:${newId(call)}`;
  const { visibility = null, distribution = null, content } = body;
  // Taken with a picture that then fails, a post is there for nobody.
  if (isInvisible) return empty(201, { "x-restli-id": id });
  const post = publish(call, {
    id,
    personId: author,
    text,
    link,
    media,
    details: {
      ...details,
      commentary,
      sent,
      isTruncated,
      visibility,
      distribution,
      ...(content === undefined ? {} : { content }),
    },
  });
  // An organization is nobody's person, so the world would not know its name.
  post.author = findOrganization(author)?.vanityName ?? post.author;
  return empty(201, { "x-restli-id": id });
}

function fieldRefusal(body: Fields): Answer | null {
  for (const name of required) {
    if (body[name] === undefined || body[name] === null || body[name] === "") {
      // What has a content needs no words of its own.
      if (name === "commentary" && body[name] === "" && body.content !== undefined) continue;
      return missingField(name);
    }
  }
  const strange = unknownField(body, [...required, ...optional]);
  if (strange !== null) return unrecognized(`/${strange}`);
  if (typeof body.author !== "string") return invalidValue("author");
  if (typeof body.commentary !== "string") return invalidValue("commentary");
  // CONTAINER posts go into groups, which are not simulated.
  if (!["PUBLIC", "CONNECTIONS", "LOGGED_IN"].includes(String(body.visibility))) {
    return invalidValue("visibility");
  }
  if (body.lifecycleState !== "PUBLISHED") return invalidValue("lifecycleState");
  const isFlag = typeof (body.isReshareDisabledByAuthor ?? false) === "boolean";
  if (!isFlag) return invalidValue("isReshareDisabledByAuthor");
  return distributionRefusal(body.distribution) ?? contentRefusal(body.content);
}

function distributionRefusal(value: Json | undefined): Answer | null {
  const distribution = asFields(value);
  if (distribution === null) return invalidValue("distribution");
  const lists = ["targetEntities", "thirdPartyDistributionChannels"];
  const strange = unknownField(distribution, ["feedDistribution", ...lists]);
  if (strange !== null) return unrecognized(`/distribution/${strange}`);
  if (distribution.feedDistribution === undefined) return missingField("distribution/feedDistribution");
  // NONE is for advertisements, which are not simulated.
  if (distribution.feedDistribution !== "MAIN_FEED") return invalidValue("distribution/feedDistribution");
  for (const name of lists) {
    const list = distribution[name] ?? [];
    if (!Array.isArray(list) || list.length > 0) return invalidValue(`distribution/${name}`);
  }
  return null;
}

function duplicateOf(call: Call, author: string, sent: string): Publication | null {
  const since = call.now - setting(call, "duplicateWindowMs");
  const isTwin = (one: Publication) =>
    one.personId === author && one.deletedAt === null && one.createdAt > since && one.details.sent === sent;
  return call.world.publications.findLast(isTwin) ?? null;
}

/** The URN in the path, which must come percent-encoded, or the refusal. */
function postUrn(call: Call): string | Answer {
  const urn = call.params.urn ?? "";
  const isPost = /^urn:li:(share|ugcPost):\d+$/.test(urn);
  return isPost && !call.path.includes(":")
    ? urn
    : badRequest(`Syntax exception in path variables: ${call.path}`, "INVALID_URN_ID");
}
