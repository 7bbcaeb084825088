import type { CastType, DatePart, FunctionName, Operator, StandardGrain } from '../condition/tree.ts'
import type { SqlValue } from '../engine.ts'

/** Aggregations that every dialect has, or can be given. */
export type SqlAggregate = 'sum' | 'min' | 'max' | 'avg' | 'count' | 'count_distinct' | 'percentile'

/** An expression, before a dialect writes it. */
export type Sql =
  | { readonly kind: 'column'; readonly of: string | undefined; readonly name: string }
  /** A model's own expression, in the SQL of its database. */
  | { readonly kind: 'native'; readonly sql: string }
  | { readonly kind: 'parameter'; readonly value: SqlValue; readonly type: CastType | undefined }
  | { readonly kind: 'literal'; readonly value: number | boolean | null }
  | { readonly kind: 'operation'; readonly operator: Operator; readonly left: Sql; readonly right: Sql }
  | { readonly kind: 'not'; readonly of: Sql }
  | { readonly kind: 'negative'; readonly of: Sql }
  | { readonly kind: 'is_null'; readonly of: Sql }
  | { readonly kind: 'in'; readonly of: Sql; readonly list: readonly Sql[] }
  | { readonly kind: 'call'; readonly name: FunctionName; readonly args: readonly Sql[] }
  | { readonly kind: 'cast'; readonly of: Sql; readonly to: CastType }
  | { readonly kind: 'truncate'; readonly of: Sql; readonly grain: StandardGrain }
  | { readonly kind: 'extract'; readonly of: Sql; readonly part: DatePart }
  /** `count` calendar units later; earlier when negative. A day that a month lacks becomes its last. */
  | { readonly kind: 'shift'; readonly of: Sql; readonly count: number; readonly unit: StandardGrain }
  /** A moment of one zone as the local time of another. */
  | { readonly kind: 'zoned'; readonly of: Sql; readonly from: string; readonly to: string }
  | {
      readonly kind: 'case'
      readonly branches: readonly { readonly when: Sql; readonly then: Sql }[]
      readonly otherwise: Sql | undefined
    }
  | {
      readonly kind: 'aggregate'
      readonly aggregate: SqlAggregate
      readonly of: Sql
      readonly percentile?:
        | { readonly at: number; readonly discrete: boolean; readonly approximate: boolean }
        | undefined
    }
  | {
      readonly kind: 'window'
      readonly name: 'row_number' | 'dense_rank' | 'min' | 'max' | 'avg' | 'count' | 'first_value'
      readonly of: Sql | undefined
      readonly partition: readonly Sql[]
      readonly order: readonly Order[]
    }
  /** One value; null where the query finds no row. */
  | { readonly kind: 'subquery'; readonly query: Query }

export interface Order {
  readonly by: Sql
  readonly descending: boolean
}

export interface Named {
  readonly name: string
  readonly sql: Sql
}

export type From =
  | { readonly kind: 'table'; readonly table: string }
  /** A model's own query. */
  | { readonly kind: 'native'; readonly sql: string }
  | { readonly kind: 'query'; readonly query: Query }
  /** One of the statement's common table expressions. */
  | { readonly kind: 'common'; readonly name: string }
  /** Column `t`: each period from the first to the last, both given as timestamps. */
  | { readonly kind: 'series'; readonly first: Sql; readonly last: Sql; readonly grain: StandardGrain }

export interface Source {
  readonly alias: string
  readonly from: From
}

export interface Joined extends Source {
  readonly join: 'left' | 'inner' | 'cross'
  readonly on: readonly Sql[]
}

export interface Select {
  readonly kind: 'select'
  readonly columns: readonly Named[]
  readonly from: Source
  readonly joins: readonly Joined[]
  readonly where: readonly Sql[]
  /** So many of the first columns are grouped by; undefined: no aggregation. */
  readonly groupBy: number | undefined
  readonly having: readonly Sql[]
  readonly distinct: boolean
  readonly order: readonly Order[]
  readonly limit: number | undefined
}

export interface Union {
  readonly kind: 'union'
  readonly parts: readonly Query[]
}

export type Query = Select | Union

/** What a statement consists of: the query, and the common table expressions it names, each before its use. */
export interface Program {
  readonly common: readonly { readonly name: string; readonly query: Query }[]
  readonly query: Query
}

export const column = (name: string, of?: string): Sql => ({ kind: 'column', of, name })
export const literal = (value: number | boolean | null): Sql => ({ kind: 'literal', value })
export const operation = (operator: Operator, left: Sql, right: Sql): Sql => ({
  kind: 'operation',
  operator,
  left,
  right,
})
export const later = (of: Sql, count: number, unit: StandardGrain): Sql => ({ kind: 'shift', of, count, unit })
export const isNull = (of: Sql): Sql => ({ kind: 'is_null', of })
export const not = (of: Sql): Sql => ({ kind: 'not', of })
export const timestamp = (value: string): Sql => ({ kind: 'parameter', value, type: 'timestamp' })

/** A select of everything that `given` leaves out: no joins, no conditions, no order. */
export function select(given: Partial<Select> & Pick<Select, 'columns' | 'from'>): Select {
  return {
    kind: 'select',
    joins: [],
    where: [],
    groupBy: undefined,
    having: [],
    distinct: false,
    order: [],
    limit: undefined,
    ...given,
  }
}
export const fromQuery = (alias: string, query: Query): Source => ({ alias, from: { kind: 'query', query } })
export const fromCommon = (alias: string, name: string): Source => ({ alias, from: { kind: 'common', name } })
