import type { Client } from '@elastic/elasticsearch'

import type { Clock } from '../../core/clock.ts'
import type { Log } from '../../core/log.ts'
import { mapElasticsearchError } from './map-error.ts'

/** What every operation on Elasticsearch needs. */
export interface ElasticsearchContext {
  readonly prefix: string
  /** Marks the indices as this ledger's; undefined leaves them unmarked. */
  readonly owner: string | undefined
  readonly log: Log
  readonly clock: Clock
  /** Connects when first called. */
  client(): Promise<Client>
}

/** Idempotent work with the client, its errors made ours. */
export async function ask<T>(context: ElasticsearchContext, work: (client: Client) => Promise<T>): Promise<T> {
  const attempt = async (): Promise<T> => work(await context.client())
  try {
    // A connection that was kept may have died with the server's last run; a second one tells.
    return await attempt().catch((error: unknown) => (isConnectionError(error) ? attempt() : Promise.reject(error)))
  } catch (error) {
    throw mapElasticsearchError(error)
  }
}

const isConnectionError = (error: unknown): boolean => error instanceof Error && error.name === 'ConnectionError'
