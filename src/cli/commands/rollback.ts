import type { Command } from 'commander'
import { findDrift } from '../../pipeline/needs-rebuild.ts'
import { showProgress } from '../progress.ts'
import { runCommand, type GlobalOptions, type Run } from '../run.ts'

export function addRollback(program: Command): void {
  program
    .command('rollback')
    .description('Go back to the generation that answered before the last apply')
    .addHelpText(
      'after',
      `
What changed since is written into it first, with the model and chunking that it was built with; that takes no time where
little changed. Then it is switched in one step, and what answered until then is kept: a second rollback returns to it.
aquifer.yaml is not touched: until it says again what the ledger is built with, sync refuses.

Example:
  aquifer rollback`,
    )
    .action(async (_options: unknown, command: Command) => {
      await runCommand(command.optsWithGlobals<GlobalOptions>(), goBack)
    })
}

async function goBack(run: Run): Promise<number> {
  await using app = await run.openApp()
  const { noneKept, restoreGeneration } = await import('../../pipeline/build-generation.ts')
  const kept = (await app.ledger.generations()).find(({ state }) => state === 'kept')
  if (kept === undefined) throw noneKept()
  const positions = await app.ledger.generationPositions({ generation: kept.id })
  // Where nothing changed, its model need not be had.
  const isBehind = positions.some(({ feed, head }) => feed < head)
  const pipeline = isBehind ? await app.earlierPipeline(kept) : app.pipeline()
  const progress = showProgress(run)
  const generation = await restoreGeneration(pipeline, { signal: run.signal, onProgress: progress.update }).finally(
    () => progress.end(),
  )
  const status = await app.ledger.status()
  const jobs = (await app.groups()).flatMap((group) => group.jobs)
  const differs = findDrift(status, await app.settings(), jobs, app.config.sources).generation
  run.print({ generation: generation.id, differs }, () =>
    [
      `Generation ${String(generation.id)} answers again; the one before is kept: a second \`aquifer rollback\` returns to it.`,
      ...(differs.length === 0
        ? []
        : [
            `aquifer.yaml still asks for another: ${differs.join('; ')} (what the ledger holds → what is asked for).`,
            'Put back what the ledger holds, then start syncs and servers again; until then sync refuses, and nothing is followed.',
          ]),
    ].join('\n'),
  )
  return 0
}
