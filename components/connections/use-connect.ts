"use client";

import { useMutation } from "@tanstack/react-query";
import { useEffect } from "react";
import { warn } from "@/components/ui/toast";
import { startConnect } from "@/lib/connections/queries";
import { sentence } from "@/lib/http/api";

/** Leads to a platform's consent page. Stays busy until the page is left, and wakes up if the person comes back. */
export function useConnect() {
  const { mutate, reset, isPending, isSuccess } = useMutation({
    mutationFn: startConnect,
    onSuccess: ({ authUrl }) => window.location.assign(authUrl),
    onError: (error) => warn({ title: "Connecting did not start", description: sentence(error) }),
  });
  useEffect(() => {
    const onShow = (event: PageTransitionEvent) => event.persisted && reset();
    window.addEventListener("pageshow", onShow);
    return () => window.removeEventListener("pageshow", onShow);
  }, [reset]);
  return { connect: mutate, busy: isPending || isSuccess };
}
