/** Containers on the simulated Threads: what a post is before it is published. */
import { type Answer, type Call, isAnswer, type Json, json, type Shown, shelf } from "@/lib/sandbox/kit";
import { DAY } from "@/lib/sandbox/oauth";
import { admit, missingObject, pickFields } from "./graph";

export type MediaType = "TEXT" | "IMAGE" | "VIDEO" | "CAROUSEL";

export type Container = {
  id: string;
  personId: string;
  type: MediaType;
  text: string;
  link: string | null;
  replyTo: string | null;
  topic: string | null;
  /** what it will show, in order */
  media: Shown[];
  /** only to be put into a carousel */
  isItem: boolean;
  /** of a carousel */
  children: string[];
  /** the choices that are the post's own */
  choices: Record<string, Json>;
  createdAt: number;
  readyAt: number;
  /** the error_message it will end with instead of FINISHED */
  error: string | null;
  mediaId: string | null;
};

type Status = "IN_PROGRESS" | "FINISHED" | "PUBLISHED" | "ERROR" | "EXPIRED";

/** GET /{id} with the id of a container. */
export function readContainer(call: Call): Answer {
  const admitted = admit(call, ["fields"], ["threads_basic"]);
  if (isAnswer(admitted)) return admitted;
  const id = call.params["id"] ?? "";
  const container = findContainer(call, id);
  if (container === null || container.personId !== admitted.person.id) return missingObject(id);
  const status = statusOf(call, container);
  const picked = pickFields(admitted.params, {
    id,
    status,
    error_message: status === "ERROR" ? (container.error ?? undefined) : undefined,
  });
  return isAnswer(picked) ? picked : json(200, picked);
}

export function findContainer(call: Call, id: string): Container | null {
  const containers = shelf<Container>(call, "containers");
  return Object.hasOwn(containers, id) ? (containers[id] ?? null) : null;
}

export function keepContainer(call: Call, container: Container): void {
  shelf<Container>(call, "containers")[container.id] = container;
}

export function statusOf(call: Call, { mediaId, createdAt, readyAt, error }: Container): Status {
  if (mediaId !== null) return "PUBLISHED";
  if (call.now >= createdAt + DAY) return "EXPIRED";
  if (call.now < readyAt) return "IN_PROGRESS";
  return error === null ? "FINISHED" : "ERROR";
}
