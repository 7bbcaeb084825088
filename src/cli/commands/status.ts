import type { Command } from 'commander'
import type { Status } from '../../../schemas/search.ts'
import type { App } from '../../app.ts'
import { AquiferError, kindTable, toErrorView } from '../../core/errors.ts'
import { reportError, runCommand, type GlobalOptions } from '../run.ts'
import { duration, table } from '../table.ts'

interface StatusFlags extends GlobalOptions {
  readonly check?: boolean
}

/** Longer than a projector waits between two tries. */
const patienceMs = 20_000

export function addStatus(program: Command): void {
  program
    .command('status')
    .option('--check', 'end with 69 where a source or a store does not move on (for the probes of an orchestrator)')
    .description('Show sources and stores: state, freshness, records, what was set aside')
    .addHelpText(
      'after',
      `
With --check: a source is older than its freshness.error, or the word index cannot be reached or lacks something and stands
still for ${String(patienceMs / 1000)} seconds, for which it waits. A source that promises no freshness, or has never been read, is not judged by its age.

Example:
  aquifer status --check`,
    )
    .action(async (_options: unknown, command: Command) => {
      const flags = command.optsWithGlobals<StatusFlags>()
      await runCommand(flags, async (run) => {
        await using app = await run.openApp()
        const { readStatus } = await import('../../search/read-status.ts')
        const status = await readStatus(app.search(), app.config.access.local)
        if (flags.check !== true) {
          run.print(status, () => toText(status))
          return 0
        }
        const problems = [...unreachable(status), ...(await findStalls(app, run.signal))]
        run.print({ ...status, problems: problems.map(toErrorView) }, () => toText(status))
        if (!run.json) for (const problem of problems) reportError(problem, run)
        return problems[0] === undefined ? 0 : kindTable[problems[0].kind].exit
      })
    })
}

function unreachable({ stores }: Status): readonly AquiferError[] {
  return stores
    .filter(({ chunks }) => chunks === null)
    .map(({ name }) => new AquiferError('PROGRESS_STOPPED', `${name} cannot be reached.`))
}

/** A store that is behind is looked at again until it has moved. */
async function findStalls(app: App, signal: AbortSignal): Promise<readonly AquiferError[]> {
  const { watchProgress } = await import('../../search/watch-progress.ts')
  const look = watchProgress(app.search(), patienceMs)
  for (;;) {
    const { stalls, waiting } = await look()
    const unseen = waiting.filter(
      (source) => !stalls.some((stall) => stall.kind === 'stuck' && stall.source === source),
    )
    if (unseen.length > 0) await app.search().clock.sleep(1000, signal)
    else
      return stalls.map(({ kind, source, forMs }) => {
        const what =
          kind === 'stale'
            ? 'is older than it promises: last in step'
            : 'is behind in the word index, which has not moved for'
        return new AquiferError(
          'PROGRESS_STOPPED',
          `${source} ${what} ${duration(forMs)}${kind === 'stale' ? ' ago' : ''}.`,
        )
      })
  }
}

function verifiedText(verified: Status['sources'][number]['verified']): string {
  if (verified === null) return 'never'
  const { at, differences, mended, complete } = verified
  const left = differences - mended
  const found = differences === 0 ? 'in step' : left > 0 ? `${String(left)} differ` : `${String(mended)} mended`
  return `${duration(Math.max(0, Date.now() - Date.parse(at)))} ago, ${complete ? found : 'not to its end'}`
}

function toText({ sources, stores, usage, notices }: Status): string {
  const rows = sources.map((source) => [
    source.name,
    source.state,
    source.lag_ms === null ? 'never' : `${duration(source.lag_ms)} ago`,
    String(source.records),
    String(source.chunks ?? ''),
    String(source.dead_letters ?? ''),
    verifiedText(source.verified),
    source.last_error === null ? '' : `${source.last_error.code} ${source.last_error.message}`,
  ])
  const kept = stores.map(({ name, kind, generation, chunks, behind }) => [
    name,
    kind,
    String(generation),
    String(chunks ?? '?'),
    [chunks === null ? 'cannot be reached' : '', behind === 0 ? 'in step' : `${String(behind ?? '?')} changes behind`]
      .filter((part) => part !== '')
      .join(', '),
  ])
  const parts = [
    sources.length === 0
      ? 'No sources yet.'
      : table(['source', 'state', 'in step', 'records', 'chunks', 'set aside', 'verified', ''], rows),
    table(['store', 'kind', 'generation', 'chunks', ''], kept),
  ]
  if (usage.tokens > 0)
    parts.push(
      `${usage.tokens.toLocaleString('en-US')} tokens embedded${usage.cost > 0 ? `, cost ${usage.cost.toFixed(4)}` : ''}.`,
    )
  return [...parts, ...notices].join('\n\n')
}
