import { InvalidArgumentError, Option, type Command } from 'commander'
import type { ValuesFlags } from '../../numbers/list-values.ts'
import { runCommand } from '../../run.ts'

export function addMetricsValues(group: Command): void {
  group
    .command('values')
    .argument('<dimension>', 'what to list the values of, such as customer__country')
    .option('--metric <name>', 'only values that occur with this metric; also says from where a short name leads')
    .option('--like <text>', 'only values that hold this, or the nearest to it')
    .addOption(new Option('--limit <n>', 'at most so many').default(50).argParser(toLimit))
    .description('List the values of a dimension, to filter by')
    .action(async (dimension: string, _options: unknown, command: Command) => {
      const flags = command.optsWithGlobals<ValuesFlags>()
      await runCommand(flags, async (run) => {
        const { listValues } = await import('../../numbers/list-values.ts')
        return listValues(run, dimension, flags)
      })
    })
}

function toLimit(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It must be a whole number from 1 to 9999.')
}
