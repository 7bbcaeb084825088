import type { Engine, EngineResult, Statement } from '../../src/semantic/engine.ts'

/** An engine that answers as it is told, and remembers what it was asked. */
export function scriptedEngine(
  answer: (statement: Statement) => readonly (readonly (string | number | null)[])[],
): Engine & { readonly asked: readonly Statement[] } {
  const asked: Statement[] = []
  return {
    dialect: 'duckdb',
    asked,
    run: (statement): Promise<EngineResult> => {
      asked.push(statement)
      return new Promise((resolve) =>
        resolve({ columns: [], rows: answer(statement), truncated: false, watermark: 'w' }),
      )
    },
    columns: () => Promise.resolve([]),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}
