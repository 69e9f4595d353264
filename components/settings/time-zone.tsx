"use client";

import { Section } from "@/components/settings/section";
import { Time, useAwake } from "@/components/ui/time";

/** The zone that all times are shown in: the device's own, which only the browser knows. */
export function TimeZone() {
  const awake = useAwake();
  return (
    <Section
      title="Time zone"
      lead="Carillon shows every time in the zone your device is set to, and writes the zone beside it. To change it, change the device's zone."
    >
      <p className="text-sm">
        {awake ? (
          <>
            <span className="font-medium">{Intl.DateTimeFormat().resolvedOptions().timeZone}</span>. Now it is{" "}
            <Time at={new Date().toISOString()} />.
          </>
        ) : (
          "Looking up your device's zone…"
        )}
      </p>
    </Section>
  );
}
