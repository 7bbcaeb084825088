import type { z } from 'zod'
import type { MetricsFile } from '../../../schemas/metrics.ts'

type FileInput = Required<z.input<typeof MetricsFile>>
type In<K extends Exclude<keyof FileInput, 'version'>> = NonNullable<FileInput[K]>[string]

export type ModelInput = In<'models'>
export type EntityInput = NonNullable<ModelInput['entities']>[string]
export type DimensionInput = NonNullable<ModelInput['dimensions']>[string]
export type MeasureInput = NonNullable<ModelInput['measures']>[string]
export type MetricInput = In<'metrics'>
export type QueryInput = In<'queries'>
export type CalendarInput = In<'calendars'>
/** A measure as a metric uses it, and a metric as another does. */
export type MeasureUse = Extract<MetricInput, { type: 'simple' }>['measure']
export type MetricUse = Extract<MetricInput, { type: 'ratio' }>['numerator']

/** What a file of the metrics folder says, before defaults. */
export interface LayerInput {
  readonly models: Record<string, ModelInput>
  readonly metrics: Record<string, MetricInput>
  readonly queries: Record<string, QueryInput>
  readonly calendars: Record<string, CalendarInput>
}
export type Kind = keyof LayerInput
