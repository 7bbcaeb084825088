import type { Command } from 'commander'
import { runCommand, type GlobalOptions } from '../../run.ts'

export function addMetricsVerify(group: Command): void {
  group
    .command('verify')
    .argument('<receipt>', "file with the receipt of an answer, or the answer's JSON; - for stdin")
    .description("Ask a receipt's question again: the same, the data moved on, or it differs (exit code 1)")
    .action(async (receipt: string, _options: unknown, command: Command) => {
      await runCommand(command.optsWithGlobals<GlobalOptions>(), async (run) => {
        const { verifyReceipt } = await import('../../numbers/verify-receipt.ts')
        return verifyReceipt(run, receipt)
      })
    })
}
