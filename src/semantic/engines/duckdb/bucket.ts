import { Readable } from 'node:stream'
import {
  GetObjectCommand,
  paginateListObjectsV2,
  S3Client,
  S3ServiceException,
  type S3ClientConfig,
} from '@aws-sdk/client-s3'

import { AquiferError, type ErrorCode } from '../../../core/errors.ts'
import type { BucketOptions } from './config.ts'
import { errorCode } from './error-code.ts'
import { fileKind } from './file-kind.ts'
import type { FileStore, Listing, TakenFile } from './file-store.ts'
import { openObjectCache, type CachedObject } from './object-cache.ts'

interface OpenBucket {
  /** Of the connection. */
  readonly name: string
  readonly bucket: BucketOptions
  /** Where its copies are kept. */
  readonly folder: string
}

interface Seen {
  readonly at: number
  readonly listing: Listing
  readonly objects: ReadonlyMap<string, CachedObject>
}

const mostObjects = 100_000
/** How long what was listed counts. */
const momentMs = 1000

/** The Parquet, CSV and JSON objects of a bucket, read from copies on this disk. Names that begin with . or _ do not count. */
export function openBucket({ name, bucket: options, folder }: OpenBucket): FileStore {
  const { bucket, endpoint = '' } = options
  const prefix = options.prefix.replace(/^\/+|\/+$/g, '').replace(/(.)$/, '$1/')
  const client = new S3Client(clientConfig(options))
  const cache = openObjectCache({
    connection: name,
    folder,
    maxBytes: options.cache,
    origin: JSON.stringify([endpoint, bucket, prefix]),
    read: (object, signal) => readObject(object, signal),
  })
  let last: Seen | undefined

  async function readObject({ path, etag }: CachedObject, signal: AbortSignal): Promise<Readable | undefined> {
    try {
      const command = new GetObjectCommand({ Bucket: bucket, Key: prefix + path, IfMatch: etag })
      const { Body, ETag } = await client.send(command, { abortSignal: signal })
      if (!(Body instanceof Readable)) return undefined
      if (ETag === etag) return Body
      Body.destroy()
      return undefined
    } catch (error) {
      if (error instanceof S3ServiceException && [404, 412].includes(error.$metadata.httpStatusCode ?? 0))
        return undefined
      throw toBucketError(error, name)
    }
  }

  async function look(signal: AbortSignal): Promise<ReadonlyMap<string, CachedObject>> {
    const objects = new Map<string, CachedObject>()
    const pages = paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix }, { abortSignal: signal })
    for await (const { Contents = [] } of pages) {
      for (const { Key = '', ETag = '', Size = 0 } of Contents) {
        const path = Key.slice(prefix.length)
        if (fileKind(path) === undefined || /(?:^|\/)[._]/.test(path)) continue
        objects.set(path, { path, etag: ETag, bytes: Size })
      }
      if (objects.size > mostObjects) {
        const message = `Connection ${name}: its bucket holds more than ${String(mostObjects)} files`
        throw new AquiferError('METRIC_DATA_INVALID', message, { fix: 'Set `prefix` to a folder with fewer files.' })
      }
    }
    return objects
  }

  return {
    list: async ({ fresh, signal }) => {
      const now = Date.now()
      if (last !== undefined && !fresh && now - last.at < momentMs) return last.listing
      const objects = await look(signal).catch((error: unknown) => {
        signal.throwIfAborted()
        throw toBucketError(error, name)
      })
      const paths = [...objects.keys()].toSorted()
      const before = last?.listing
      const same = before?.paths.length === paths.length && before.paths.every((path, i) => path === paths[i])
      const listing = same ? before : { paths, folders: [await cache.folder()] }
      last = { at: now, listing, objects }
      return listing
    },
    take: async (paths, signal) => {
      const objects = paths.flatMap((path) => last?.objects.get(path) ?? [])
      if (objects.length < paths.length) return undefined
      const locals = await cache.take(objects, signal).catch((error: unknown) => {
        throw toBucketError(error, name)
      })
      if (locals === undefined) return undefined
      const files = objects.map(({ path, etag, bytes }, i): TakenFile => {
        return { path, local: locals[i] ?? '', bytes, stamp: `${etag}:${String(bytes)}` }
      })
      return { files, isCurrent: () => cache.has(objects), [Symbol.dispose]: () => cache.leave(objects) }
    },
    [Symbol.asyncDispose]: async () => {
      await cache[Symbol.asyncDispose]()
      client.destroy()
    },
  }
}

function clientConfig({ endpoint, region, ...secrets }: BucketOptions): S3ClientConfig {
  const [accessKeyId, secretAccessKey, sessionToken] = [
    plain(secrets.accessKeyId),
    plain(secrets.secretAccessKey),
    plain(secrets.sessionToken),
  ]
  return {
    region,
    requestHandler: { connectionTimeout: 10_000, socketTimeout: 60_000 },
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    ...(accessKeyId === undefined || secretAccessKey === undefined
      ? {}
      : { credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) } }),
  }
}

function plain(secret: unknown): string | undefined {
  if (secret === undefined || typeof secret === 'string') return secret
  throw new AquiferError('INTERNAL', 'A secret of a connection was not resolved.')
}

/** Whatever the client or the disk threw, in our words. */
function toBucketError(thrown: unknown, connection: string): AquiferError {
  if (thrown instanceof AquiferError) return thrown
  const [code, problem, fix] = word(thrown)
  const options = fix === undefined ? { cause: thrown } : { cause: thrown, fix }
  return new AquiferError(code, `Connection ${connection}: ${problem}`, options)
}

function word(thrown: unknown): readonly [code: ErrorCode, problem: string, fix?: string] {
  const code = errorCode(thrown) ?? ''
  if (['ENOSPC', 'EDQUOT'].includes(code)) return ['DISK_FULL', 'there is no space for copies of its files']
  if (['EACCES', 'EPERM', 'EROFS'].includes(code))
    return ['DIR_NOT_WRITABLE', 'the folder for copies of its files cannot be written']
  const name = thrown instanceof Error ? thrown.name : ''
  const status = thrown instanceof S3ServiceException ? thrown.$metadata.httpStatusCode : undefined
  const access = 'Correct the keys of the connection, or grant them ListBucket and GetObject.'
  if (name === 'CredentialsProviderError') return ['METRIC_ENGINE_AUTH', 'there are no keys for its bucket', access]
  if (status === 403 || status === 401)
    return ['METRIC_ENGINE_AUTH', 'its bucket may not be read with these keys', access]
  if (name === 'NoSuchBucket')
    return ['METRIC_ENGINE_UNREACHABLE', 'there is no such bucket', 'Correct `bucket` of the connection.']
  if (name === 'PermanentRedirect' || status === 301) {
    return ['METRIC_ENGINE_UNREACHABLE', 'its bucket is in another region', 'Set `region` of the connection.']
  }
  return [
    'METRIC_ENGINE_UNREACHABLE',
    status === undefined ? 'its bucket cannot be reached' : `its bucket cannot be read (HTTP ${String(status)})`,
  ]
}
