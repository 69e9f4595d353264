import { createReadStream } from "node:fs";
import { DeleteObjectCommand, GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import type { Storage } from "./storage";

export type S3Settings = {
  bucket: string;
  /** Absent for Amazon itself. */
  endpoint: string | undefined;
  region: string;
  accessKeyId: string | undefined;
  secretAccessKey: string | undefined;
};

/** Files in a bucket of Amazon S3 or anything that speaks its language. Without keys the usual AWS ways to find them apply. */
export function s3Storage({ bucket, endpoint, region, accessKeyId, secretAccessKey }: S3Settings): Storage {
  const client = new S3Client({
    region,
    // Names of buckets as part of the host are Amazon's own; others mostly know them as a path only.
    ...(endpoint && { endpoint, forcePathStyle: true }),
    // Checksums in headers of their own are Amazon's too: several other stores refuse the request for them.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    ...(accessKeyId && secretAccessKey && { credentials: { accessKeyId, secretAccessKey } }),
  });
  return {
    async put(key, path, { mimeType }) {
      await new Upload({
        client,
        params: { Bucket: bucket, Key: key, Body: createReadStream(path), ContentType: mimeType },
      }).done();
    },
    async *open(key, start, end) {
      if (end <= start) return;
      const answer = await client.send(
        new GetObjectCommand({ Bucket: bucket, Key: key, Range: `bytes=${start}-${end - 1}` }),
      );
      if (!answer.Body) throw new Error("The bucket answered without a body.");
      yield* answer.Body.transformToWebStream();
    },
    async remove(key) {
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
    },
  };
}
