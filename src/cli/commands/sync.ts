import type { Command } from 'commander'
import type { App } from '../../app.ts'
import { AquiferError, kindTable, toErrorView } from '../../core/errors.ts'
import type { SyncOutcome } from '../../pipeline/sync.ts'
import { keepNumbers, numbersJson, numbersText, type KeepOptions, type NumbersOutcome } from '../keep-numbers.ts'
import { showProgress } from '../progress.ts'
import { reportError, runCommand, toText as toErrorText, type GlobalOptions, type Run } from '../run.ts'
import { table } from '../table.ts'
import { verifyBeside } from '../verify-beside.ts'

interface SyncFlags extends GlobalOptions {
  readonly watch?: boolean
  readonly full?: boolean
}

export function addSync(program: Command): void {
  program
    .command('sync')
    .argument('[sources...]', 'names of sources (default: all)')
    .option('--watch', 'stay, and keep the stores up to date')
    .option('--full', 'read everything again, and build and map anew what the configuration changed')
    .description('Bring the stores up to date with their sources')
    .addHelpText(
      'after',
      '\nWithout names it also runs the checks of metrics and computes the saved queries that are kept.\nStopped at any moment, the next run goes on where this one was.\n\nExamples:\n  aquifer sync\n  aquifer sync films --watch',
    )
    .action(async (sources: string[], _options: unknown, command: Command) => {
      const flags = command.optsWithGlobals<SyncFlags>()
      await runCommand(flags, (run) => syncAll(run, sources, flags))
    })
}

async function syncAll(run: Run, sources: readonly string[], flags: SyncFlags): Promise<number> {
  const progress = showProgress(run)
  await using app = await run.openApp(undefined, sayAtTimes(progress.note))
  if (Object.keys(app.config.sources).length === 0 && app.config.metrics === undefined)
    run.say('aquifer.yaml names no sources yet: there is nothing to sync.')
  const { sync } = await import('../../pipeline/sync.ts')
  const groups = await app.groups(sources)
  const syncing = sync(app.pipeline(), {
    settings: await app.settings(),
    groups,
    configured: app.config.sources,
    pricePerMillionTokens: app.config.embedding.provider === 'openai' ? app.config.embedding.pricePerMillionTokens : 0,
    full: flags.full === true,
    watch: flags.watch === true ? await app.turns() : undefined,
    signal: run.signal,
    onProgress: progress.update,
    onTrouble: (names, error) => progress.note(`${names.join(', ')}: ${error.code} ${error.message} Trying again.`),
  })
  const stop = new AbortController()
  const keeping = keepNumbersOf(app, sources, {
    watch: flags.watch === true,
    signal: AbortSignal.any([run.signal, stop.signal]),
    onNote: progress.note,
  })
  const verifying =
    flags.watch === true
      ? verifyBeside(app, { groups, signal: AbortSignal.any([run.signal, stop.signal]), onNote: progress.note })
      : undefined
  const outcome = await syncing
    .catch(async (error: unknown) => {
      stop.abort(error)
      await Promise.all([keeping, verifying])
      throw error
    })
    .finally(() => progress.end())
  // A watch ends by itself when the ledger is switched to another generation; what runs beside it does not notice.
  if (flags.watch === true) stop.abort()
  const [numbers] = await Promise.all([keeping, verifying])
  const errors = [
    ...outcome.sources.flatMap(({ error }) => error ?? []),
    ...(outcome.projection === undefined ? [] : [outcome.projection]),
    ...(numbers?.error === undefined ? [] : [numbers.error]),
    ...(numbers?.kept ?? []).flatMap(({ error }) => error ?? []),
  ]
  const empty = run.signal.aborted ? [] : await findEmpty(app, outcome)
  run.print({ ...toJson(outcome, empty), ...(numbers === undefined ? {} : { numbers: numbersJson(numbers) }) }, () =>
    [toText(outcome), numbers === undefined ? '' : numbersText(numbers)].filter((part) => part !== '').join('\n\n'),
  )
  if (run.signal.aborted) {
    run.say('Stopped. The next run goes on where this one was.')
    return run.stoppedCode()
  }
  // Programs have been told in the JSON document; people get each error with its fix.
  // Definitions of metrics that are wrong keep both their source and their numbers from going on.
  const told = errors.filter(({ message }, index) => errors.findIndex((one) => one.message === message) === index)
  if (!run.json) for (const error of told) reportError(error, run)
  for (const error of empty) run.say(toErrorText(error))
  const setAside = outcome.sources.reduce((sum, { rejected }) => sum + rejected, 0)
  if (setAside > 0) run.say('What was set aside, and why: `aquifer dead-letters`.')
  return errors[0] === undefined ? 0 : kindTable[errors[0].kind].exit
}

/** Who names sources wants these alone. */
function keepNumbersOf(
  app: App,
  sources: readonly string[],
  options: KeepOptions,
): Promise<NumbersOutcome | undefined> {
  return sources.length > 0 ? Promise.resolve(undefined) : keepNumbers(app, options)
}

/** Several batches meet the same trouble at once, and again; people hear of it every ten seconds. */
function sayAtTimes(note: (text: string) => void): (reason: string) => void {
  let last = Number.NEGATIVE_INFINITY
  return (reason) => {
    if (performance.now() - last < 10_000) return
    last = performance.now()
    note(`The embedding endpoint is tried again (${reason}).`)
  }
}

/** Sources that were read well and gave nothing: no failure, but seldom what was meant. */
async function findEmpty({ ledger }: App, outcome: SyncOutcome): Promise<readonly AquiferError[]> {
  const held = new Map((await ledger.status()).sources.map(({ name, records }) => [name, records]))
  return outcome.sources
    .filter(({ source, error }) => error === undefined && (held.get(source) ?? 0) === 0)
    .map(({ source }) => new AquiferError('SOURCE_EMPTY', `Source ${source} was read and holds nothing to index.`))
}

function toJson({ sources, removed, projection }: SyncOutcome, empty: readonly AquiferError[]): object {
  return {
    sources: sources.map(({ source, error, ...counts }) => ({
      name: source,
      ...counts,
      error: error === undefined ? null : toErrorView(error),
    })),
    removed,
    projection_error: projection === undefined ? null : toErrorView(projection),
    notices: empty.map(toErrorView),
  }
}

function toText({ sources, removed }: SyncOutcome): string {
  const rows = sources.map(({ source, read, written, unchanged, deleted, rejected, error }) => [
    source,
    String(read),
    String(written),
    String(unchanged),
    String(deleted),
    String(rejected),
    error === undefined ? 'up to date' : error.code,
  ])
  const gone = removed.map((name) => `Removed ${name}, which is no longer configured.\n`).join('')
  return gone + table(['source', 'read', 'written', 'unchanged', 'deleted', 'set aside', ''], rows)
}
