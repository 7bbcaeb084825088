import { formatMoment, parseMoment, startOf, addUnits } from '../evaluator/moment.ts'
import type { Row } from '../evaluator/value.ts'
import { createRandom } from '../random.ts'
import type { Random } from '../random.ts'
import { addThingMeasures, generateFacts } from './generate-facts.ts'
import { generateMetrics } from './generate-metrics.ts'
import { generateThings } from './generate-things.ts'
import { chance } from './generated.ts'
import type { Generated, GeneratedTable } from './generated.ts'

/** Models in a random shape, tables with the rows that are easily got wrong, and metrics of every type. */
export function generateLayer(seed: number): Generated {
  const random = createRandom(seed)
  const prefix = `l${seed}_`
  const things = generateThings(random, prefix)
  for (const thing of things) addThingMeasures(random, thing)
  const drafts = [...things, ...generateFacts(random, prefix, things)]
  const calendars = generateCalendars(random, prefix)
  const layer = generateMetrics(random, drafts, calendars.yaml)
  return {
    seed,
    layer,
    tables: {
      ...Object.fromEntries(
        drafts.map(({ table, columns, rows }): [string, GeneratedTable] => [table, { columns, rows }]),
      ),
      ...calendars.tables,
    },
    kinds: Object.fromEntries(drafts.map(({ name, kinds }) => [name, kinds])),
  }
}

interface Calendars {
  readonly yaml: Record<string, unknown>
  readonly tables: Record<string, GeneratedTable>
}

const firstDay = parseMoment('2023-12-04').ms

function generateCalendars(random: Random, prefix: string): Calendars {
  const kind = random.int(0, 3)
  if (kind === 0) return { yaml: {}, tables: {} }
  const hasPeriods = chance(random, 0.6)
  const table = `${prefix}days`
  const yaml: Record<string, unknown> = {
    days: {
      connection: 'db',
      table,
      column: 'day',
      grain: 'day',
      ...(hasPeriods ? { periods: { sprint: 'sprint_name' } } : {}),
    },
  }
  const tables: Record<string, GeneratedTable> = {
    [table]: daysTable(random.int(7, 17), chance(random, 0.2) ? 130 : 520),
  }
  if (kind === 3) {
    yaml['months'] = { connection: 'db', table: `${prefix}months`, column: 'month', grain: 'month' }
    tables[`${prefix}months`] = monthsTable()
  }
  return { yaml, tables }
}

/** Sprints of uneven lengths: every third has two days less. Some calendars end before the facts do. */
function daysTable(sprint: number, length: number): GeneratedTable {
  const rows: Row[] = []
  let number = 1
  let left = sprint
  for (let index = 0; index < length; index += 1) {
    rows.push({ day: dayText(firstDay + index * 86_400_000), sprint_name: `sprint ${String(number).padStart(2, '0')}` })
    left -= 1
    if (left > 0) continue
    number += 1
    left = number % 3 === 0 ? sprint - 2 : sprint
  }
  const columns = [
    { name: 'day', kind: 'date' as const },
    { name: 'sprint_name', kind: 'text' as const },
  ]
  return { columns, rows }
}

function monthsTable(): GeneratedTable {
  const first = startOf(firstDay, 'month')
  const rows = Array.from({ length: 18 }, (_, index) => ({ month: dayText(addUnits(first, index, 'month')) }))
  return { columns: [{ name: 'month', kind: 'date' }], rows }
}

const dayText = (ms: number): string => formatMoment({ ms }).slice(0, 10)
