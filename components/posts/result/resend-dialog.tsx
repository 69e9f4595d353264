"use client";

import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { ExternalLink } from "@/components/ui/external-link";

type Props = {
  open: boolean;
  platformName: string;
  accountName: string;
  /** Where the account can be looked at. */
  profileUrl: string | null;
  onClose: () => void;
  onConfirm: () => void;
};

/** The one press that may double a post: only a person who has looked may decide it. */
export function ResendDialog({ open, platformName, accountName, profileUrl, onClose, onConfirm }: Props) {
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title={`It may already be out. Look on ${platformName} first`}
      closeLabel="Do not send it"
      actions={
        <Button look="danger" onClick={onConfirm}>
          I looked: send it again
        </Button>
      }
    >
      <p>
        The post for {accountName} was sent, but {platformName} never confirmed it. If it is there, sending it
        again makes it appear twice.
      </p>
      {profileUrl && (
        <p>
          <ExternalLink href={profileUrl}>Look on {platformName}</ExternalLink>
        </p>
      )}
    </Dialog>
  );
}
