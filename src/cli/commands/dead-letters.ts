import type { Command } from 'commander'
import type { DeadLetter } from '../../core/ledger.ts'
import { AquiferError } from '../../core/errors.ts'
import { isoTime } from '../../core/iso-time.ts'
import { refuseUnknown } from '../refuse-unknown.ts'
import { runCommand, type GlobalOptions } from '../run.ts'
import { table } from '../table.ts'

const most = 10_000

export function addDeadLetters(program: Command): void {
  const group = program.command('dead-letters').description('What could not be processed was set aside here')
  group
    .command('list', { isDefault: true })
    .option('--source <name>', 'only of this source')
    .description('List them, newest first; what dead-letters does by itself')
    .allowExcessArguments()
    .action(async (_options: unknown, command: Command) => {
      const flags = command.optsWithGlobals<GlobalOptions & { source?: string }>()
      await runCommand(flags, async (run) => {
        refuseUnknown(group, command.args)
        await using app = await run.openApp()
        const letters = await app.ledger.deadLetters({ source: flags.source, limit: most })
        run.print({ dead_letters: letters.map(toJson) }, () => toText(letters))
      })
    })
  group
    .command('show')
    .argument('<id>', 'number of the dead letter')
    .description('Show one, with what to do about it')
    .action(async (id: string, _options: unknown, command: Command) => {
      await runCommand(command.optsWithGlobals<GlobalOptions>(), async (run) => {
        await using app = await run.openApp()
        const letters = await app.ledger.deadLetters({ source: undefined, limit: most })
        const letter = letters.find((one) => String(one.id) === id)
        if (letter === undefined) {
          const fix = 'Use a number of `aquifer dead-letters list`; it may have been processed since.'
          throw new AquiferError('RECORD_NOT_FOUND', `There is no dead letter ${id}.`, { fix })
        }
        run.print(toJson(letter), () => `${toText([letter])}\n\n  → ${letter.error.fix}`)
      })
    })
}

function toJson({ firstAt, lastAt, ...letter }: DeadLetter): object {
  return { ...letter, first_at: isoTime(firstAt), last_at: isoTime(lastAt) }
}

function toText(letters: readonly DeadLetter[]): string {
  if (letters.length === 0) return 'Nothing was set aside.'
  return table(
    ['id', 'source', 'key', 'stage', 'tries', 'why'],
    letters.map(({ id, source, key, stage, attempts, error }) => [
      String(id),
      source,
      key.slice(0, 60),
      stage,
      String(attempts),
      `${error.code} ${error.message}`,
    ]),
  )
}
