import type { MetricLayer } from '../../../schemas/metrics.ts'
import type { Cell, ColumnType, DialectName } from '../engine.ts'
import { addNumbers } from './add-numbers.ts'
import { additionOf, type Facts } from './facts-of.ts'
import { filterRows, type RowColumn } from './filter-rows.ts'
import { foldTexts } from './fold-text.ts'
import { notProven } from './not-proven.ts'
import { orderRows } from './order-rows.ts'
import { isMoment, startOf } from './periods.ts'
import type { KeptPlan } from './plan-kept.ts'

type Row = readonly Cell[]

export interface KeptTable {
  readonly columns: readonly { readonly name: string; readonly type: ColumnType }[]
  readonly rows: readonly Row[]
}

interface Applied {
  readonly columns: readonly RowColumn[]
  readonly rows: readonly Row[]
}

interface ApplyOptions {
  readonly layer: MetricLayer
  readonly facts: Facts
  readonly dialect: DialectName
}

/** The answer, made of the kept rows. NotProvenSignal where their values leave a doubt. */
export function applyPlan(plan: KeptPlan, kept: KeptTable, options: ApplyOptions): KeptTable {
  const given: Applied = {
    columns: kept.columns.map(({ name, type }, index) => ({
      name,
      type,
      kind: plan.kept.compiled.columns[index]?.kind ?? 'dimension',
    })),
    rows: kept.rows,
  }
  const bounded = { ...given, rows: withinBounds(given, plan.within) }
  const chosen = { ...given, rows: filterRows({ ...bounded, dialect: options.dialect }, plan.conditions) }
  const added = addUp(plan, chosen, options)
  const by = given.columns.flatMap(({ name, kind }) => (kind === 'metric' ? [] : [name]))
  const ordered =
    plan.order === undefined
      ? added.rows
      : orderRows(added, plan.order, { ...given, by, same: plan.addUp === undefined })
  const places = plan.columns.map((name) => added.columns.findIndex((column) => column.name === name))
  return {
    columns: plan.columns.map((name) => ({ name, type: typeOf(kept, plan, name) })),
    rows: ordered.slice(0, plan.limit).map((row) => places.map((place) => row[place] ?? null)),
  }
}

function typeOf({ columns }: KeptTable, { addUp: added }: KeptPlan, name: string): ColumnType {
  const source = added?.to?.column === name ? added.column : name
  return columns.find((column) => column.name === source)?.type ?? 'text'
}

function withinBounds({ columns, rows }: Applied, within: KeptPlan['within']): readonly Row[] {
  if (within === undefined) return rows
  const { from = '', until = '~' } = within
  const index = columns.findIndex(({ name }) => name === within.column)
  return rows.filter((row) => {
    const cell = row[index] ?? null
    if (cell === null) return false
    return isMoment(cell) ? cell >= from && cell < until : notProven('a time that is no moment')
  })
}

function addUp(plan: KeptPlan, { columns, rows }: Applied, { layer, facts, dialect }: ApplyOptions): Applied {
  const { addUp: added } = plan
  if (added === undefined) return { columns, rows }
  const time = columns.findIndex(({ name }) => name === added.column)
  const dimensions = columns.flatMap(({ name, kind }, index) =>
    kind === 'metric' || (name === added.column && added.to === undefined) ? [] : [index],
  )
  const metrics = plan.columns.filter((name) => facts.values.has(name))
  refuseLikes(
    rows,
    dimensions.filter((index) => columns[index]?.type === 'text'),
    dialect,
  )
  const groups = Map.groupBy(
    rows.map((row) => row.map((cell, index) => (index === time ? periodOf(cell, added.to) : cell))),
    (row) => JSON.stringify(dimensions.map((index) => row[index])),
  )
  // Without a column there is always one row.
  if (groups.size === 0 && dimensions.length === 0) groups.set('', [])
  const valueOf = (metric: string, group: readonly Row[]): Cell => {
    const index = columns.findIndex(({ name }) => name === metric)
    const addition = additionOf(layer, facts.values.get(metric))
    const sum = addNumbers(group.map((row) => row[index] ?? null))
    const nothing = dimensions.length === 0 && addition?.counts === true ? 0 : (addition?.fill ?? null)
    return sum ?? nothing
  }
  return {
    columns: [
      ...dimensions.flatMap((index) => {
        const column = columns[index]
        if (column === undefined) return []
        return index === time && added.to !== undefined ? [{ ...column, name: added.to.column }] : [column]
      }),
      ...metrics.flatMap((name) => columns.find((column) => column.name === name) ?? []),
    ],
    rows: [...groups.values()].map((group) => [
      ...dimensions.map((index) => group[0]?.[index] ?? null),
      ...metrics.map((metric) => valueOf(metric, group)),
    ]),
  }
}

type To = NonNullable<KeptPlan['addUp']>['to']

function periodOf(cell: Cell, to: To): Cell {
  if (cell === null || to === undefined) return cell
  return isMoment(cell) ? startOf(cell, to.grain) : notProven('a time that is no moment')
}

/** Texts that the database takes for equal are one group there. */
function refuseLikes(rows: readonly Row[], texts: readonly number[], dialect: DialectName): void {
  for (const index of texts) {
    const cells = rows.map((row) => row[index]).filter((cell) => typeof cell === 'string')
    if (foldTexts(cells, dialect) === undefined) notProven('texts that may be one group to the database')
  }
}
