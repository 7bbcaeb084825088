import type { PipelineContext } from '../../src/pipeline/pipeline.ts'

/** The same stores as a process of another machine has them: what it claims is another's here. */
export function elsewhere(context: PipelineContext): PipelineContext {
  const { ledger } = context
  const holder = { host: 'elsewhere', pid: 1, run: 'elsewhere' }
  return { ...context, ledger: { ...ledger, claim: (args) => ledger.claim({ ...args, holder }) } }
}
