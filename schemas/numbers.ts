import { z } from 'zod'

/** A number that a double cannot hold is its digits as text. */
const Cell = z.union([z.string(), z.number(), z.boolean(), z.null()])

export const AnswerColumn = z.strictObject({
  name: z.string(),
  kind: z.enum(['dimension', 'entity', 'time', 'metric']),
  type: z.enum(['number', 'text', 'boolean', 'date', 'timestamp']),
})

const RefusalReason = z.enum([
  'unreachable',
  'ambiguous',
  'fan_out',
  'needs_time',
  'non_additive',
  'time_zone',
  'other_connection',
  'unsupported',
])

/** Why there is no number: it could not be proven right. */
export const Refusal = z.strictObject({
  reason: RefusalReason,
  message: z.string(),
  nearest: z.array(z.string()).describe('Metrics or dimensions that would work, the nearest first'),
})
export type Refusal = z.infer<typeof Refusal>

/** A question as it was understood, complete enough to be asked again. */
const AskedQuestion = z.strictObject({
  metrics: z.array(z.string()),
  by: z.array(z.string()),
  where: z.string().optional(),
  from: z.string().optional(),
  to: z.string().optional(),
  order: z.array(z.string()),
  limit: z.int().min(1).optional(),
  time_zone: z.string().optional(),
  distinct: z.boolean(),
  extent: z.boolean(),
})

/** passed, failed, error (it could not be run), or never: not run since the definition changed. */
const CheckStatus = z.enum(['passed', 'failed', 'error', 'never'])

export const CheckOutcome = z.strictObject({
  metric: z.string(),
  name: z.string(),
  status: CheckStatus,
  /** When it last ran. */
  at: z.iso.datetime().nullable(),
  /** What was found, in one sentence without values of rows. */
  message: z.string().nullable(),
})
export type CheckOutcome = z.infer<typeof CheckOutcome>

/** What proves an answer: `metrics verify` asks the same again and compares. Signed with the deployment's key. */
export const Receipt = z.strictObject({
  version: z.literal(1),
  question: AskedQuestion,
  metrics: z.array(
    z.strictObject({
      name: z.string(),
      version: z.int(),
      definition_hash: z.string(),
      status: z.enum(['draft', 'certified', 'deprecated']),
      scope: z.string().nullable(),
    }),
  ),
  connection: z.string().nullable(),
  dialect: z.string(),
  sql_hash: z.string(),
  policy_hash: z.string().describe("Of the rows and columns that the caller's groups may see"),
  time_zone: z.string(),
  /** Where the data stood; see the README of the engines. */
  watermark: z.string(),
  as_of: z.iso.datetime().describe('When the database was asked'),
  checks: z.enum(['passed', 'failed', 'none', 'never']).describe('Of the checks that guard these metrics'),
  rows: z.int().describe('In the whole answer'),
  given: z.int().describe('Rows that were given; fewer when truncated'),
  digest: z.string().describe('Of the rows that were given'),
  signature: z.string(),
})
export type Receipt = z.infer<typeof Receipt>

export const NumbersTable = z.strictObject({
  columns: z.array(AnswerColumn),
  rows: z.array(z.array(Cell)),
  truncated: z.boolean(),
  /** Also when truncated. */
  total_rows: z.int(),
  /** The metrics over everything the question covers, without its columns; where asked for. */
  totals: z.array(Cell).optional(),
  /** What to know before trusting it: failing checks first, deprecation, staleness, what was understood. */
  notices: z.array(z.string()),
  receipt: Receipt,
})
export type NumbersTable = z.infer<typeof NumbersTable>

/** Several definitions fit a word: which of them is meant, and by how much they differ. */
export const Choice = z.strictObject({
  asked: z.string(),
  options: z.array(
    z.strictObject({
      metric: z.string(),
      description: z.string().nullable(),
      scope: z.string().nullable(),
      status: z.enum(['draft', 'certified', 'deprecated']),
      /** Over everything the question covers; null where it was refused. */
      value: Cell,
    }),
  ),
  difference: z.string().describe('In one sentence'),
})
export type Choice = z.infer<typeof Choice>

export type NumbersAnswer = NumbersTable | { readonly refusal: z.infer<typeof Refusal> } | { readonly choice: Choice }

export const MetricSummary = z.strictObject({
  name: z.string(),
  type: z.enum(['simple', 'ratio', 'derived', 'cumulative', 'conversion']),
  label: z.string().nullable(),
  description: z.string().nullable(),
  synonyms: z.array(z.string()),
  scope: z.string().nullable(),
  status: z.enum(['draft', 'certified', 'deprecated']),
  checks: z.enum(['passed', 'failed', 'none', 'never']),
  dimensions: z.array(z.string()).describe('What it can be asked by, the nearest first'),
})
export type MetricSummary = z.infer<typeof MetricSummary>

export const Verdict = z.strictObject({
  verdict: z.enum(['same', 'data moved on', 'differs']),
  message: z.string(),
  watermark: z.strictObject({ before: z.string(), now: z.string() }),
})
export type Verdict = z.infer<typeof Verdict>
