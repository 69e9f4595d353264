import { type Access, PlatformError, type PublishRequest, type PublishStep } from "../contract";
import type { Kit } from "../kit";
import {
  type Container,
  Created,
  containerFailure,
  containerOf,
  makeContainer,
  notPrepared,
} from "./containers";
import { isNotVisible } from "./errors";
import { graph } from "./graph";
import { checkPost, type Part, partsOf } from "./parts";
import { advance, finished, POLL_AFTER_MS, Progress, processing } from "./progress";

/**
 * From text and files to a post: make a container (for a carousel its items' containers first), poll it until it is
 * FINISHED, publish it; then the same for each reply. Every step ends with its progress handed back, so the container is
 * on record before the write that can be lost. A container is published once: after a lost answer the same one is asked
 * for its status, never a second one made while the first may still come out.
 */

const MISS_AFTER_MS = [2_000, 4_000, 8_000, 15_000];
const MAX_CONTAINERS = 3;
/** Whoever comes back later than this to a container that failed wants a new attempt. */
const CONTAINERS_COUNT_MS = 60 * 60_000;
const REMAKE_AFTER_MS = 5_000;

/** One step towards being out. @throws PlatformError; ambiguous only from threads_publish on */
export async function publishStep(
  kit: Kit,
  { access, content, resume, sending }: PublishRequest,
): Promise<PublishStep> {
  const parts = partsOf(content);
  const progress = Progress.parse(resume ?? {});
  const part = parts[progress.published.length];
  if (!part) return finished(kit, access, progress);
  const { containerId } = progress;
  if (containerId === undefined) {
    if (progress.published.length === 0) checkPost(content);
    return prepare(kit, access, part, progress);
  }
  // The items of a carousel are looked at again before another parent is made of them.
  const again = () => prepare(kit, access, part, { ...progress, ready: 0 });

  const container = await containerOf(kit, access, containerId);
  switch (container.status) {
    case "IN_PROGRESS":
      return waitForContainer(progress);
    case "MISSING":
      return progress.misses < MISS_AFTER_MS.length ? missed(progress) : again();
    case "EXPIRED":
      return prepare(kit, access, part, { ...progress, children: [], ready: 0 });
    case "ERROR": {
      const failure = containerFailure(container);
      if (!failure.again) throw failure.error;
      return makesLeft(progress) ? again() : Promise.reject(failure.error);
    }
    case "PUBLISHED":
      throw alreadyOut();
    case "FINISHED":
      if (progress.misses >= MISS_AFTER_MS.length) return again();
  }

  await sending();
  try {
    const { id } = await graph(kit, access, {
      method: "POST",
      path: `${encodeURIComponent(access.remoteId)}/threads_publish`,
      form: { creation_id: containerId },
      effect: "write",
      answer: Created,
    });
    return advance(kit, access, parts, progress, id);
  } catch (error) {
    if (isNotVisible(error)) return missed(progress);
    // A second try on a container that came out after all is refused too: that refusal must not look like a failure.
    const refused = error instanceof PlatformError && error.kind === "rejected";
    if (refused && (await containerOf(kit, access, containerId)).status === "PUBLISHED")
      throw alreadyOut(error);
    throw error;
  }
}

/** Makes the (next) container of this part: nothing is visible yet. */
async function prepare(kit: Kit, access: Access, part: Part, before: Progress): Promise<PublishStep> {
  if (!makesLeft(before)) throw notPrepared();
  const fresh = isForgotten(before);
  const progress: Progress = {
    ...before,
    type: before.published.length === 0 ? part.type : undefined,
    containers: fresh ? 0 : before.containers,
    remakes: fresh ? 0 : before.remakes,
    containerId: undefined,
  };
  const items = part.children.length > 0 ? await prepareItems(kit, access, part, progress) : null;
  if (items?.step) return items.step;

  const above = progress.published.at(-1);
  try {
    const id = await makeContainer(kit, access, {
      ...part.form,
      children: items?.ids.join(","),
      reply_to_id: above,
    });
    return waitForContainer({
      ...progress,
      ready: part.children.length,
      containerId: id,
      containers: progress.containers + 1,
      madeAt: Date.now(),
      polls: 0,
      misses: 0,
    });
  } catch (error) {
    const early = (above !== undefined || items !== null) && isNotVisible(error);
    if (early && progress.misses < MISS_AFTER_MS.length) return missed(progress);
    throw error;
  }
}

/** The items of a carousel, made one by one, are FINISHED before their parent is made. */
async function prepareItems(
  kit: Kit,
  access: Access,
  { children: forms }: Part,
  progress: Progress,
): Promise<{ step: PublishStep } | { step?: undefined; ids: string[] }> {
  const made = forms.map((_, nth) => progress.children[nth] ?? null);
  const next = made.indexOf(null);
  const form = forms[next];
  if (form) {
    const id = await makeContainer(kit, access, form);
    const children = made.map((one, nth) => (nth === next ? id : one));
    const afterMs = children.includes(null) ? 0 : (POLL_AFTER_MS[0] ?? 0);
    return { step: processing({ ...progress, children, polls: 0, madeAt: Date.now() }, afterMs) };
  }
  const ids = made.filter((id) => id !== null);
  for (let ready = progress.ready; ready < ids.length; ready += 1) {
    const item = await containerOf(kit, access, ids[ready] ?? "");
    if (item.status === "FINISHED") continue;
    const here = { ...progress, children: ids, ready };
    if (item.status === "IN_PROGRESS") return { step: waitForContainer(here) };
    if (item.status === "MISSING" && progress.misses < MISS_AFTER_MS.length) return { step: missed(here) };
    return { step: remake(here, item) };
  }
  return { ids };
}

/** An item that failed is made anew where it stands; where they were lost, all of them are. */
function remake(progress: Progress, item: Container): PublishStep {
  const failed = item.status === "ERROR";
  const { error, again } = failed ? containerFailure(item) : { error: notPrepared(), again: true };
  if (!again || progress.remakes + 1 >= MAX_CONTAINERS) throw error;
  return processing(
    {
      ...progress,
      children: failed ? progress.children.map((id, nth) => (nth === progress.ready ? null : id)) : [],
      ready: failed ? progress.ready : 0,
      remakes: progress.remakes + 1,
      polls: 0,
      misses: 0,
    },
    REMAKE_AFTER_MS,
  );
}

const isForgotten = ({ madeAt }: Progress): boolean =>
  madeAt !== undefined && Date.now() - madeAt > CONTAINERS_COUNT_MS;

const makesLeft = (progress: Progress): boolean =>
  progress.containers < MAX_CONTAINERS || isForgotten(progress);

function waitForContainer(progress: Progress): PublishStep {
  const afterMs = POLL_AFTER_MS[progress.polls];
  if (afterMs === undefined) {
    throw new PlatformError("unavailable", "Threads is still preparing this post.", { code: "container" });
  }
  return processing({ ...progress, polls: progress.polls + 1 }, afterMs);
}

function missed(progress: Progress): PublishStep {
  const afterMs = MISS_AFTER_MS[progress.misses] ?? MISS_AFTER_MS.at(-1) ?? 0;
  return processing({ ...progress, misses: progress.misses + 1 }, afterMs);
}

const alreadyOut = (cause?: unknown) =>
  new PlatformError("unavailable", "Threads has published this already; we are looking for it.", {
    effect: "ambiguous",
    code: "already_published",
    cause,
  });
