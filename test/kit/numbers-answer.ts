import type { NumbersTable, Receipt } from '../../schemas/numbers.ts'

/** The receipt of an answer about one metric. */
export function receiptOf(changed: Partial<Receipt> = {}): Receipt {
  return {
    version: 1,
    question: { metrics: ['revenue'], by: [], order: [], distinct: true, extent: false },
    metrics: [
      { name: 'revenue', version: 3, definition_hash: 'ab', status: 'certified', scope: 'Excludes internal accounts' },
    ],
    connection: 'shop',
    dialect: 'duckdb',
    sql_hash: 'cd',
    policy_hash: 'unrestricted',
    time_zone: 'UTC',
    watermark: '0123456789abcdef0123456789abcdef',
    as_of: '2026-07-27T10:31:02.123Z',
    checks: 'passed',
    rows: 1,
    given: 1,
    digest: 'ef',
    signature: 'gh',
    ...changed,
  }
}

/** An answer of the columns and rows that a test gives it. */
export function answerOf(changed: Partial<NumbersTable>): NumbersTable {
  const rows = changed.rows ?? []
  return {
    columns: [{ name: 'revenue', kind: 'metric', type: 'number' }],
    rows,
    truncated: false,
    total_rows: rows.length,
    notices: [],
    receipt: receiptOf(),
    ...changed,
  }
}

export const byMonth: NumbersTable['columns'] = [
  { name: 'metric_time__month', kind: 'time', type: 'date' },
  { name: 'revenue', kind: 'metric', type: 'number' },
]
