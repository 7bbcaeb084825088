import type { CastType, DatePart, FunctionName, StandardGrain } from '../condition/tree.ts'
import type { DialectName } from '../engine.ts'
import type { Order } from './sql.ts'

/** What one database writes differently. Arguments are SQL text already. */
export interface Dialect {
  readonly name: DialectName
  /** Whether it has percentiles as aggregates; where not, they are ranked by windows. */
  readonly percentiles: boolean
  identifier(name: string): string
  /** A table as the model names it: `schema.table`, or a file. */
  table(name: string): string
  /** A value's placeholder, of the type where it is given; the marker stands for it (`$1`, `?`, `p1`). */
  placeholder(marker: string, type: CastType | undefined): string
  call(name: FunctionName, args: readonly string[]): string
  concat(left: string, right: string): string
  modulo(left: string, right: string): string
  /** x ÷ y as a real number, null where y is 0. */
  divide(left: string, right: string): string
  cast(sql: string, to: CastType): string
  /** Of a timestamp, as a timestamp; weeks begin on Monday. */
  truncate(sql: string, grain: StandardGrain): string
  /** An integer; `dow` 1 to 7 from Monday, `week` of ISO. */
  extract(sql: string, part: DatePart): string
  shift(sql: string, count: number, unit: StandardGrain): string
  zoned(sql: string, from: string, to: string): string
  percentile(sql: string, at: number, discrete: boolean): string
  /** A continuous percentile, estimated; undefined where the database has no estimate. */
  readonly estimate: ((sql: string, at: number) => string) | undefined
  avg(sql: string): string
  countDistinct(sql: string): string
  /** A select whose one column `t` has every period from the first to the last. */
  series(first: string, last: string, grain: StandardGrain): string
  /** With nulls last, whichever the direction. */
  order(sql: string, order: Order): string
}
