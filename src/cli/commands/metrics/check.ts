import type { Command } from 'commander'
import { runCommand, type GlobalOptions } from '../../run.ts'

export function addMetricsCheck(group: Command): void {
  group
    .command('check')
    .argument('[name...]', 'only the checks that guard these metrics')
    .description('Run the checks now: what has to hold before a metric can be trusted (exit code 1 if one fails)')
    .action(async (names: readonly string[], _options: unknown, command: Command) => {
      await runCommand(command.optsWithGlobals<GlobalOptions>(), async (run) => {
        const { checkMetrics } = await import('../../numbers/check-metrics.ts')
        return checkMetrics(run, names)
      })
    })
}
