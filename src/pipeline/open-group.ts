import { createHmac } from 'node:crypto'
import type { Indexer, OpenOptions } from '../core/indexer.ts'
import type { PipelineContext } from './pipeline.ts'
import type { SourceGroup, SourceJob } from './source-job.ts'

/** Opens the connection of a group for these of its sources. */
export async function openGroup(
  context: PipelineContext,
  group: SourceGroup,
  jobs: readonly SourceJob[],
  { until, everyMs, signal }: Pick<OpenOptions<unknown>, 'until' | 'everyMs' | 'signal'>,
): Promise<Indexer> {
  const key = await context.ledger.secret({ purpose: 'digest' })
  return group.type.open(await group.connection(), {
    connection: jobs[0]?.config.connection ?? '',
    sources: Object.fromEntries(jobs.map(({ config }) => [config.name, config.options])),
    until,
    signal,
    clock: context.clock,
    log: context.log,
    everyMs,
    digest: (canonical) => createHmac('sha256', key).update(canonical).digest('base64url').slice(0, 22),
  })
}
