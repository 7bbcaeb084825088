import {
  DeleteBucketCommand,
  DeleteObjectCommand,
  ListBucketsCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3'

import { isStale } from './test-name.ts'

/** A client of the store at this address, whose user and password are the keys. */
export function s3Client(url: string): S3Client {
  const { origin, username, password } = new URL(url)
  return new S3Client({
    endpoint: origin,
    region: 'us-east-1',
    forcePathStyle: true,
    maxAttempts: 1,
    requestHandler: { connectionTimeout: 5000, socketTimeout: 30_000 },
    credentials: { accessKeyId: username, secretAccessKey: password },
  })
}

export async function listBuckets(client: S3Client): Promise<readonly string[]> {
  const { Buckets = [] } = await client.send(new ListBucketsCommand({}))
  return Buckets.flatMap(({ Name }) => Name ?? [])
}

/** With all that is in it. */
export async function removeBucket(client: S3Client, bucket: string): Promise<void> {
  for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: bucket })) {
    for (const { Key } of Contents) await client.send(new DeleteObjectCommand({ Bucket: bucket, Key }))
  }
  await client.send(new DeleteBucketCommand({ Bucket: bucket }))
}

/** Removes what runs that were killed left behind. */
export async function removeStaleBuckets(url: string): Promise<void> {
  const client = s3Client(url)
  try {
    for (const bucket of await listBuckets(client)) if (isStale(bucket)) await removeBucket(client, bucket)
  } finally {
    client.destroy()
  }
}
