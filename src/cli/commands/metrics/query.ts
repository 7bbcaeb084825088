import { InvalidArgumentError, Option, type Command } from 'commander'
import type { QueryFlags } from '../../numbers/query.ts'
import { splitList } from '../../numbers/split-list.ts'
import { runCommand } from '../../run.ts'

const examples = `
Examples:
  aquifer metrics query revenue --by metric_time__month
  aquifer metrics query revenue,orders --by customer__country --where "order__status = 'paid'" --order -revenue --limit 10
  aquifer metrics query revenue --by metric_time__day --from 2026-01 --to 2026-03 --csv revenue.csv
  aquifer metrics query --by customer__country        the countries there are`

export function addMetricsQuery(group: Command): void {
  group
    .command('query')
    .argument('[name...]', 'metrics, or a saved query; without any, the combinations of --by that occur')
    .addOption(list('--by <columns>', 'what to group by: customer__country,metric_time__month'))
    .option('--where <condition>', "only what it is true of: customer__country = 'us' and not order__is_test")
    .option('--from <time>', 'first moment of metric_time: 2026, 2026-03 or 2026-03-31')
    .option('--to <time>', 'last moment of metric_time, included: all of 2026-03')
    .addOption(list('--order <columns>', 'columns to order by; - before one for downwards'))
    .addOption(new Option('--limit <n>', 'at most so many rows').argParser(toLimit))
    .option('--time-zone <zone>', 'where days begin and end: Europe/Berlin (default: UTC)')
    .option('--all-rows', 'without a metric: every row, not only the distinct ones')
    .option('--extent', 'without a metric: only the first and the last value of each column')
    .option('--totals', 'also the metrics over everything, below the table')
    .option('--csv [file]', 'as CSV, up to 1,000,000 rows')
    .option('--parquet <file>', 'as a Parquet file, up to 1,000,000 rows')
    .option('--receipt <file>', 'keep the receipt, for metrics verify')
    .option('--sql', 'print the statement and its parameters; nothing is run')
    .option('--explain', 'print what would be read, and the statement; nothing is run')
    .description('Ask for numbers: the metrics, by what, of which rows')
    .addHelpText('after', examples)
    .action(async (names: readonly string[], _options: unknown, command: Command) => {
      const flags = command.optsWithGlobals<QueryFlags>()
      await runCommand(flags, async (run) => {
        const { query } = await import('../../numbers/query.ts')
        return query(run, names.flatMap(splitList), flags)
      })
    })
}

/** Parted by commas, and the option again for more. */
function list(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text: string, before: readonly string[] | undefined) => [
    ...(before ?? []),
    ...splitList(text),
  ])
}

function toLimit(text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text) && Number(text) <= 1_000_000) return Number(text)
  throw new InvalidArgumentError('It must be a whole number from 1 to 1000000.')
}
