import type { Command } from 'commander'
import { kindTable, toErrorView } from '../../core/errors.ts'
import { confirm } from '../confirm.ts'
import { unembeddedLines } from '../generation-views.ts'
import { planFor } from '../plan-for.ts'
import { planToJson, planToText } from '../plan-views.ts'
import { showProgress } from '../progress.ts'
import { reportError, runCommand, type GlobalOptions, type Run } from '../run.ts'

interface ApplyFlags extends GlobalOptions {
  readonly yes?: boolean
}

/** Somebody said no. */
const refusedExit = 1

export function addApply(program: Command): void {
  program
    .command('apply')
    .option('--yes', 'do not ask')
    .description('Do what plan says, after asking: build beside what answers, then switch')
    .addHelpText(
      'after',
      `
A model, chunking or language is built from the ledger's texts, a mapping by reading its source again.
Searches go on meanwhile, answered by what was there before; so may a watch. Stopped at any moment, the next run goes on
where this one was. What answered until then is kept until the next apply: \`aquifer rollback\` goes back to it.
Ends with 0, with 1 where the answer was no, else as errors do.

Examples:
  aquifer apply
  aquifer apply --yes`,
    )
    .action(async (_options: unknown, command: Command) => {
      const flags = command.optsWithGlobals<ApplyFlags>()
      await runCommand(flags, (run) => applyPlan(run, flags))
    })
}

async function applyPlan(run: Run, flags: ApplyFlags): Promise<number> {
  await using app = await run.openApp()
  const { isPending } = await import('../../pipeline/plan.ts')
  const { plan, options } = await planFor(app, run)
  if (!isPending(plan)) {
    run.print({ plan: planToJson(plan), generation: null, unembedded: 0, mapped: [], errors: [] }, () =>
      planToText(plan),
    )
    return 0
  }
  run.say(planToText(plan))
  if (flags.yes !== true && !(await confirm(run, '\nApply this?'))) {
    run.say('Nothing was changed.')
    return refusedExit
  }
  const { apply } = await import('../../pipeline/apply.ts')
  const progress = showProgress(run)
  const { generation, unembedded, mapped, removed, projection } = await apply(app.pipeline(), plan, {
    ...options,
    onProgress: progress.update,
  }).finally(() => progress.end())
  const errors = projection === undefined ? [] : [projection]
  const answer = {
    plan: planToJson(plan),
    generation: generation?.id ?? null,
    unembedded,
    mapped: mapped.map(({ source, read, written, unchanged, rejected }) => ({
      source,
      read,
      written,
      unchanged,
      rejected,
    })),
    errors: errors.map(toErrorView),
  }
  run.print(answer, () =>
    [
      ...(generation === undefined
        ? []
        : [
            `Generation ${String(generation.id)} answers now; the one before is kept: \`aquifer rollback\` goes back to it.`,
          ]),
      ...unembeddedLines(unembedded),
      ...removed.map((name) => `${name} is removed.`),
      ...mapped.map(
        ({ source, written }) =>
          `${source} answers with its new mapping now (${written.toLocaleString('en-US')} written); the one before is kept: \`aquifer rollback\` goes back to it.`,
      ),
    ].join('\n'),
  )
  if (!run.json) for (const error of errors) reportError(error, run)
  if (run.signal.aborted) return run.stoppedCode()
  return errors[0] === undefined ? 0 : kindTable[errors[0].kind].exit
}
