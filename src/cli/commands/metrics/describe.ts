import type { Command } from 'commander'
import { runCommand, type GlobalOptions } from '../../run.ts'

export function addMetricsDescribe(group: Command): void {
  group
    .command('describe')
    .argument('<name>', 'name of a metric')
    .description('Show what a metric means, whether to trust it, what it can be asked by and where it comes from')
    .action(async (name: string, _options: unknown, command: Command) => {
      await runCommand(command.optsWithGlobals<GlobalOptions>(), async (run) => {
        const { describe } = await import('../../numbers/describe.ts')
        return describe(run, name)
      })
    })
}
