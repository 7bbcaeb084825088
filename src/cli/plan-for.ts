import type { App } from '../app.ts'
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
    pricePerMillionTokens: config.embedding.provider === 'openai' ? config.embedding.pricePerMillionTokens : 0,
    isLocalModel: config.embedding.provider === 'local',
    signal: run.signal,
  }
  return { plan: await makePlan(app.pipeline(), options), options }
}
