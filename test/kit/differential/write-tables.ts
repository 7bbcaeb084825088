import type { DialectName } from '../../../src/semantic/engine.ts'
import type { ColumnKind, GeneratedTable } from './generated.ts'

type Loaded = Exclude<DialectName, 'clickhouse'>

const types: Readonly<Record<Loaded, Readonly<Record<ColumnKind, string>>>> = {
  duckdb: {
    integer: 'integer',
    decimal: 'decimal(12, 2)',
    double: 'double',
    text: 'varchar',
    boolean: 'boolean',
    date: 'date',
    timestamp: 'timestamp',
  },
  postgres: {
    integer: 'integer',
    decimal: 'decimal(12, 2)',
    double: 'double precision',
    text: 'text',
    boolean: 'boolean',
    date: 'date',
    timestamp: 'timestamp',
  },
  mysql: {
    integer: 'integer',
    decimal: 'decimal(12, 2)',
    double: 'double',
    // The collation that tells texts apart by nothing but their characters, as the others do.
    text: 'varchar(60) character set utf8mb4 collate utf8mb4_nopad_bin',
    boolean: 'boolean',
    date: 'date',
    timestamp: 'datetime',
  },
}

/** The statements that make a table and fill it. */
export function writeTable(dialect: Loaded, name: string, { columns, rows }: GeneratedTable): readonly string[] {
  const declared = columns.map((column) => `${column.name} ${types[dialect][column.kind]}`).join(', ')
  const create = `create table ${name} (${declared})`
  if (rows.length === 0) return [create]
  const values = rows.map((row) => `(${columns.map((column) => literal(row[column.name] ?? null)).join(', ')})`)
  return [create, `insert into ${name} values ${values.join(', ')}`]
}

function literal(value: string | number | boolean | null): string {
  if (typeof value !== 'string') return String(value)
  return `'${value.replaceAll("'", "''")}'`
}
