import type { Command } from 'commander'
import { refuseUnknown } from '../../refuse-unknown.ts'
import { runCommand, type GlobalOptions } from '../../run.ts'

export function addMetricsList(group: Command): void {
  group
    .command('list', { isDefault: true })
    .argument('[word...]', 'only metrics with all of these words in name, label, synonyms or description')
    .description('List the metrics; what metrics does by itself')
    .action(async (words: readonly string[], _options: unknown, command: Command) => {
      await runCommand(command.optsWithGlobals<GlobalOptions>(), async (run) => {
        // `metrics desribe` is a slip, `metrics list desribe` looks for a word.
        if (group.args[0] !== command.name()) refuseUnknown(group, words)
        const { listMetrics } = await import('../../numbers/list-metrics.ts')
        return listMetrics(run, words)
      })
    })
}
