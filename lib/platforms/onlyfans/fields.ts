import type { FieldSpec } from "../contract";

/** What a person copies out of their own browser. Safe for the browser: the page and the provider ask for the same. */
export const sessionFields = [
  {
    name: "auth_id",
    label: "auth_id",
    help: "Cookie. The number of your account.",
    required: true,
    kind: "text",
    maxLength: 20,
  },
  {
    name: "sess",
    label: "sess",
    help: "Cookie. Whoever has it is signed in as you.",
    required: true,
    kind: "text",
    maxLength: 4_096,
  },
  {
    name: "x_bc",
    label: "x-bc",
    help: "Request header: 40 digits and letters from a to f.",
    required: true,
    kind: "text",
    maxLength: 40,
  },
  {
    name: "user_agent",
    label: "User-Agent",
    help: "Request header, letter for letter from the same browser.",
    required: true,
    kind: "text",
    maxLength: 512,
  },
  {
    name: "auth_uid",
    label: "auth_uid_…",
    help: "Cookie. Only there with two-factor sign-in; leave it empty otherwise.",
    required: false,
    kind: "text",
    maxLength: 4_096,
  },
] as const satisfies FieldSpec[];

export type SessionField = (typeof sessionFields)[number]["name"];
