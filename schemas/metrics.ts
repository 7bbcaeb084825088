import { z } from 'zod'
import { Duration } from './config.ts'

/** Names are joined with a double underscore (`customer__country`), so they hold none. */
export const Name = z
  .string()
  .regex(/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/, 'lower-case letters, digits and single _')
  .max(63)

/** As aquifer.yaml names it. */
const Connection = z
  .string()
  .regex(/^[A-Za-z0-9][\w-]{0,62}$/, 'a connection of aquifer.yaml')
  .optional()

const named = <T extends z.ZodType>(item: T, what: string): z.ZodRecord<typeof Name, T> =>
  z.record(Name, item).describe(what)

/** From the finest to the coarsest; a custom calendar may add its own. */
const Grain = z.enum(['millisecond', 'second', 'minute', 'hour', 'day', 'week', 'month', 'quarter', 'year'])

/** A number of calendar units, such as `7 days` or `1 month`; also of a custom calendar's. */
const Window = z
  .string('a window such as 7 days or 1 month')
  .regex(/^[1-9]\d* [a-z][a-z0-9_]*$/, 'a window such as 7 days or 1 month')

/** A condition over dimensions, entities and metrics, such as `customer__country = 'us' and not is_test`; never SQL. */
const Condition = z.string().min(1).describe("A condition such as `customer__country = 'us' and not is_test`")

/** A column, or an expression in the SQL of the model's own database. */
const Expression = z.union([z.string().min(1), z.number(), z.boolean()]).transform(String)

const described = {
  label: z.string().optional().describe('What people call it'),
  description: z.string().optional(),
  synonyms: z.array(z.string().min(1)).default([]).describe('Other words that people search for it by'),
}

const Entity = z.strictObject({
  type: z
    .enum(['primary', 'unique', 'foreign', 'natural'])
    .describe('primary and unique: one row each; natural: one row each at any time; foreign: any number'),
  expr: Expression.optional().describe('Its column; the name when absent'),
  of: Name.optional().describe('The entity it is, where the name says its role (buyer of user)'),
  description: z.string().optional(),
})

const Dimension = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('categorical'), expr: Expression.optional(), ...described }),
  z.strictObject({
    type: z.literal('time'),
    expr: Expression.optional(),
    grain: Grain.describe('The finest that the column has'),
    partition: z.boolean().default(false).describe('Joined on as well, wherever both sides have it'),
    zone: z
      .string()
      .min(1)
      .optional()
      .describe(
        'Time zone that its moments are stored in, such as UTC; absent for local times, which are never converted',
      ),
    validity: z.enum(['start', 'end']).optional().describe('First or last moment at which the row held'),
    ...described,
  }),
])

const Aggregation = z.enum([
  'sum',
  'min',
  'max',
  'avg',
  'count',
  'count_distinct',
  'sum_boolean',
  'median',
  'percentile',
])

const Measure = z.strictObject({
  agg: Aggregation,
  expr: Expression.optional().describe('What is aggregated; the name when absent, 1 to count rows'),
  percentile: z
    .strictObject({
      at: z.number().gt(0).lt(1),
      discrete: z.boolean().default(false).describe('A value that occurs, instead of one between two'),
      approximate: z.boolean().default(false).describe('Allows an estimate where the database has one'),
    })
    .optional(),
  time: Name.optional().describe("Its time dimension; the model's `time` when absent"),
  over_time: z
    .strictObject({
      dimension: Name,
      choose: z.enum(['min', 'max']).describe('The first or the last of each period'),
      per: z.array(Name).default([]).describe('Entities that each have a first or last of their own'),
    })
    .optional()
    .describe('For what cannot be added up over time, such as a balance'),
  ...described,
})

const Policy = z.strictObject({
  groups: z.array(z.string().min(1)).min(1),
  rows: Condition.optional().describe('What these groups may see; all when absent'),
  hidden: z.array(Name).default([]).describe('Dimensions and measures that do not exist for these groups'),
  min_rows: z.int().min(2).optional().describe('Groups of fewer rows are left out of what these groups see'),
})

const Model = z.strictObject({
  connection: Connection.describe('A connection of aquifer.yaml'),
  table: z.string().min(1).optional().describe('schema.table, or a file of the connection'),
  query: z.string().min(1).optional().describe('SQL in place of a table'),
  time: Name.optional().describe('Time dimension of the measures that name none'),
  primary: Name.optional().describe('Name of the entity that each row is, where no column holds it'),
  entities: named(Entity, 'What rows are, and what they point to; models join on them').default({}),
  dimensions: named(Dimension, 'What is grouped and filtered by').default({}),
  measures: named(Measure, 'What is aggregated').default({}),
  append_only: z.boolean().default(false).describe('Rows are only added, never changed; late ones within look_back'),
  look_back: Window.optional().describe('How late a row may come, or be changed'),
  policy: z.array(Policy).default([]).describe('Who sees what; a caller whom no entry names sees nothing'),
  owner: z.string().optional(),
  ...described,
})

export type Model = z.infer<typeof Model>

const Input = z.union([
  Name,
  z.strictObject({
    name: Name,
    alias: Name.optional(),
    filter: Condition.optional(),
    offset: Window.optional().describe('As it was so long before'),
    align: z
      .enum(['period', 'day'])
      .default('period')
      .describe('period: whole months before whole months; day: each day before its own day, as MetricFlow does'),
    offset_to: Grain.optional().describe('As it was when that period began'),
  }),
])

const Check = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('not_null'), column: Name }),
  z.strictObject({ type: z.literal('unique'), column: Name }),
  z.strictObject({ type: z.literal('accepted_values'), column: Name, values: z.array(z.json()).min(1) }),
  z.strictObject({ type: z.literal('relationship'), entity: Name }),
  z.strictObject({ type: z.literal('row_count'), min: z.int().min(0).optional(), max: z.int().min(0).optional() }),
  z.strictObject({ type: z.literal('freshness'), within: Duration.describe('Of its newest time, against the clock') }),
  z.strictObject({
    type: z.literal('reconcile'),
    with: Name.describe('Another metric whose total has to be the same'),
    tolerance: z.number().min(0).default(0).describe('How far apart the totals may be'),
  }),
  z.strictObject({ type: z.literal('sql'), query: z.string().min(1).describe('Must return no row') }),
])

const governed = {
  filter: Condition.optional(),
  owner: z.string().optional(),
  scope: z.string().optional().describe('Who and what counts, such as: excludes internal accounts'),
  status: z.enum(['draft', 'certified', 'deprecated']).default('draft'),
  successor: Name.optional().describe('What to use in place of a deprecated one'),
  version: z.int().min(1).default(1),
  grain: Grain.optional().describe('What metric_time means when a question names no grain; day when absent'),
  freshness: Duration.optional().describe('Older data are said to be stale'),
  checks: named(Check, 'What has to hold before it can be trusted').default({}),
  checks_every: Duration.prefault('1h').describe('How often sync --watch runs them'),
  ...described,
}

/** A measure as a metric uses it. */
const MeasureInput = z.union([
  Name,
  z.strictObject({
    name: Name,
    filter: Condition.optional().describe('Which rows it counts, whoever asks'),
    fill: z.number().optional().describe('What nothing counts as'),
    every_period: z.boolean().default(false).describe('Periods without rows are shown'),
  }),
])

const Metric = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('simple'), measure: MeasureInput, ...governed }),
  z.strictObject({ type: z.literal('ratio'), numerator: Input, denominator: Input, ...governed }),
  z.strictObject({
    type: z.literal('derived'),
    expr: z.string().min(1).describe('Arithmetic over the inputs, by name or alias'),
    inputs: z.array(Input).min(1),
    ...governed,
  }),
  z.strictObject({
    type: z.literal('cumulative'),
    measure: MeasureInput,
    window: Window.optional().describe('The last so long; since the beginning when absent'),
    to_date: Grain.optional().describe('Since the period began'),
    at_coarser: z.enum(['first', 'last', 'average']).default('first').describe('Its value for a coarser period'),
    ...governed,
  }),
  z.strictObject({
    type: z.literal('conversion'),
    base: MeasureInput.describe('The measure that begins'),
    conversion: MeasureInput.describe('The measure that may follow'),
    entity: Name.describe('Who has to do both'),
    within: Window.optional().describe('The longest time between; any when absent'),
    same: z
      .array(z.strictObject({ base: Name, conversion: Name }))
      .default([])
      .describe('Columns that have to agree'),
    calculate: z.enum(['rate', 'count']).default('rate'),
    ...governed,
  }),
])

export type Metric = z.infer<typeof Metric>
export type MetricInput = z.infer<typeof Input>
export type MeasureInput = z.infer<typeof MeasureInput>

/** How a saved query or a caller's question groups: `metric_time`, `customer__country`, `ordered_at__month`. */
const Grouping = z.string().regex(/^[a-z][a-z0-9_]*$/, 'a dimension such as customer__country or metric_time__month')

const SavedQuery = z
  .strictObject({
    metrics: z.array(Name).default([]).describe('Without any, the combinations of `by` that occur'),
    by: z.array(Grouping).default([]),
    where: Condition.optional(),
    order: z
      .array(z.string().regex(/^-?[a-z][a-z0-9_]*$/, 'a column of the answer; with - before it, downwards'))
      .default([]),
    limit: z.int().min(1).optional(),
    every: Duration.optional().describe('Kept in the ledger, and computed again so often'),
    ...described,
  })
  .refine(({ metrics, by }) => metrics.length + by.length > 0, 'needs `metrics` or `by`')

const Calendar = z.strictObject({
  connection: Connection.describe('Where the table is'),
  table: z.string().min(1),
  column: Name.describe('One row for each of these moments'),
  grain: Grain,
  periods: named(
    Expression,
    'Grains of its own, such as a fiscal quarter, by the column that names the period',
  ).default({}),
})

/** One file of the folder that `metrics:` of aquifer.yaml names. All files together are one layer. */
export const MetricsFile = z.strictObject({
  version: z.literal(1, 'this Aquifer reads version 1').describe('Version of this file format'),
  models: named(Model, 'What the tables mean').default({}),
  metrics: named(Metric, 'The numbers').default({}),
  queries: named(SavedQuery, 'Questions that are asked often').default({}),
  calendars: named(Calendar, 'Tables of time: to show empty periods, and for grains of your own').default({}),
})
/** Everything that the files of the folder say, by name. */
export type MetricLayer = Omit<z.infer<typeof MetricsFile>, 'version'>
