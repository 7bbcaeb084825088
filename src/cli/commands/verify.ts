import type { Command } from 'commander'
import { kindTable, toErrorView } from '../../core/errors.ts'
import type { VerifiedOutcome, VerifyOutcome } from '../../pipeline/verify/verify.ts'
import type { VerifyProgress } from '../../pipeline/verify/verify-context.ts'
import { showMovingLine } from '../moving-line.ts'
import { reportError, runCommand, type GlobalOptions, type Run } from '../run.ts'
import { duration, table } from '../table.ts'

interface VerifyFlags extends GlobalOptions {
  readonly repair?: boolean
}

/** Differences remain. */
const differsExit = 1
/** Not everything could be compared or decided: to be run again. */
const incompleteExit = 75
const mostShown = 20

export function addVerify(program: Command): void {
  program
    .command('verify')
    .argument('[sources...]', 'names of sources (default: all)')
    .option('--repair', 'mend what differs, and look again')
    .description('Compare sources and stores by what each of them holds, and name what differs')
    .addHelpText(
      'after',
      `
Reads and hashes everything: the source's items, the ledger's records, passages and vectors, Elasticsearch's documents.
What merely is behind is read first, as sync does, and is no difference.
Ends with 0 in step, 1 where differences remain, 75 where not everything could be decided, else as errors do.

Examples:
  aquifer verify
  aquifer verify films --repair`,
    )
    .action(async (sources: string[], _options: unknown, command: Command) => {
      const flags = command.optsWithGlobals<VerifyFlags>()
      await runCommand(flags, (run) => verifyAll(run, sources, flags))
    })
}

async function verifyAll(run: Run, names: readonly string[], flags: VerifyFlags): Promise<number> {
  await using app = await run.openApp()
  const { verify } = await import('../../pipeline/verify/verify.ts')
  let progress: VerifyProgress | undefined
  const line = showMovingLine(run, () => (progress === undefined ? '' : describe(progress)))
  const outcome = await verify(app.pipeline(), {
    settings: await app.settings(),
    groups: await app.groups(names),
    configured: app.config.sources,
    repair: flags.repair === true,
    reads: 'here',
    pace: async () => {},
    signal: run.signal,
    onProgress: (update) => (progress = update),
  }).finally(() => line.end())
  run.print(toJson(outcome), () => toText(outcome))
  const errors = [
    ...outcome.sources.flatMap(({ error }) => error ?? []),
    ...(outcome.lexicalError === undefined ? [] : [outcome.lexicalError]),
  ]
  if (!run.json) for (const error of errors) reportError(error, run)
  for (const advice of adviceOn(outcome, flags.repair === true)) run.say(advice)
  if (errors[0] !== undefined) return kindTable[errors[0].kind].exit
  if (outcome.remaining > 0) return differsExit
  return outcome.complete ? 0 : incompleteExit
}

function describe({ source, phase, compared, differences }: VerifyProgress): string {
  const found = differences === 0 ? '' : `, ${count(differences, 'difference')}`
  return `${source}: ${phase}${compared === 0 ? '' : ` ${compared.toLocaleString('en-US')} compared`}${found}`
}

function toText({ sources, unsynced, differences, found, remaining, tookMs }: VerifyOutcome): string {
  const rows = sources.map((one) => [
    one.name === '' ? '(of no source)' : one.name,
    String(one.records),
    String(one.compared),
    String(one.missing),
    String(one.extra),
    String(one.different),
    String(one.repaired),
    stateOf(one),
  ])
  const compared = sources.reduce((sum, one) => sum + one.compared, 0)
  const shown = differences.slice(0, mostShown)
  const named = shown.map(({ source, key, store, what, kind }) => [source, key.slice(0, 60), store, `${what} ${kind}`])
  const more = found - shown.length
  return [
    table(['source', 'records', 'compared', 'missing', 'extra', 'different', 'mended', ''], rows),
    ...(unsynced.length === 0 ? [] : [`Not synced yet: ${unsynced.join(', ')}.`]),
    ...(named.length === 0 ? [] : [table(['source', 'key', 'store', 'what'], named)]),
    ...(more > 0 ? [`… and ${more.toLocaleString('en-US')} more; --json names the first 1,000.`] : []),
    `${count(compared, 'item')} compared in ${duration(tookMs)}: ${found === 0 ? 'no differences' : count(found, 'difference')}${
      found > remaining ? `, ${remaining === 0 ? 'all' : (found - remaining).toLocaleString('en-US')} mended` : ''
    }.`,
  ].join('\n\n')
}

function stateOf(one: VerifiedOutcome): string {
  const left = one.missing + one.extra + one.different - one.repaired
  const told = [
    one.error?.code ?? (left > 0 ? 'differs' : one.repaired > 0 ? 'in step again' : 'in step'),
    one.isBlind ? 'its keys cannot be listed' : '',
    one.unchecked > 0 ? `columns of ${String(one.unchecked)} were written by an earlier version and not noted` : '',
    one.behind > 0 ? `${String(one.behind)} caught up` : '',
    one.deadLetters > 0 ? `${String(one.deadLetters)} among the dead letters` : '',
    one.undecided > 0 ? `${String(one.undecided)} undecided` : '',
  ]
  return told.filter((part) => part !== '').join(', ')
}

function adviceOn(outcome: VerifyOutcome, repair: boolean): readonly string[] {
  const { remaining, complete, sources } = outcome
  return [
    ...(remaining > 0 && !repair ? ['`aquifer verify --repair` mends what differs.'] : []),
    ...(remaining > 0 && repair
      ? ['What could not be mended differs still: `aquifer sync --full` reads everything again and rebuilds it.']
      : []),
    ...(complete ? [] : ['Not everything could be compared: run `aquifer verify` again.']),
    ...(sources.some(({ deadLetters }) => deadLetters > 0)
      ? ['What was set aside, and why: `aquifer dead-letters`.']
      : []),
  ]
}

function toJson(outcome: VerifyOutcome): object {
  const { sources, unsynced, differences, found, remaining, complete, lexicalError, tookMs } = outcome
  return {
    sources: sources.map((one) => ({
      name: one.name,
      records: one.records,
      compared: one.compared,
      differences: { missing: one.missing, extra: one.extra, different: one.different },
      repaired: one.repaired,
      dead_letters: one.deadLetters,
      unchecked: one.unchecked,
      behind: one.behind,
      undecided: one.undecided,
      keys_unknown: one.isBlind,
      error: one.error === undefined ? null : toErrorView(one.error),
    })),
    not_synced: unsynced,
    differences,
    found,
    remaining,
    complete,
    lexical_error: lexicalError === undefined ? null : toErrorView(lexicalError),
    took_ms: tookMs,
  }
}

function count(n: number, noun: string): string {
  return `${n.toLocaleString('en-US')} ${noun}${n === 1 ? '' : 's'}`
}
