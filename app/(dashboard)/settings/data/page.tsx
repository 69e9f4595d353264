import type { Metadata } from "next";
import { headers } from "next/headers";
import { YourData } from "@/components/settings/your-data";
import { PageHead } from "@/components/shell";
import { hasPassword, requireUser } from "@/lib/session";

export const metadata: Metadata = { title: "Your data" };

export default async function YourDataPage() {
  const { email } = await requireUser();
  return (
    <>
      <PageHead title="Your data" lead="Take it with you, or leave and take it all away." />
      <YourData email={email} hasPassword={await hasPassword(await headers())} />
    </>
  );
}
