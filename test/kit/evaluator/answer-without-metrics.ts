import { parseCondition } from '../../../src/semantic/condition/parse-condition.ts'
import type { Question } from '../../../src/semantic/question.ts'
import { calendarFor, momentsOf } from './calendar.ts'
import { isWithin, readBounds } from './context.ts'
import { lacksZone } from './check-zone.ts'
import { applyCut, grainOfCut } from './cut.ts'
import type { Lines } from './order-rows.ts'
import { evaluateTree, momentOf } from './evaluate-tree.ts'
import { dimensionValue, entityValue, partnersOf, rowsOf } from './find-row.ts'
import type { World } from './find-row.ts'
import { hasMetric, nameOf, namesIn } from './holds.ts'
import { finer } from './moment.ts'
import { modelOf, validityOf } from './reachable.ts'
import type { Hop, Item } from './reachable.ts'
import { Refused } from './refused.ts'
import { resolveName } from './resolve.ts'
import type { Column } from './resolve.ts'
import { compareValues, keyOf } from './value.ts'
import type { Row, Value } from './value.ts'

/** The rows that met, by the way to them; a way that is missing met none. */
type Met = ReadonlyMap<string, { readonly model: string; readonly row: Row }>

interface Root {
  readonly model: string
  readonly columns: readonly Column[]
  readonly named: ReadonlyMap<string, Column>
}

export function evaluateWithoutMetrics(world: World, question: Question): Lines {
  if (question.by.length === 0) throw new Refused('unsupported', 'a question for nothing')
  const root = findRoot(world, question)
  refuseValidity(world, [...root.columns, ...root.named.values()])
  checkZones(world, question, [...root.columns, ...root.named.values()])
  const hops = hopsOf([...root.columns, ...root.named.values()])
  const met =
    root.model === '' ? [new Map()] : hops.reduce((rows, way) => joinFully(world, rows, way), start(world, root.model))
  const moments = momentsFor(world, root, question)
  const lines = met.flatMap((rows: Met) =>
    moments.flatMap((ms) => (isKept(world, root, question, rows, ms) ? [lineOf(world, root.columns, rows, ms)] : [])),
  )
  if (question.extent) return extentOf(root.columns, lines)
  const distinct = [...new Map(lines.map((line) => [keyOf(line), line])).values()]
  return { columns: root.columns, lines: question.distinct ? distinct : lines }
}

/** The model from which all names are reached over the fewest joins. */
function findRoot(world: World, question: Question): Root {
  const tree = question.where === undefined ? undefined : parseCondition(question.where)
  if (tree !== undefined && hasMetric(tree)) throw new Refused('unsupported', 'a metric in a question without')
  const named = tree === undefined ? [] : namesIn(tree).map(nameOf)
  const isTimeAlone = [...question.by, ...named].every((name) => name.split('__')[0] === 'metric_time')
  if (isTimeAlone) return rootAt(world, '', question.by, named)
  let reason: Refused | undefined
  const roots = Object.keys(world.layer.models).flatMap((model) => {
    try {
      return [rootAt(world, model, question.by, named)]
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      if (reason === undefined || error.reason !== 'unreachable') reason = error
      return []
    }
  })
  const cost = ({ columns, named: others }: Root): number => hopsOf([...columns, ...others.values()]).length
  const least = Math.min(...roots.map(cost))
  const [nearest, another] = roots.filter((root) => cost(root) === least)
  if (nearest === undefined) throw reason ?? new Refused('unreachable', 'no model reaches all')
  if (another !== undefined) throw new Refused('ambiguous', 'several models reach all')
  return nearest
}

/** A row of a validity model held at some time only, and here is none. */
function refuseValidity({ layer }: World, columns: readonly Column[]): void {
  const models = hopsOf(columns).map((way) => way.at(-1)?.to ?? '')
  if (models.some((model) => validityOf(modelOf(layer, model), 'start') !== undefined)) {
    throw new Refused('needs_time', 'a row that held at some time')
  }
}

function checkZones(world: World, { timeZone }: Question, columns: readonly Column[]): void {
  const items = columns.flatMap(({ sources }) => sources).filter((item) => item !== 'metric_time')
  if (timeZone !== undefined && items.some((item) => lacksZone(world, item))) {
    throw new Refused('time_zone', 'a time without a zone')
  }
}

function rootAt(world: World, model: string, by: readonly string[], named: readonly string[]): Root {
  const resolve = (name: string): Column => {
    const isTime = name.split('__')[0] === 'metric_time'
    return resolveName(world, isTime ? [] : [{ model, time: undefined }], name, 'day', true)
  }
  return { model, columns: by.map(resolve), named: new Map(named.map((name) => [name, resolve(name)])) }
}

/** Every way that has to be gone, each after those that lead to it. */
function hopsOf(columns: readonly Column[]): readonly (readonly Hop[])[] {
  const ways = new Map<string, readonly Hop[]>()
  for (const source of columns.flatMap(({ sources }) => sources)) {
    if (source === 'metric_time') continue
    for (const index of source.hops.keys()) {
      const way = source.hops.slice(0, index + 1)
      ways.set(nameOfWay(way), way)
    }
  }
  return [...ways.values()].toSorted((one, other) => one.length - other.length)
}

const nameOfWay = (way: readonly Hop[]): string => way.map(({ entity, to }) => `${entity}/${to}`).join('/')

const start = (world: World, model: string): readonly Met[] =>
  rowsOf(world, model).map((row) => new Map([['', { model, row }]]))

/** Rows without a partner stay on both sides. */
function joinFully(world: World, rows: readonly Met[], way: readonly Hop[]): readonly Met[] {
  const hop = way.at(-1)
  if (hop === undefined) throw new Error('a way without a join')
  const partnered = new Set<Row>()
  const joined = rows.flatMap((met): readonly Met[] => {
    const before = way.map((_, index) => met.get(nameOfWay(way.slice(0, index))))
    const known = before.flatMap((one) => (one === undefined ? [] : [one]))
    const partners = partnersOf(world, hop, known)
    for (const partner of partners) partnered.add(partner)
    if (partners.length === 0) return [met]
    return partners.map((row) => new Map([...met, [nameOfWay(way), { model: hop.to, row }]]))
  })
  const alone = rowsOf(world, hop.to).filter((row) => !partnered.has(row))
  return [...joined, ...alone.map((row) => new Map([[nameOfWay(way), { model: hop.to, row }]]))]
}

/** Those of the calendar where metric_time is spoken of; else one that means none. */
function momentsFor(world: World, root: Root, question: Question): readonly (number | null)[] {
  const cuts = [...root.columns, ...root.named.values()].flatMap(({ sources, cut, name }) =>
    (sources.length === 0 || name.startsWith('metric_time')) && cut !== undefined ? [cut] : [],
  )
  const bounds = readBounds(question)
  if (cuts.length === 0) {
    if (question.from !== undefined || question.to !== undefined) throw new Refused('needs_time', 'metric_time')
    return [null]
  }
  const grain = cuts.map((cut) => grainOfCut(world, cut)).reduce(finer)
  const [anyModel = ''] = Object.keys(world.layer.models)
  const { connection } = modelOf(world.layer, root.model === '' ? anyModel : root.model)
  const calendar = calendarFor(world, grain, connection)
  if (calendar === undefined) throw new Refused('unsupported', 'metric_time without a calendar')
  return momentsOf(world, calendar).filter((ms) => isWithin(bounds, ms))
}

function valueOf(world: World, { sources: [source], cut }: Column, met: Met, ms: number | null): Value {
  const value = source === undefined ? (ms === null ? null : { ms }) : itemOf(world, source, met)
  return cut === undefined || value === null ? value : applyCut(world, cut, momentOf(value).ms)
}

function itemOf(world: World, item: Item | 'metric_time', met: Met): Value {
  if (item === 'metric_time') return null
  const found = met.get(nameOfWay(item.hops))
  if (found === undefined) return null
  return item.kind === 'entity'
    ? entityValue(world, item.model, item.element, found.row)
    : dimensionValue(world, item.model, item.element, found.row)
}

const lineOf = (world: World, columns: readonly Column[], met: Met, ms: number | null): readonly Value[] =>
  columns.map((column) => valueOf(world, column, met, ms))

function isKept(world: World, { named }: Root, { where }: Question, met: Met, ms: number | null): boolean {
  if (where === undefined) return true
  const value = evaluateTree(parseCondition(where), {
    name: (tree) => {
      const column = named.get(nameOf(tree))
      return column === undefined ? null : valueOf(world, column, met, ms)
    },
    metric: () => null,
  })
  return value === true
}

/** One line: the first and the last value of each column. */
function extentOf(columns: readonly Column[], lines: Lines['lines']): Lines {
  const ends = columns.map((_, index) => {
    const values = lines.flatMap((line) => (line[index] === null ? [] : [line[index] ?? null]))
    return values.toSorted(compareValues)
  })
  return {
    columns: columns.flatMap((column) =>
      ['min', 'max'].map((end) => ({ name: `${column.name}__${end}`, kind: column.kind })),
    ),
    lines: [ends.flatMap((values) => [values.at(0) ?? null, values.at(-1) ?? null])],
  }
}
