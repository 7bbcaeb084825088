import type { MetricLayer } from '../../../schemas/metrics.ts'
import { dialects } from '../dialects/index.ts'
import type { DialectName, Statement } from '../engine.ts'
import { literal, select, type From, type Select } from '../sql/sql.ts'
import { writeProgram } from '../sql/write-program.ts'
import type { KeptQuery } from './kept-queries.ts'

/** A statement without rows over everything that a saved query reads: it tells the watermark, and costs next to nothing. */
export function probeOf({ models }: MetricLayer, { compiled }: KeptQuery, dialect: DialectName): Statement {
  const queries = compiled.models.flatMap((name) => models[name]?.query ?? [])
  const sources: readonly From[] = [
    ...compiled.tables.map((table): From => ({ kind: 'table', table })),
    ...queries.map((sql): From => ({ kind: 'native', sql })),
  ]
  const parts = sources.map((from): Select =>
    select({ columns: [{ name: 'one', sql: literal(1) }], from: { alias: 't', from }, where: [literal(false)] }),
  )
  return writeProgram({ common: [], query: { kind: 'union', parts } }, dialects[dialect])
}

const volatile = new RegExp(
  [
    String.raw`\b(?:now|now64|today|yesterday|age|cur(?:date|time)|getdate|sysdate|unix_timestamp|timeofday)\s*\(`,
    String.raw`\b(?:rand|random|setseed|uuid\w*|gen_random_uuid|generateuuid\w*|nextval|(?:clock|statement|transaction)_timestamp)\s*\(`,
    String.raw`\b(?:current|get_current|localtime|utc|txid|pg|session|system)_\w+|\blocaltime|\b(?:session_)?user\s*\(`,
    `'(?:now|today|tomorrow|yesterday)'`,
  ].join('|'),
  'i',
)

/** Whether an expression of a model may give something else though no row has changed. */
export function isVolatile({ models }: MetricLayer, names: readonly string[]): boolean {
  return names.some((name) => {
    const { query, entities = {}, dimensions = {}, measures = {} } = models[name] ?? {}
    const items = [entities, dimensions, measures].flatMap((one) => Object.values(one))
    const expressions = items.flatMap(({ expr }) => expr ?? [])
    return [...expressions, ...(query === undefined ? [] : [query])].some((sql) => volatile.test(sql))
  })
}
