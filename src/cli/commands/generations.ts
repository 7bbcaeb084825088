import type { Command } from 'commander'
import type { App } from '../../app.ts'
import { AquiferError } from '../../core/errors.ts'
import type { EditionView } from '../../core/ledger-editions.ts'
import { confirm } from '../confirm.ts'
import {
  editionStates,
  editionsToText,
  editionToJson,
  generationToJson,
  generationsToText,
} from '../generation-views.ts'
import { refuseUnknown } from '../refuse-unknown.ts'
import { runCommand, type GlobalOptions, type Run } from '../run.ts'
import { megabytes } from '../table.ts'

interface DropFlags extends GlobalOptions {
  readonly yes?: boolean
}

export function addGenerations(program: Command): void {
  const group = program
    .command('generations')
    .description('What the ledger was built with, and what it could go back to')
  group
    .command('list', { isDefault: true })
    .description('List them; what generations does by itself')
    .allowExcessArguments()
    .action(async (_options: unknown, command: Command) => {
      await runCommand(command.optsWithGlobals<GlobalOptions>(), async (run) => {
        refuseUnknown(group, command.args)
        await using app = await run.openApp()
        const generations = await app.ledger.generations()
        const editions = await app.ledger.editions()
        run.print({ generations: generations.map(generationToJson), mappings: editions.map(editionToJson) }, () =>
          [generationsToText(generations), ...editionsToText(editions)].join('\n\n'),
        )
      })
    })
  group
    .command('drop')
    .argument('<id>', 'number of a generation that does not answer, or a source with such a mapping')
    .option('--yes', 'do not ask')
    .description('Drop one that is kept or half built, after asking')
    .action(async (id: string, _options: unknown, command: Command) => {
      const flags = command.optsWithGlobals<DropFlags>()
      await runCommand(flags, (run) => drop(run, id, flags))
    })
}

async function drop(run: Run, id: string, flags: DropFlags): Promise<number> {
  await using app = await run.openApp()
  const editions = (await app.ledger.editions()).filter(({ source }) => source === id)
  if (editions.length > 0) return await dropEditions(app, run, { id, editions, flags })
  const generations = await app.ledger.generations()
  const chosen = generations.find((one) => String(one.id) === id && one.state !== 'active')
  if (chosen === undefined) {
    const others = generations.filter(({ state }) => state !== 'active').map((one) => String(one.id))
    throw new AquiferError(
      'ARGUMENT_INVALID',
      `There is no generation ${id} to drop. ${others.length === 0 ? 'None is kept.' : `There are: ${others.join(', ')}.`}`,
    )
  }
  const size = megabytes(chosen.chunkBytes + chosen.vectorBytes)
  run.say(`Generation ${id} (${chosen.model}, ${chosen.chunker}) holds ${size}; there is no going back to it.`)
  if (flags.yes !== true && !(await confirm(run, 'Drop it?'))) {
    run.say('Nothing was changed.')
    return 1
  }
  await app.ledger.dropGeneration({ generation: chosen.id })
  await app.projection?.drop(chosen.id)
  run.print({ dropped: chosen.id }, () => `Generation ${id} is dropped.`)
  return 0
}

interface DroppedEditions {
  readonly id: string
  readonly editions: readonly EditionView[]
  readonly flags: DropFlags
}

async function dropEditions(app: App, run: Run, { id, editions, flags }: DroppedEditions): Promise<number> {
  for (const { state, records } of editions) {
    run.say(
      `The mapping of ${id} that is ${editionStates[state]} holds ${records.toLocaleString('en-US')} records; there is no going back to it.`,
    )
  }
  if (flags.yes !== true && !(await confirm(run, 'Drop it?'))) {
    run.say('Nothing was changed.')
    return 1
  }
  const { sweepEditions } = await import('../../pipeline/switch-editions.ts')
  await app.ledger.dropEditions({ sourceIds: editions.map(({ sourceId }) => sourceId) })
  const { generation } = await app.ledger.status()
  if (generation !== undefined) await sweepEditions(app.pipeline(), generation.id, run.signal)
  run.print({ dropped: id }, () => `The mapping of ${id} that did not answer is dropped.`)
  return 0
}
