import type { PipelineContext } from '../pipeline.ts'
import type { SourceGroup, SourceJob } from '../source-job.ts'
import type { Findings } from './findings.ts'

export interface VerifyProgress {
  readonly source: string
  readonly phase: 'source' | 'catching up' | 'ledger' | 'lexical' | 'mending'
  readonly compared: number
  readonly differences: number
}

/** What every comparison works with. */
export interface VerifyContext {
  readonly pipeline: PipelineContext
  readonly generation: number
  readonly findings: Findings
  readonly repair: boolean
  readonly signal: AbortSignal
  /** Called after each page with the milliseconds that it took: waits as the budget wants. */
  readonly pace: (workMs: number) => Promise<void>
  readonly onProgress: (progress: VerifyProgress) => void
}

/** A source as it is verified. */
export interface VerifiedSource {
  readonly sourceId: number
  readonly job: SourceJob
  readonly group: SourceGroup
}

/** Runs one page's work and keeps to the pace. */
export async function paced<T>({ pipeline, pace, signal }: VerifyContext, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted()
  const started = pipeline.clock.passed()
  const result = await work()
  await pace(pipeline.clock.passed() - started)
  return result
}

export function tell(
  { findings, onProgress }: Pick<VerifyContext, 'findings' | 'onProgress'>,
  source: string,
  phase: VerifyProgress['phase'],
): void {
  onProgress({ source, phase, compared: findings.of(source).compared, differences: findings.count })
}
