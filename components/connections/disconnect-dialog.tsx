"use client";

import { accountLabel } from "@/components/connections/status";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { sessionFacts } from "@/lib/connections/connect/session-schema";
import type { ConnectionDto } from "@/lib/connections/schema";
import type { PlatformSpec } from "@/lib/platforms/contract";

type Props = {
  connection: ConnectionDto | null;
  spec: PlatformSpec | null;
  onClose: () => void;
  onConfirm: (connection: ConnectionDto) => void;
};

/** Says what will happen before it does. */
export function DisconnectDialog({ connection, spec, onClose, onConfirm }: Props) {
  if (!connection || !spec) return null;
  const label = accountLabel(connection);
  return (
    <Dialog
      open
      onClose={onClose}
      title={`Disconnect ${label}?`}
      closeLabel="Keep it connected"
      actions={
        <Button look="danger" onClick={() => onConfirm(connection)}>
          Disconnect
        </Button>
      }
    >
      <ul className="grid list-disc gap-1.5 pl-5">
        <li>
          Carillon destroys the keys it holds for this account. This cannot be undone, but you can connect
          again.
        </li>
        {!sessionFacts(connection) && connection.leaving.revokes && (
          <li>
            {spec.name} is asked to withdraw the permission you gave, unless another account of yours here
            still needs it.
          </li>
        )}
        {!connection.leaving.revokes && (
          <li>
            {!sessionFacts(connection) && `${spec.name} lets nobody withdraw the permission from outside. `}
            {connection.leaving.byHand}
          </li>
        )}
        {spec.publishes !== false && (
          <li>Posts that are out stay out. Posts still waiting for this account will not be sent.</li>
        )}
      </ul>
    </Dialog>
  );
}
