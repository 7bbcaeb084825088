import type { App } from '../app.ts'
import { AquiferError } from '../core/errors.ts'
import type { SourceGroup } from '../pipeline/source-job.ts'
import type { Plan, PlanOptions } from '../pipeline/plan.ts'
import type { Run } from './run.ts'

export interface Planned {
  readonly plan: Plan
  readonly options: PlanOptions
}

/** What the configuration of the app would change in its ledger. */
export async function planFor(app: App, run: Run): Promise<Planned> {
  const { makePlan } = await import('../pipeline/plan.ts')
  const { config } = app
  const options: PlanOptions = {
    settings: await app.settings(),
    groups: await app.groups(),
    configured: config.sources,
    earlier: await earlierOf(app),
    pricePerMillionTokens: config.embedding.provider === 'openai' ? config.embedding.pricePerMillionTokens : 0,
    isLocalModel: config.embedding.provider === 'local',
    signal: run.signal,
  }
  return { plan: await makePlan(app.pipeline(), options), options }
}

/** Sources as what answers was read, but for those of which that is not noted or can't be had any more. */
async function earlierOf(app: App): Promise<readonly SourceGroup[]> {
  const { sources } = await app.ledger.status()
  const held = sources
    .filter(({ name }) => app.config.sources[name] !== undefined)
    .map(({ name, mapping, madeWith }) => ({ source: name, mapping, madeWith }))
  const known = []
  for (const one of held) {
    const groups = await app.earlierGroups([one]).catch((error: unknown) => {
      if (error instanceof AquiferError && error.code === 'EDITION_SETTINGS') return []
      throw error
    })
    if (groups.length > 0) known.push(one)
  }
  return known.length === 0 ? [] : app.earlierGroups(known)
}
