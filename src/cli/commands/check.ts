import type { Command } from 'commander'
import { runCommand, type GlobalOptions } from '../run.ts'

export function addCheck(program: Command): void {
  program
    .command('check')
    .description('Validate the configuration and reach everything it names; changes nothing in the sources')
    .action(async (_options: unknown, command: Command) => {
      const { checkAll } = await import('../check-all.ts')
      await runCommand(command.optsWithGlobals<GlobalOptions>(), checkAll)
    })
}
