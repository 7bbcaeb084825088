import { CreateBucketCommand, DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'

import { removeBucket, s3Client } from './s3-buckets.ts'
import { serverUrl } from './server-url.ts'
import { testName } from './test-name.ts'

/** A bucket of this test alone, which is removed with it. */
export interface TestBucket extends AsyncDisposable {
  readonly name: string
  readonly url: string
  put(key: string, content: string | Uint8Array): Promise<void>
  remove(key: string): Promise<void>
}

export async function openTestBucket(): Promise<TestBucket> {
  const url = serverUrl('s3')
  const client = s3Client(url)
  const name = testName('-')
  await client.send(new CreateBucketCommand({ Bucket: name }))
  return {
    name,
    url,
    put: async (key, content) => {
      await client.send(new PutObjectCommand({ Bucket: name, Key: key, Body: content }))
    },
    remove: async (key) => {
      await client.send(new DeleteObjectCommand({ Bucket: name, Key: key }))
    },
    [Symbol.asyncDispose]: async () => {
      await removeBucket(client, name)
      client.destroy()
    },
  }
}
