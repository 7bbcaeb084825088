import type { EngineResult, Statement } from '../engine.ts'

/** A statement of a check, and where it runs. */
export interface CheckPart {
  readonly statement: Statement
  readonly connection: string | undefined
  readonly tables: readonly string[]
}

export interface Finding {
  readonly status: 'passed' | 'failed'
  /** What was found, in one sentence that counts rows and shows no value of any. */
  readonly message: string
}

/** A check as statements, and what their results mean. */
export interface CompiledCheck {
  readonly parts: readonly CheckPart[]
  /** `results`: of the parts, in their order. */
  readonly judge: (results: readonly EngineResult[], nowMs: number) => Finding
}

export const passed = (message: string): Finding => ({ status: 'passed', message })
export const failed = (message: string): Finding => ({ status: 'failed', message })

/** `3 of 941 rows`; `1 row`. */
export const counted = (count: number, what: string): string =>
  `${shown(count)} ${what}${count === 1 || what.endsWith('s') ? '' : 's'}`
export const shown = (count: number): string => count.toLocaleString('en-US')

/** The counts of a result's only row; nothing counted is 0. */
export const countsIn = (result: EngineResult | undefined): readonly number[] =>
  (result?.rows[0] ?? []).map((cell) => Number(cell ?? 0))
