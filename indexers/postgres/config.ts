import { z } from 'zod'
import { partsOf } from '../../src/core/record-parts.ts'
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
  with: partsOf().optional(),
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
