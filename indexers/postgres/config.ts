import { z } from 'zod'
import { Duration, SecretUrl, Size } from '../../schemas/config.ts'

/** How to reach the database; `open` gets the URL as plain text. */
export const PostgresConnection = z.strictObject({
  url: SecretUrl,
  statementTimeout: Duration.prefault('5m').describe('The longest that one statement may run on the source'),
  slot: z
    .string()
    .regex(/^[a-z_][a-z0-9_]{0,39}$/, 'a name of lower-case letters, digits and _')
    .default('aquifer')
    .describe('Name of the publication, and beginning of that of the replication slot, of sources with mode: stream'),
  walBudget: Size.prefault('10GB').describe(
    'The log that the slot may make the server keep; beyond it the slot is dropped and the tables are read again',
  ),
})
export type PostgresConnection = z.infer<typeof PostgresConnection>

const Name = z.string().min(1)
const Key = z.union([Name, z.array(Name).min(1)]).describe('Column, or columns, that tell the rows apart')

const Columns = z.array(Name).min(1)
const Via = z.union([Name, Columns])

/** Another table of the same database whose rows belong into a record. */
export interface Part {
  readonly table: string
  readonly via?: string | readonly string[] | undefined
  readonly as?: 'object' | 'array' | undefined
  readonly through?:
    | string
    | {
        readonly table: string
        readonly via?: string | readonly string[] | undefined
        readonly to?: string | readonly string[] | undefined
      }
    | undefined
  readonly order?: string | readonly string[] | undefined
  readonly columns?: readonly string[] | undefined
  readonly with?: Parts | undefined
}
export type Parts = Readonly<Record<string, Part>>

const deepest = 4

/** Spelled out to its depth, so that an editor completes all of it. */
function partsOf(depth: number): z.ZodType<Parts> {
  const inner: z.ZodType<Parts> = depth > 1 ? partsOf(depth - 1) : z.never('at most 4 levels of `with`')
  const part = z
    .strictObject({
      table: Name.describe('Table whose rows belong into the record'),
      via: Via.optional().describe(
        "Column, or columns, by which one table refers to the other: this record's (as: object) or that table's (as: array)",
      ),
      as: z
        .enum(['object', 'array'])
        .optional()
        .describe('object: the one row that the record refers to; array: the rows that refer to the record'),
      through: z
        .union([
          Name,
          z.strictObject({
            table: Name,
            via: Via.optional().describe('Its column, or columns, that refer to the record'),
            to: Via.optional().describe('Its column, or columns, that refer to the table'),
          }),
        ])
        .optional()
        .describe('Join table that refers to both'),
      order: z
        .union([Name, Columns])
        .optional()
        .describe("Columns of the table that order an array, such as 'created_at desc'; default: its primary key"),
      columns: Columns.optional().describe('What is read of the table; default: every column'),
      with: inner.optional(),
    })
    .refine(({ through, via, as }) => through === undefined || (via === undefined && as === undefined), {
      error: 'via and as do not go with through: write through: { table, via, to }',
    })
  return z
    .record(z.string().regex(/^[A-Za-z_]\w{0,62}$/, 'a name of letters, digits and _'), part)
    .describe('Rows of other tables that belong into the record, each under a name of its own')
}

const reading = {
  cursor: Name.optional().describe('Column that grows with every change, such as updated_at; worth it with an index'),
  overlap: Duration.optional().describe(
    'How far before the cursor to read again, for clocks that differ; 1m, or 90m for a timestamp without time zone',
  ),
  mode: z
    .enum(['poll', 'snapshot', 'stream'])
    .default('poll')
    .describe('poll looks for what changed, snapshot reads everything, stream follows the log of the database'),
}

const TableSource = z.strictObject({
  table: Name.describe('Table or view, such as public.film'),
  key: Key.optional(),
  columns: Columns.optional().describe('What is read of the table, besides key and cursor; default: every column'),
  with: partsOf(deepest).optional(),
  ...reading,
})

const QuerySource = z.strictObject({
  query: Name.describe('One SELECT statement'),
  key: Key,
  ...reading,
})

/** A table or view, whose key is its primary key unless said otherwise, or a query, whose key has to be said. */
export const PostgresSource = z.union([TableSource, QuerySource])
export type PostgresSource = z.infer<typeof PostgresSource>
