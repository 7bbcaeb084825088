import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { z } from 'zod'
import type { NumbersRequest } from '../../src/core/numbers.ts'
import { sharedData } from './shared-data.ts'

const Cell = z.union([z.string(), z.number(), z.boolean(), z.null()])

const Case = z.object({
  name: z.string(),
  description: z.string(),
  metrics: z.array(z.string()),
  group_bys: z.array(z.string()),
  group_by_objs: z.array(
    z.object({ name: z.string(), grain: z.string().optional(), date_part: z.string().optional() }),
  ),
  where_filter: z.string().nullable(),
  time_constraint: z.tuple([z.string(), z.string()]).nullable(),
  order_bys: z.array(z.string()),
  limit: z.number().nullable(),
  min_max_only: z.boolean(),
  apply_group_by: z.boolean(),
  check_order: z.boolean(),
  expected_columns: z.array(z.string()),
  expected_rows: z.array(z.array(Cell)),
})

export interface MetricCase {
  readonly title: string
  readonly request: NumbersRequest
  readonly ordered: boolean
  readonly columns: readonly string[]
  readonly rows: readonly (readonly z.infer<typeof Cell>[])[]
}

export const metricflowFolder = join(sharedData, 'metrics-metricflow')

/** MetricFlow's own integration cases, with the rows that their check queries gave. */
export function readMetricflowCases(): readonly MetricCase[] {
  const lines = gunzipSync(readFileSync(join(metricflowFolder, 'cases.jsonl.gz')))
    .toString()
    .trim()
    .split('\n')
  return lines.map((line) => {
    const one = Case.parse(JSON.parse(line))
    const parts = one.group_by_objs.map(({ name, grain, date_part: part }) =>
      [name, ...(grain === undefined ? [] : [grain]), ...(part === undefined ? [] : [`extract_${part}`])].join('__'),
    )
    return {
      title: `${one.name}: ${[...one.metrics, ...one.group_bys, ...parts].join(' ')}`,
      request: {
        metrics: one.metrics,
        by: [...one.group_bys, ...parts],
        where: one.where_filter ?? undefined,
        from: one.time_constraint?.[0],
        to: one.time_constraint?.[1],
        order: one.order_bys,
        limit: one.limit ?? undefined,
        distinct: one.apply_group_by,
        extent: one.min_max_only,
      },
      ordered: one.check_order,
      columns: one.expected_columns,
      rows: one.expected_rows,
    }
  })
}

/** Cells as they can be compared across databases: times in full, nine digits of a number, nothing smaller than a denormal. */
export function comparable(rows: readonly (readonly unknown[])[], ordered: boolean): readonly string[] {
  const texts = rows.map((row) => JSON.stringify(row.map(comparableCell)))
  return ordered ? texts : texts.toSorted()
}

function comparableCell(cell: unknown): unknown {
  if (typeof cell === 'number') return Math.abs(cell) < 1e-300 ? 0 : Number(cell.toPrecision(9))
  if (typeof cell !== 'string') return cell
  return /^\d{4}-\d\d-\d\d$/.test(cell) ? `${cell}T00:00:00` : cell
}
