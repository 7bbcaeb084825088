import { findColumn } from '../../src/core/find-column.ts'
import type { Column } from './columns.ts'
import type { PostgresSource } from './config.ts'
import { invalidSource } from '../../src/core/source-error.ts'
import type { Place } from '../../src/core/source-error.ts'
import { column } from './sql.ts'

/** The column by which changed rows are found. */
export interface CursorColumn {
  readonly name: string
  /** Whether it says when a row was changed. */
  readonly isTime: boolean
  /** SQL of the lowest value to read, from the safe one as the parameter `$1`. */
  readonly fromSql: string
  /** SQL that holds for values that can be trusted to grow: an infinite or a far future one would end all reading. */
  readonly boundedSql: string
}

interface Kind {
  readonly isTime: boolean
  readonly overlapMs: number
  from(interval: string): string
  bounded(value: string): string
}

const minuteMs = 60_000

/** By object id of the type. */
const kinds: Readonly<Record<string, Kind>> = {
  // timestamptz
  1184: {
    isTime: true,
    overlapMs: minuteMs,
    from: (interval) => `($1::timestamptz - ${interval})`,
    bounded: (value) => `isfinite(${value}) and ${value} <= now()`,
  },
  // timestamp: in whose zone, only the writer knows; where that has summer time, an hour comes twice a year.
  1114: {
    isTime: true,
    overlapMs: 90 * minuteMs,
    from: (interval) => `($1::timestamp - ${interval})`,
    bounded: (value) => `isfinite(${value}) and ${value} <= now() at time zone 'UTC' + interval '1 day'`,
  },
  // date
  1082: {
    isTime: true,
    overlapMs: minuteMs,
    from: (interval) => `($1::date - ${interval})::date`,
    bounded: (value) => `isfinite(${value}) and ${value} <= (now() at time zone 'UTC')::date + 1`,
  },
  21: number('int2'),
  23: number('int4'),
  20: number('int8'),
  1700: { ...number('numeric'), bounded: (value) => `${value}::text not in ('NaN', 'Infinity', '-Infinity')` },
}

function number(type: string): Kind {
  return { isTime: false, overlapMs: 0, from: () => `$1::${type}`, bounded: () => 'true' }
}

export function cursorColumn(
  place: Place,
  source: PostgresSource,
  columns: readonly Column[],
): CursorColumn | undefined {
  if (source.cursor === undefined) return undefined
  const { name, typeId } = findColumn(place, source.cursor, columns)
  const kind = kinds[typeId]
  if (kind === undefined) {
    throw invalidSource(place, `the cursor ${name} is neither a time nor a number`, {
      fix: 'Name a column of type timestamptz, timestamp, date, a whole number or numeric, or leave cursor out.',
    })
  }
  if (!kind.isTime && source.overlap !== undefined) {
    throw invalidSource(place, `overlap is a length of time, and the cursor ${name} is none`, {
      fix: 'Leave overlap out.',
    })
  }
  const overlapMs = source.overlap ?? kind.overlapMs
  return {
    name,
    isTime: kind.isTime,
    fromSql: kind.from(`interval '${overlapMs} milliseconds'`),
    boundedSql: kind.bounded(column(name)),
  }
}
