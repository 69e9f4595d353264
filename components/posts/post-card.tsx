import Link from "next/link";
import { PlatformIcon } from "@/components/platform-icon";
import { DeliveryBadge } from "@/components/posts/delivery-badge";
import { MediaTiles } from "@/components/posts/media-tiles";
import { Card } from "@/components/ui/card";
import { Time } from "@/components/ui/time";
import type { Content, PostDto } from "@/lib/posts/schema";

/** A post in a list: its first words and files, when, and its state on each account. */
export const PostCard = ({ post }: { post: PostDto }) => (
  <Card className="relative grid gap-3 p-4 hover:border-control focus-within:border-control">
    <div className="grid gap-1">
      <Link href={`/posts/${post.id}`} className="rounded after:absolute after:inset-0 after:rounded-xl">
        <span className="line-clamp-3 wrap-anywhere whitespace-pre-line">{firstWords(post.content)}</span>
      </Link>
      <MediaTiles refs={post.content.media} most={4} size="small" />
      <p className="text-[0.8125rem] text-ink-soft">
        <Time at={post.createdAt} />
      </p>
    </div>
    <ul className="flex flex-wrap gap-x-4 gap-y-2">
      {post.deliveries.map((delivery) => (
        <li key={delivery.id} className="flex min-w-0 items-center gap-2 text-sm">
          <PlatformIcon platform={delivery.platform} size="small" />
          <span className="truncate text-ink-soft">{delivery.accountName}</span>
          <DeliveryBadge delivery={delivery} />
        </li>
      ))}
    </ul>
  </Card>
);

const firstWords = ({ text, link, media }: Content): string =>
  text || link || (media.length === 1 ? "A file without words" : `${media.length} files without words`);
