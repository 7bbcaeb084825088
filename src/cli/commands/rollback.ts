import { Argument, type Command } from 'commander'
import type { App } from '../../app.ts'
import { isOf } from '../../config/made-with.ts'
import type { EditionView } from '../../core/ledger-editions.ts'
import type { Generation, GenerationView } from '../../core/ledger-generations.ts'
import { findDrift } from '../../pipeline/needs-rebuild.ts'
import type { PipelineContext } from '../../pipeline/pipeline.ts'
import { unembeddedLines } from '../generation-views.ts'
import { showProgress } from '../progress.ts'
import { runCommand, type GlobalOptions, type Run } from '../run.ts'

type What = 'generation' | 'mapping'

export function addRollback(program: Command): void {
  program
    .command('rollback')
    .addArgument(
      new Argument('[what]', 'what to undo; absent: what was switched last').choices(['generation', 'mapping']),
    )
    .description('Go back to what answered before the last apply')
    .addHelpText(
      'after',
      `
A generation gets what changed since from the ledger, with the model and chunking that it was built with. A mapping is caught up
from its source, with the settings it was read with: a source that can't be reached is refused, for it would bring back what was
deleted. Then it is switched in one step, and what answered until then is kept: a second rollback returns to it. After an apply
that changed both, it is the mappings that go back; \`rollback generation\` undoes the other half.
aquifer.yaml is not touched: until it says again what the ledger is built with, sync refuses.

Examples:
  aquifer rollback
  aquifer rollback generation`,
    )
    .action(async (what: What | undefined, _options: unknown, command: Command) => {
      await runCommand(command.optsWithGlobals<GlobalOptions>(), (run) => goBack(run, what))
    })
}

interface Restored {
  readonly generation: Generation | undefined
  readonly unembedded: number
  readonly mappings: readonly string[]
}

async function goBack(run: Run, what: What | undefined): Promise<number> {
  await using app = await run.openApp()
  const { lastKept } = await import('../../pipeline/build-editions.ts')
  const generations = await app.ledger.generations()
  const editions = lastKept(await app.ledger.editions())
  const kept = generations.find(({ state }) => state === 'kept')
  const isLater = (editions[0]?.switchedAt ?? '') > (kept?.switchedAt ?? '')
  const restored =
    (what ?? (isLater ? 'mapping' : 'generation')) === 'mapping'
      ? await restoreMappings(app, run, { editions, generations })
      : await restoreKept(app, run, kept)
  const status = await app.ledger.status()
  const jobs = (await app.groups()).flatMap((group) => group.jobs)
  const drift = findDrift(status, await app.settings(), jobs, app.config.sources)
  const differs = [...drift.generation, ...drift.mappings.map((name) => `the mapping of ${name}`)]
  const { generation, unembedded, mappings } = restored
  run.print({ generation: generation?.id ?? null, unembedded, mappings, differs }, () =>
    [
      generation === undefined
        ? `${mappings.join(', ')}: the mapping of before answers again; the other one is kept: a second \`aquifer rollback\` returns to it.`
        : `Generation ${String(generation.id)} answers again; the one before is kept: a second \`aquifer rollback\` returns to it.`,
      ...unembeddedLines(unembedded),
      ...(differs.length === 0
        ? []
        : [
            `aquifer.yaml still asks for another: ${differs.join('; ')}${drift.generation.length === 0 ? '' : ' (what the ledger holds → what is asked for)'}.`,
            'Put back what the ledger holds, then start syncs and servers again; until then sync refuses, and nothing is followed.',
          ]),
    ].join('\n'),
  )
  return 0
}

async function restoreKept(app: App, run: Run, kept: GenerationView | undefined): Promise<Restored> {
  const { noneKept, restoreGeneration } = await import('../../pipeline/build-generation.ts')
  if (kept === undefined) throw noneKept()
  const positions = await app.ledger.generationPositions({ generation: kept.id })
  // Where nothing changed, its model need not be had.
  const isBehind = positions.some(({ feed, head }) => feed < head)
  const pipeline = isBehind ? await app.earlierPipeline(kept) : app.pipeline()
  const progress = showProgress(run)
  const restored = await restoreGeneration(pipeline, { signal: run.signal, onProgress: progress.update }).finally(() =>
    progress.end(),
  )
  return { ...restored, mappings: [] }
}

interface Held {
  readonly editions: readonly EditionView[]
  readonly generations: readonly GenerationView[]
}

async function restoreMappings(app: App, run: Run, { editions, generations }: Held): Promise<Restored> {
  const { noEdition, restoreEditions } = await import('../../pipeline/build-editions.ts')
  if (editions.length === 0) throw noEdition()
  const groups = await app.earlierGroups(editions)
  const pipeline = await pipelineOf(app, generations)
  const progress = showProgress(run)
  const options = { groups, signal: run.signal, onProgress: progress.update }
  await restoreEditions(pipeline, options).finally(() => progress.end())
  return { generation: undefined, unembedded: 0, mappings: editions.map(({ source }) => source) }
}

/** What cuts and embeds for the generation that answers, whatever the configuration asks for. */
async function pipelineOf(app: App, generations: readonly GenerationView[]): Promise<PipelineContext> {
  const active = generations.find(({ state }) => state === 'active')
  return active === undefined || isOf(active, await app.settings()) ? app.pipeline() : app.earlierPipeline(active)
}
