import type { Command } from 'commander'
import type { Status } from '../../../schemas/search.ts'
import { runCommand, type GlobalOptions } from '../run.ts'
import { duration, table } from '../table.ts'

export function addStatus(program: Command): void {
  program
    .command('status')
    .description('Show sources and stores: state, freshness, records, what was set aside')
    .action(async (_options: unknown, command: Command) => {
      await runCommand(command.optsWithGlobals<GlobalOptions>(), async (run) => {
        await using app = await run.openApp()
        const { readStatus } = await import('../../search/read-status.ts')
        const status = await readStatus(app.search(), app.config.access.local)
        run.print(status, () => toText(status))
      })
    })
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
