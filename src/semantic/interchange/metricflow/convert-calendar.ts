import type { Item } from '../item.ts'
import type { CalendarInput } from '../layer-input.ts'
import { checkName, maps, refuse, required, scalar, text, toName } from '../read-item.ts'
import type { Context } from './context.ts'
import { convertRelation, tableOf } from './convert-table.ts'
import { convertGrain, isFiner } from './convert-window.ts'

/** A table of time, of either list of a project's configuration. */
export function convertTimeSpine(item: Item, context: Context): void {
  item.ignore('metadata')
  const relation = item.get('node_relation')
  const column = item.get('primary_column')
  const name = text(item, 'location') ?? text(relation ?? item, 'alias') ?? 'without a table'
  context.draft.attempt('calendars', toName(name), item, () => {
    const grain = column === undefined ? item.get('grain') : column.get('time_granularity')
    addCalendar(item, context, {
      table: relation === undefined ? tableFrom(item, context) : convertRelation(relation, context),
      column: column === undefined ? required(item, 'column_name') : required(column, 'name'),
      grain,
    })
  })
}

/** A dbt model that says `time_spine`. */
export function convertDbtTimeSpine(model: Item, spine: Item, context: Context): void {
  const name = required(model, 'name')
  context.draft.attempt('calendars', toName(name), spine, () => {
    const column = required(spine, 'standard_granularity_column')
    const found = maps(model, 'columns').find((one) => text(one, 'name') === column)
    addCalendar(spine, context, { table: tableOf(name, context), column, grain: found?.get('granularity') })
  })
}

/** The grains that calendars add, whose names windows may use. */
export function customGrainsOf(spines: readonly Item[]): ReadonlySet<string> {
  return new Set(
    spines.flatMap((spine) =>
      maps(spine, 'custom_granularities').flatMap((one) => text(one, 'name')?.toLowerCase() ?? []),
    ),
  )
}

/** Older manifests write `database.schema.table` where others have a relation. */
function tableFrom(item: Item, { draft, connection }: Context): string {
  const location = required(item, 'location')
  const parts = location.replaceAll('"', '').split('.')
  if (parts.length < 3) return parts.join('.')
  draft.noteOnce(
    item.place,
    `database ${String(parts.at(-3))}: left out; the tables are those of the connection ${connection}`,
  )
  return parts.slice(-2).join('.')
}

interface Spine {
  readonly table: string
  readonly column: string
  readonly grain: Item | undefined
}

function addCalendar(
  item: Item,
  { draft, connection, calendars = {} }: Context,
  { table, column, grain }: Spine,
): void {
  if (grain === undefined) refuse(item, `the calendar ${table} needs a granularity of its column`)
  const said = scalar(grain).toLowerCase()
  if (isFiner(said)) {
    draft.note(item.place, `${said} calendar ${table}: left out, finest grain is millisecond`)
    item.ignoreAll()
    return
  }
  const periods = Object.fromEntries(
    maps(item, 'custom_granularities').map((one) => {
      const name = checkName(required(one, 'name').toLowerCase(), one.get('name') ?? one)
      return [name, text(one, 'column_name') ?? name]
    }),
  )
  const calendar: CalendarInput = { connection, table, column, grain: convertGrain(grain) ?? 'day', periods }
  const [known] = Object.entries(calendars).find(([, one]) => isSame(one, calendar) && hasPeriods(one, calendar)) ?? []
  if (known !== undefined) {
    draft.note(item.place, `calendar ${table}: is there already, as ${known}`)
    return
  }
  const same = Object.values(draft.layer.calendars).find((one) => isSame(one, calendar))
  if (same !== undefined) {
    same.periods = { ...same.periods, ...periods }
    return
  }
  const name = freeName(table, calendar.grain, { ...calendars, ...draft.layer.calendars })
  draft.add('calendars', name, calendar, item)
}

function isSame(a: CalendarInput, b: CalendarInput): boolean {
  return a.connection === b.connection && a.table === b.table && a.column === b.column && a.grain === b.grain
}

function hasPeriods({ periods = {} }: CalendarInput, { periods: needed = {} }: CalendarInput): boolean {
  return Object.entries(needed).every(([name, column]) => periods[name] === column)
}

function freeName(table: string, grain: string, taken: Readonly<Record<string, unknown>>): string {
  const name = toName(table.split('.').at(-1) ?? table)
  if (!Object.hasOwn(taken, name)) return name
  const graded = toName(`${name.slice(0, 50)}_${grain}`)
  if (!Object.hasOwn(taken, graded)) return graded
  let count = 2
  while (Object.hasOwn(taken, `${graded}_${String(count)}`)) count += 1
  return `${graded}_${String(count)}`
}
