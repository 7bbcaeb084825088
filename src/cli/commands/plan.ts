import type { Command } from 'commander'
import { planFor } from '../plan-for.ts'
import { planToJson, planToText } from '../plan-views.ts'
import { runCommand, type GlobalOptions } from '../run.ts'

interface PlanFlags extends GlobalOptions {
  readonly check?: boolean
}

/** There is something to apply. */
const pendingExit = 2

export function addPlan(program: Command): void {
  program
    .command('plan')
    .option('--check', 'end with 2 where there is something to apply')
    .description('Say what the configuration would change in the ledger, what that costs and what is lost')
    .addHelpText(
      'after',
      `
Writes nothing and reads no source. Ends with 0, with --check with 2 where there is something to apply, else as errors do.

Examples:
  aquifer plan
  aquifer plan --check --json`,
    )
    .action(async (_options: unknown, command: Command) => {
      const flags = command.optsWithGlobals<PlanFlags>()
      await runCommand(flags, async (run) => {
        await using app = await run.openApp()
        const { isPending } = await import('../../pipeline/plan.ts')
        const { plan } = await planFor(app, run)
        run.print(planToJson(plan), () => planToText(plan))
        return flags.check === true && isPending(plan) ? pendingExit : 0
      })
    })
}
