/** Calendar units that every engine can cut time into, from the finest to the coarsest. */
export const grains = ['millisecond', 'second', 'minute', 'hour', 'day', 'week', 'month', 'quarter', 'year'] as const
export type StandardGrain = (typeof grains)[number]

/** Parts of a date: `dow` is 1 for Monday to 7 for Sunday, `doy` 1 to 366, `week` the ISO week. */
export const dateParts = ['year', 'quarter', 'month', 'week', 'day', 'dow', 'doy', 'hour', 'minute', 'second'] as const
export type DatePart = (typeof dateParts)[number]

/** What a condition or an arithmetic expression may call; they mean the same in every engine. */
export const functions = [
  'abs',
  'ceil',
  'coalesce',
  'concat',
  'floor',
  'greatest',
  'least',
  'length',
  'lower',
  'nullif',
  'round',
  'trim',
  'upper',
] as const
export type FunctionName = (typeof functions)[number]

export type Operator = '+' | '-' | '*' | '/' | '%' | '||' | '=' | '<>' | '<' | '<=' | '>' | '>=' | 'and' | 'or' | 'like'

export type CastType = 'boolean' | 'date' | 'integer' | 'number' | 'text' | 'timestamp'

/**
 * A condition of a metric or a caller, or the arithmetic of a derived metric, parsed. Nothing of a caller's text reaches
 * an engine but through it. `x / y` is a real division, and nothing (null) where y is 0.
 */
export type Tree =
  | { readonly kind: 'value'; readonly value: string | number | boolean | null }
  /** A dimension, an entity, or (in arithmetic) an input metric. `path`: entities to pass on the way, where given apart. */
  | {
      readonly kind: 'name'
      readonly name: string
      readonly path: readonly string[]
      /** A standard grain or one of a calendar. */
      readonly grain: string | undefined
      readonly part: DatePart | undefined
    }
  /** A metric's value for the entities (or dimensions) that it is asked by. */
  | { readonly kind: 'metric'; readonly name: string; readonly by: readonly string[] }
  | { readonly kind: 'call'; readonly name: FunctionName; readonly args: readonly Tree[] }
  | { readonly kind: 'operation'; readonly operator: Operator; readonly left: Tree; readonly right: Tree }
  | { readonly kind: 'not'; readonly of: Tree }
  | { readonly kind: 'negative'; readonly of: Tree }
  | { readonly kind: 'is_null'; readonly of: Tree }
  | { readonly kind: 'in'; readonly of: Tree; readonly list: readonly Tree[] }
  | { readonly kind: 'cast'; readonly of: Tree; readonly to: CastType }
  | { readonly kind: 'truncate'; readonly of: Tree; readonly grain: StandardGrain }
  | { readonly kind: 'extract'; readonly of: Tree; readonly part: DatePart }
  | {
      readonly kind: 'case'
      readonly branches: readonly { readonly when: Tree; readonly then: Tree }[]
      readonly otherwise: Tree | undefined
    }
