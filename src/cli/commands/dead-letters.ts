import { InvalidArgumentError, Option, type Command } from 'commander'
import type { App } from '../../app.ts'
import type { DeadLetterChoice } from '../../core/ledger.ts'
import { AquiferError, kindTable } from '../../core/errors.ts'
import {
  letterToJson,
  letterToText,
  lettersToText,
  payloadsOf,
  replayToJson,
  replayToText,
} from '../dead-letter-views.ts'
import { showProgress } from '../progress.ts'
import { refuseUnknown } from '../refuse-unknown.ts'
import { reportError, runCommand, type GlobalOptions, type Run } from '../run.ts'

const most = 10_000

interface ListFlags extends GlobalOptions {
  readonly source?: string
  readonly limit: number
  readonly before?: number
}

interface ChoiceFlags extends GlobalOptions {
  readonly source?: string
  readonly all?: boolean
}

export function addDeadLetters(program: Command): void {
  const group = program.command('dead-letters').description('What could not be processed was set aside here')
  group
    .command('list', { isDefault: true })
    .option('--source <name>', 'only of this source')
    .addOption(new Option('--limit <n>', 'how many, up to 10,000').default(1000).argParser(toNumber))
    .addOption(new Option('--before <id>', 'only older ones than this: the next page').argParser(toNumber))
    .description('List them, newest first; what dead-letters does by itself')
    .allowExcessArguments()
    .action(async (_options: unknown, command: Command) => {
      const flags = command.optsWithGlobals<ListFlags>()
      await runCommand(flags, async (run) => {
        refuseUnknown(group, command.args)
        await using app = await run.openApp()
        const { source, before } = flags
        const limit = Math.min(most, Math.max(1, flags.limit))
        const found = await app.ledger.deadLetters({
          source,
          ...(before === undefined ? {} : { before }),
          limit: limit + 1,
        })
        const letters = found.slice(0, limit)
        const next = found.length > limit ? letters.at(-1)?.id : undefined
        const payloads = await payloadsOf(app, letters)
        run.print(
          {
            dead_letters: letters.map((letter) => letterToJson(letter, payloads)),
            ...(next === undefined ? {} : { next_before: next }),
          },
          () => lettersToText(letters) + (next === undefined ? '' : `\n\nMore: --before ${String(next)}`),
        )
      })
    })
  group
    .command('show')
    .argument('<id>', 'number of the dead letter')
    .description('Show one, with where its item is and what to do about it')
    .action(async (id: string, _options: unknown, command: Command) => {
      await runCommand(command.optsWithGlobals<GlobalOptions>(), async (run) => {
        const ids = toIds([id])
        await using app = await run.openApp()
        const letters = await app.ledger.deadLetters({ source: undefined, ids, limit: 1 })
        const [letter] = letters
        if (letter === undefined) throw unknownLetters([id])
        const payloads = await payloadsOf(app, letters)
        run.print(letterToJson(letter, payloads), () => letterToText(letter, payloads))
      })
    })
  addChoice(group.command('replay'))
    .description('Process them again, and nothing else; what goes through leaves the list')
    .addHelpText(
      'after',
      '\nItems are read again from their source, or taken from the ledger where it has them.\n\nExamples:\n  aquifer dead-letters replay 17 18\n  aquifer dead-letters replay --source films',
    )
    .action(async (ids: string[], _options: unknown, command: Command) => {
      const flags = command.optsWithGlobals<ChoiceFlags>()
      await runCommand(flags, async (run) => {
        const choice = toChoice(ids, flags)
        await using app = await run.openApp()
        await expectKnown(app, choice)
        return await replayThem(run, app, choice)
      })
    })
  addChoice(group.command('drop'))
    .description('Forget them without another try; their items stay as they are')
    .action(async (ids: string[], _options: unknown, command: Command) => {
      const flags = command.optsWithGlobals<ChoiceFlags>()
      await runCommand(flags, async (run) => {
        const choice = toChoice(ids, flags)
        await using app = await run.openApp()
        await expectKnown(app, choice)
        const { dropped } = await app.ledger.dropDeadLetters(choice)
        run.print({ dropped }, () => `Dropped ${dropped.toLocaleString('en-US')}.`)
      })
    })
}

function addChoice(command: Command): Command {
  return command
    .argument('[ids...]', 'their numbers')
    .option('--source <name>', 'all of this source')
    .option('--all', 'all there are')
}

async function replayThem(run: Run, app: App, choice: DeadLetterChoice): Promise<number> {
  const progress = showProgress(run)
  const { replay } = await import('../../pipeline/replay.ts')
  const outcome = await replay(app.pipeline(), {
    settings: await app.settings(),
    groups: await app.groups(),
    configured: app.config.sources,
    choice,
    signal: run.signal,
    onProgress: progress.update,
  }).finally(() => progress.end())
  const errors = [
    ...outcome.sources.flatMap(({ error }) => error ?? []),
    ...(outcome.projection === undefined ? [] : [outcome.projection]),
  ]
  run.print(replayToJson(outcome), () => replayToText(outcome))
  if (!run.json) for (const error of errors) reportError(error, run)
  const failed = outcome.sources.reduce((sum, one) => sum + one.failed, 0)
  if (failed > 0) run.say('What failed again has its newest reason: `aquifer dead-letters`.')
  if (errors[0] !== undefined) return kindTable[errors[0].kind].exit
  return failed > 0 ? kindTable.input.exit : 0
}

function toNumber(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It must be a whole number.')
}

function toIds(ids: readonly string[]): readonly number[] {
  const wrong = ids.filter((id) => !/^\d{1,15}$/.test(id))
  if (wrong.length > 0) throw unknownLetters(wrong)
  return ids.map(Number)
}

function toChoice(ids: readonly string[], { source, all }: ChoiceFlags): DeadLetterChoice {
  if (ids.length > 0 && all !== true) return { source, ids: toIds(ids) }
  if (ids.length === 0 && (source !== undefined || all === true)) return { source }
  throw new AquiferError(
    'ARGUMENT_INVALID',
    'Say which: numbers of `aquifer dead-letters list`, --source NAME, or --all.',
  )
}

/** A number that is not there, or a source without any that does not exist, is a slip and not a success. */
async function expectKnown({ ledger, config }: App, { source, ids }: DeadLetterChoice): Promise<void> {
  if (ids !== undefined) {
    const found = new Set((await ledger.deadLetters({ source, ids, limit: ids.length })).map(({ id }) => id))
    const missing = ids.filter((id) => !found.has(id))
    if (missing.length > 0) throw unknownLetters(missing.map(String))
  } else if (source !== undefined && config.sources[source] === undefined) {
    const held = (await ledger.status()).sources.some(({ name }) => name === source)
    if (!held) throw new AquiferError('SOURCE_UNKNOWN', `There is no source ${source}.`)
  }
}

function unknownLetters(ids: readonly string[]): AquiferError {
  const fix = 'Use a number of `aquifer dead-letters list`; it may have been processed since.'
  return new AquiferError('RECORD_NOT_FOUND', `There is no dead letter ${ids.slice(0, 10).join(', ')}.`, { fix })
}
