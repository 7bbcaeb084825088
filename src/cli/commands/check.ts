import type { Command } from 'commander'
import { systemClock } from '../../core/clock.ts'
import { kindTable, toAquiferError, toErrorView, type AquiferError } from '../../core/errors.ts'
import type { App } from '../../app.ts'
import type { SourceGroup } from '../../pipeline/source-job.ts'
import { runCommand, type GlobalOptions, type Run } from '../run.ts'

interface Checked {
  readonly what: string
  readonly error: AquiferError | undefined
}

export function addCheck(program: Command): void {
  program
    .command('check')
    .description('Validate the configuration and reach everything it names; changes nothing in the sources')
    .action(async (_options: unknown, command: Command) => {
      await runCommand(command.optsWithGlobals<GlobalOptions>(), checkAll)
    })
}

async function checkAll(run: Run): Promise<number> {
  const results: Checked[] = []
  await using app = await run.openApp()
  results.push(
    { what: `configuration ${app.config.file}`, error: undefined },
    { what: `ledger (${app.config.ledger.kind})`, error: undefined },
  )
  results.push(await attempt('words (lexical)', () => checkLexical(app)))
  results.push(await attempt('embedding model', () => app.embedder.ready()))
  const names = Object.keys(app.config.sources)
  for (const name of names) {
    results.push(
      await attempt(`source ${name}`, async () => {
        for (const group of await app.groups([name])) await checkGroup(group, run.signal)
      }),
    )
  }
  const error = results.find((result) => result.error !== undefined)?.error
  const checks = results.map((result) => ({
    what: result.what,
    ok: result.error === undefined,
    error: result.error === undefined ? null : toErrorView(result.error),
  }))
  run.print({ ok: error === undefined, checks }, () => toText(results))
  if (names.length === 0) run.say('aquifer.yaml names no sources yet; `aquifer init --help` shows how to begin.')
  return error === undefined ? 0 : kindTable[error.kind].exit
}

async function checkLexical({ config, ledger, projection }: App): Promise<void> {
  if (projection !== undefined) return projection.check()
  if (config.lexical === 'none') return
  await ledger.checkLexical()
}

async function checkGroup(group: SourceGroup, signal: AbortSignal): Promise<void> {
  const sources = Object.fromEntries(group.jobs.map(({ config }) => [config.name, config.options]))
  const indexer = await group.type.open(group.connection, {
    sources,
    until: 'now',
    signal,
    clock: systemClock,
    everyMs: 0,
    digest: () => '',
  })
  await indexer[Symbol.asyncDispose]()
}

async function attempt(what: string, check: () => Promise<void>): Promise<Checked> {
  try {
    await check()
    return { what, error: undefined }
  } catch (thrown) {
    return { what, error: toAquiferError(thrown) }
  }
}

function toText(results: readonly Checked[]): string {
  return results
    .map(({ what, error }) =>
      error === undefined ? `✓ ${what}` : `✗ ${what}\n  ${error.code}: ${error.message}\n  → ${error.fix}`,
    )
    .join('\n')
}
