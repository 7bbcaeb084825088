import type { MetricLayer } from '../../../schemas/metrics.ts'
import { compileQuestion, type Compiled } from '../compile.ts'
import type { StandardGrain, Tree } from '../condition/tree.ts'
import type { DialectName } from '../engine.ts'
import { accessOf, type Access } from '../plan/access.ts'
import type { Question, Refusal } from '../question.ts'
import { hashOf } from '../trust/hash.ts'
import { canonicalConditions } from './canonical-conditions.ts'
import { factsOf, type Facts } from './facts-of.ts'
import { grainOfTime } from './periods.ts'

/** What is kept is what somebody sees who may see everything. */
export const keptPolicy = 'unrestricted'
const format = 1

/** A saved query that is kept, compiled. */
export interface KeptQuery {
  readonly name: string
  readonly everyMs: number
  readonly question: Question
  readonly compiled: Compiled
  /** Changes with whatever can change its rows, but the data. */
  readonly definition: string
  readonly facts: Facts
  readonly conditions: readonly Tree[]
  /** Its first column where that is a period of metric_time: rows are kept by it. */
  readonly period: StandardGrain | undefined
}

export interface CompileKeptOptions {
  readonly dialect: DialectName
  /** Changes when the connection leads to another database. */
  readonly origin: string
}

/** Names of the saved queries that are kept. */
export const keptNames = (layer: MetricLayer): readonly string[] =>
  Object.entries(layer.queries).flatMap(([name, { every }]) => (every === undefined ? [] : [name]))

/** What it asks. In the order of its columns, unless only the first rows are wanted: any other order can be had from that. */
export function keptQuestion(layer: MetricLayer, name: string): Question {
  const saved = layer.queries[name]
  if (saved === undefined) throw new Error(`There is no saved query ${name}`)
  const { metrics, by, where, order, limit } = saved
  return { metrics, by, where, order: limit === undefined ? [] : order, limit, distinct: true, extent: false }
}

const known = new WeakMap<MetricLayer, Map<string, KeptQuery | { readonly refusal: Refusal }>>()

/** The layer has no faults. */
export function compileKept(
  layer: MetricLayer,
  name: string,
  options: CompileKeptOptions,
): KeptQuery | { readonly refusal: Refusal } {
  const ofLayer = known.get(layer) ?? new Map<string, KeptQuery | { readonly refusal: Refusal }>()
  known.set(layer, ofLayer)
  const key = JSON.stringify([name, options])
  const before = ofLayer.get(key)
  if (before !== undefined) return before
  const compiled = compile(layer, name, options)
  ofLayer.set(key, compiled)
  return compiled
}

function compile(
  layer: MetricLayer,
  name: string,
  { dialect, origin }: CompileKeptOptions,
): KeptQuery | { readonly refusal: Refusal } {
  const question = keptQuestion(layer, name)
  const access = everything(layer)
  const compiled = compileQuestion(layer, question, { dialect, access })
  if ('refusal' in compiled) return compiled
  const { connection = null, statement } = compiled
  const facts = factsOf(layer, question.metrics)
  return {
    name,
    everyMs: layer.queries[name]?.every ?? 0,
    question,
    compiled,
    definition: hashOf([format, connection, origin, dialect, statement]).slice(0, 32),
    facts,
    conditions: canonicalConditions(layer, question, { facts, access }),
    period: question.limit === undefined ? grainOfTime(compiled.columns[0]?.name ?? '') : undefined,
  }
}

export const everything = (layer: MetricLayer): Access =>
  accessOf(layer, { id: 'kept', groups: [], admin: true }, undefined)
