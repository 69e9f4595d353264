import { redirect } from "next/navigation";
import { findUser } from "@/lib/session";

export default async function Home() {
  redirect((await findUser()) ? "/dashboard" : "/sign-in");
}
