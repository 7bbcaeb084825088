import { aloneWithGenerations } from './alone.ts'
import { AquiferError } from '../core/errors.ts'
import type { Generation, Unembedded } from '../core/ledger-generations.ts'
import { thisHolder } from './claim-source.ts'
import { fillGeneration, type FillOptions } from './fill-generation.ts'
import type { PipelineContext } from './pipeline.ts'
import { createProjector } from './projector.ts'
import { untilAborted } from './until-aborted.ts'

const leaseMs = 10_000
/** Tries while everybody goes on writing; from then on nobody does. */
const patientTries = 3
const mostTries = 50

/** The generation that answers from now on. */
export interface Switched extends Unembedded {
  readonly generation: Generation
}

/** Which generation is to answer, and the language of every source in it. */
export type Target = Pick<FillOptions, 'generation' | 'languages'>

export interface SwitchOptions extends Pick<FillOptions, 'skipsOwnVectors' | 'signal' | 'onProgress'> {
  /** Called once nobody else builds or switches generations. */
  readonly choose: () => Promise<Target>
}

/**
 * Brings a generation in step beside the one that answers, then makes it the one that does; the other is kept. Sources are
 * written meanwhile by whoever does, until the very end: what they commit follows in the feed. The switch ends every claim.
 */
export function switchToGeneration(context: PipelineContext, options: SwitchOptions): Promise<Switched> {
  return aloneWithGenerations(context, options.signal, () => bringAndSwitch(context, options))
}

async function bringAndSwitch(context: PipelineContext, options: SwitchOptions): Promise<Switched> {
  const { ledger, projection } = context
  const { signal } = options
  const { generation, languages } = await options.choose()
  const { id } = generation
  const { generation: active } = await ledger.status()
  const fill = { ...options, generation, languages, activeDimensions: active?.dimensions ?? generation.dimensions }
  // Indices that an interrupted run left may be of another generation that had this number.
  if (projection !== undefined && generation.state === 'building') {
    await projection.drop(id)
    await ledger.resetProjection({ projection: projection.name, generation: id })
  }
  await fillGeneration(context, fill)
  await untilAborted(ledger.indexGeneration({ generation: id, languages: Object.values(languages) }), signal)
  if (projection !== undefined) {
    await createProjector(context, projection, id, { activate: false }).catchUp(signal)
    // What came while that was written.
    if ((await fillGeneration(context, fill)) > 0) {
      await createProjector(context, projection, id, { activate: false }).catchUp(signal)
    }
  }
  let unembedded: number | undefined
  for (let tries = 0; unembedded === undefined; tries++) {
    signal.throwIfAborted()
    if (tries >= patientTries) await ledger.holdSources({ holder: thisHolder, leaseMs })
    await fillGeneration(context, fill)
    const answer = await ledger.switchGeneration({ generation: id })
    if (answer.switched) unembedded = answer.unembedded
    else if (tries >= mostTries)
      throw new AquiferError('GENERATION_BUSY', 'The sources change faster than the new generation follows.')
  }
  if (projection !== undefined) {
    await projection.activate(id, (await ledger.status()).generations)
    await createProjector(context, projection, id, { activate: true }).catchUp(signal)
  }
  return { generation: { ...generation, state: 'active' }, unembedded }
}
