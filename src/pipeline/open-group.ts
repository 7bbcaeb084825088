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
    others: () => cursorsBeside(context, jobs, group),
    until,
    signal,
    clock: context.clock,
    log: context.log,
    everyMs,
    digest: (canonical) => createHmac('sha256', key).update(canonical).digest('base64url').slice(0, 22),
  })
}

/** Of the connection's other sources, and of editions that somebody reads. Without what has other settings: it is read from the start. */
async function cursorsBeside(
  { ledger }: PipelineContext,
  jobs: readonly SourceJob[],
  { configured }: SourceGroup,
): Promise<Cursors> {
  const own = new Set(jobs.map(({ config }) => config.name))
  const notes = new Map(configured.map((job) => [job.config.name, settingsNote(job)]))
  const held = await ledger.cursors({ sources: [...notes.keys()] })
  const beside = held.filter(({ source, edition, mapping }) =>
    edition === 'active' ? !own.has(source) && notes.get(source) === mapping : true,
  )
  return Object.fromEntries(
    beside.map(({ source, edition, cursor }) => [edition === 'active' ? source : `${source} (${edition})`, cursor]),
  )
}
