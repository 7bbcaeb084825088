import type { FeedRecord } from '../../core/ledger-feed.ts'
import { AquiferError } from '../../core/errors.ts'
import { batches, type BulkOperation } from './bulk-operations.ts'
import type { ElasticsearchContext } from './context.ts'
import { describeFailure, isTransient, mapElasticsearchError } from './map-error.ts'

const backoffMs = [200, 400, 800, 1600]
const requestTimeout = 60_000

interface Outcome {
  readonly again: readonly BulkOperation[]
  readonly reason: string
}

/** Records refused for good, with Elasticsearch's name of the failure. */
export type Rejections = Map<FeedRecord, string>

/** Writes everything, two requests at a time: the server indexes one while the other travels (40 % more a second). */
export async function bulkWriteAll(
  context: ElasticsearchContext,
  operations: Iterable<BulkOperation>,
  rejections: Rejections,
): Promise<void> {
  const queue = batches(operations)
  const lane = async (): Promise<void> => {
    for (const batch of queue) await bulkWrite(context, batch, rejections)
  }
  // Both end before an error is thrown; the one that fails closes the queue for the other.
  const lanes = await Promise.allSettled([lane(), lane()])
  const failed = lanes.find((outcome) => outcome.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}

/** Writes one batch, waiting out overload and short outages; LEXICAL_UNREACHABLE when they last. */
async function bulkWrite(
  context: ElasticsearchContext,
  batch: readonly BulkOperation[],
  rejections: Rejections,
): Promise<void> {
  let pending = batch
  for (const waitMs of [...backoffMs, undefined]) {
    const { again, reason } = await send(context, pending, rejections)
    if (again.length === 0) return
    if (waitMs === undefined) {
      throw new AquiferError('LEXICAL_UNREACHABLE', `Elasticsearch cannot be reached or is overloaded (${reason}).`)
    }
    context.log.debug({ documents: again.length, reason, waitMs }, 'Elasticsearch could not take a batch; trying again')
    await context.clock.sleep(waitMs * (0.75 + Math.random() / 2))
    pending = again
  }
}

async function send(
  context: ElasticsearchContext,
  batch: readonly BulkOperation[],
  rejections: Rejections,
): Promise<Outcome> {
  try {
    const client = await context.client()
    const { items } = await client.bulk(
      {
        operations: batch.flatMap(({ action, document }) => [action, document]),
        require_alias: true,
        filter_path: 'items.*.status,items.*.error.type',
      },
      { requestTimeout },
    )
    return judge(
      batch,
      items.map(({ index }) => ({ status: index?.status ?? 0, type: index?.error?.type ?? '' })),
      rejections,
    )
  } catch (error) {
    const { status, type } = describeFailure(error)
    if (status === 413) return splitOrReject(context, batch, rejections)
    if (mapElasticsearchError(error).code !== 'LEXICAL_UNREACHABLE') throw mapElasticsearchError(error)
    return { again: batch, reason: type === '' ? String(status) : type }
  }
}

/** Sorts the answers: a version conflict is an older write that lost, which is as it should be. */
function judge(
  batch: readonly BulkOperation[],
  answers: readonly { readonly status: number; readonly type: string }[],
  rejections: Rejections,
): Outcome {
  const again: BulkOperation[] = []
  let reason = ''
  for (const [position, operation] of batch.entries()) {
    const { status, type } = answers[position] ?? { status: 0, type: 'no answer' }
    if ((status >= 200 && status < 300) || status === 409) continue
    if (status === 0 || isTransient(status)) {
      again.push(operation)
      reason = type
    } else if (status === 400) {
      rejections.set(operation.record, type)
    } else {
      throw mapElasticsearchError(Object.assign(new Error(type), { statusCode: status, body: { error: { type } } }))
    }
  }
  return { again, reason }
}

/** A request above the server's `http.max_content_length`: smaller ones, down to a single document. */
async function splitOrReject(
  context: ElasticsearchContext,
  batch: readonly BulkOperation[],
  rejections: Rejections,
): Promise<Outcome> {
  const [only] = batch
  if (batch.length === 1 && only !== undefined) {
    rejections.set(only.record, 'content_too_long')
    return { again: [], reason: '' }
  }
  const middle = Math.ceil(batch.length / 2)
  const halves = [batch.slice(0, middle), batch.slice(middle)]
  const outcomes: Outcome[] = []
  for (const half of halves) outcomes.push(await send(context, half, rejections))
  return {
    again: outcomes.flatMap(({ again }) => again),
    reason: outcomes
      .map(({ reason }) => reason)
      .join(' ')
      .trim(),
  }
}
