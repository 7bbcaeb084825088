import { MetricsFile } from '../../../schemas/metrics.ts'
import type { MetricLayer } from '../../../schemas/metrics.ts'
import type { Question, Table } from '../../../src/semantic/question.ts'
import { evaluateQuestion } from './evaluate-question.ts'
import type { Row } from './value.ts'

/** A layer as its YAML says it, with whatever schemas fill in. */
export const layerOf = (parts: object): MetricLayer => MetricsFile.parse({ version: 1, ...parts })

/** Rows of a table: the names of its columns, then a line for each row. */
export function rowsOf(names: string, ...lines: readonly (readonly Row[string][])[]): readonly Row[] {
  return lines.map((line) => Object.fromEntries(names.split(' ').map((name, index) => [name, line[index] ?? null])))
}

/** The rows of an answer, or the reason why there is none. */
export function answerRows(
  layer: MetricLayer,
  tables: Readonly<Record<string, readonly Row[]>>,
  question: Partial<Question>,
): Table['rows'] | string {
  const whole = { metrics: [], by: [], order: [], distinct: true, extent: false, ...question }
  const answer = evaluateQuestion(layer, tables, whole)
  return 'reason' in answer ? answer.reason : answer.rows
}
