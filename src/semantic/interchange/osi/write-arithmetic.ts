import type { MetricSql } from './metric-sql.ts'

const ranks: Readonly<Record<string, number>> = { '+': 1, '-': 1, '*': 2, '/': 2 }

/** The arithmetic over the metrics that stand for its aggregates. */
export function writeArithmetic(sql: MetricSql, parts: ReadonlyMap<MetricSql, string>, least = 0): string {
  if (sql.kind === 'number') return sql.text
  if (sql.kind === 'negative') return `-${writeArithmetic(sql.of, parts, 3)}`
  if (sql.kind === 'call') return `${sql.name}(${sql.args.map((one) => writeArithmetic(one, parts)).join(', ')})`
  if (sql.kind !== 'operation') return parts.get(sql) ?? ''
  const own = ranks[sql.operator] ?? 0
  const text = `${writeArithmetic(sql.left, parts, own)} ${sql.operator} ${writeArithmetic(sql.right, parts, own + 1)}`
  return own < least ? `(${text})` : text
}
