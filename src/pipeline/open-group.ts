import { createHmac } from 'node:crypto'
import type { Cursors, Indexer, OpenOptions } from '../core/indexer.ts'
import type { PipelineContext } from './pipeline.ts'
import { settingsNote, type SourceGroup, type SourceJob } from './source-job.ts'

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
    others: () => cursorsOf(context, othersThan(jobs, group)),
    until,
    signal,
    clock: context.clock,
    log: context.log,
    everyMs,
    digest: (canonical) => createHmac('sha256', key).update(canonical).digest('base64url').slice(0, 22),
  })
}

const othersThan = (jobs: readonly SourceJob[], { configured }: SourceGroup): readonly SourceJob[] =>
  configured.filter(({ config }) => jobs.every((job) => job.config.name !== config.name))

/** Without those whose settings changed: they are read from the start. */
async function cursorsOf({ ledger }: PipelineContext, jobs: readonly SourceJob[]): Promise<Cursors> {
  if (jobs.length === 0) return {}
  const notes = new Map(jobs.map((job) => [job.config.name, settingsNote(job)]))
  const held = await ledger.cursors({ sources: [...notes.keys()] })
  return Object.fromEntries(
    held.flatMap(({ source, cursor, mapping }) => (notes.get(source) === mapping ? [[source, cursor]] : [])),
  )
}
