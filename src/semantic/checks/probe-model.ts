import type { MetricLayer } from '../../../schemas/metrics.ts'
import { AquiferError } from '../../core/errors.ts'
import { expressionOf } from '../build/expression-of.ts'
import { dialects } from '../dialects/index.ts'
import type { Engine } from '../engine.ts'
import { literal, select, type From, type Named, type Sql } from '../sql/sql.ts'
import { writeProgram } from '../sql/write-program.ts'

const limits = { rows: 1, bytes: 65_536, timeoutMs: 30_000 }

/** Reads no row of a model's table, but everything that the model says of it: CONFIG_INVALID with what does not work. */
export async function probeModel(
  layer: MetricLayer,
  name: string,
  engine: Engine,
  signal?: AbortSignal,
): Promise<void> {
  const { from, tables, parts } = partsOf(layer, name)
  const probe = async (columns: readonly Named[]): Promise<void> => {
    const query = select({ columns, from: { alias: 't', from }, where: [literal(false)] })
    await engine.run(writeProgram({ common: [], query }, dialects[engine.dialect]), { limits, tables, signal })
  }
  try {
    await probe(parts.length === 0 ? [{ name: 'one', sql: literal(1) }] : parts)
  } catch (error) {
    if (!(error instanceof AquiferError) || error.code !== 'METRIC_SQL_FAILED') throw error
    const wrong: string[] = []
    for (const part of parts) {
      await probe([part]).catch((cause: unknown) => {
        wrong.push(`models.${name}.${part.name}: ${cause instanceof Error ? cause.message : 'does not work'}`)
      })
    }
    if (wrong.length === 0) throw error
    throw new AquiferError('CONFIG_INVALID', wrong.join('\n  '), { cause: error })
  }
}

interface Parts {
  readonly from: From
  readonly tables: readonly string[]
  /** Named by their place in the model. */
  readonly parts: readonly Named[]
}

const named = (kind: string, item: string, sql: Sql): Named => ({ name: `${kind}.${item}`, sql })

function partsOf({ models }: MetricLayer, name: string): Parts {
  const model = models[name]
  if (model === undefined) throw new Error(`There is no model ${name}`)
  const parts = [
    ...Object.entries(model.entities).map(([item, { expr }]) => named('entities', item, expressionOf(expr ?? item))),
    ...Object.entries(model.dimensions).map(([item, { type, expr }]) => {
      const sql = expressionOf(expr ?? item)
      return named('dimensions', item, type === 'time' ? { kind: 'cast', of: sql, to: 'timestamp' } : sql)
    }),
    ...Object.entries(model.measures).map(([item, { expr }]) => named('measures', item, expressionOf(expr ?? item))),
  ]
  if (model.table === undefined) return { from: { kind: 'native', sql: model.query ?? '' }, tables: [], parts }
  return { from: { kind: 'table', table: model.table }, tables: [model.table], parts }
}
