"use client";

import { useMutation } from "@tanstack/react-query";
import { Trash2 } from "lucide-react";
import { useState } from "react";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { ExternalLink } from "@/components/ui/external-link";
import { Notice } from "@/components/ui/notice";
import { tell, warn } from "@/components/ui/toast";
import { sentence } from "@/lib/http/api";
import { postQueries, removePost } from "@/lib/posts/queries";
import type { DeliveryDto, PostDto } from "@/lib/posts/schema";

/** Takes a post back: what waits is not sent, what is out is deleted where the platform lets us. Says which is which first. */
export function RemovePost({ post }: { post: PostDto }) {
  const [asking, setAsking] = useState(false);
  const remove = useMutation({
    mutationFn: () => removePost(post.id),
    onSuccess: ({ remaining }) =>
      remaining.length === 0 && tell({ title: "Done: see below what became of it" }),
    onError: (error) => warn({ title: "Nothing was deleted", description: sentence(error) }),
    onSettled: (_answer, _error, _given, _before, { client }) =>
      client.invalidateQueries({ queryKey: postQueries.all() }),
  });
  const waiting = post.deliveries.filter(({ state }) => state === "scheduled" || state === "queued");
  const out = post.deliveries.filter(({ state, removedAt }) => state === "published" && !removedAt);
  const deletable = out.filter(({ canDelete }) => canDelete);
  const staying = out.filter(({ canDelete }) => !canDelete);
  const remaining = remove.data?.remaining ?? [];

  return (
    <>
      {waiting.length + deletable.length > 0 && (
        <Button look="quiet" busy={remove.isPending} onClick={() => setAsking(true)}>
          <Trash2 aria-hidden className="size-4" />
          {deletable.length > 0 ? "Delete" : "Cancel"} this post
        </Button>
      )}
      {remaining.length > 0 && (
        <Notice tone="warn" role="alert" title="Not everything could be deleted" className="w-full">
          <ul className="grid gap-1.5">
            {remaining.map(({ deliveryId, accountName, url, message }) => (
              <li key={deliveryId}>
                {accountName}: {message} {url && <ExternalLink href={url}>Go there</ExternalLink>}
              </li>
            ))}
          </ul>
        </Notice>
      )}
      <Dialog
        open={asking}
        onClose={() => setAsking(false)}
        title={deletable.length > 0 ? "Delete this post?" : "Cancel this post?"}
        closeLabel="Keep it"
        actions={
          <Button
            look="danger"
            onClick={() => {
              setAsking(false);
              remove.mutate();
            }}
          >
            {deletable.length > 0 ? "Delete" : "Cancel the post"}
          </Button>
        }
      >
        <Part title="Will not be sent:" deliveries={waiting} />
        <Part title="Will be deleted on the platform, for everyone:" deliveries={deletable} />
        <Part title="Stays out; delete it there yourself, if you want to:" deliveries={staying} />
        <p>This cannot be undone.</p>
      </Dialog>
    </>
  );
}

const Part = ({ title, deliveries }: { title: string; deliveries: DeliveryDto[] }) =>
  deliveries.length > 0 && (
    <div>
      <p className="font-medium text-ink">{title}</p>
      <ul className="list-disc pl-5">
        {deliveries.map(({ id, accountName, url, canDelete }) => (
          <li key={id}>
            {accountName} {url && !canDelete && <ExternalLink href={url}>See it</ExternalLink>}
          </li>
        ))}
      </ul>
    </div>
  );
