import type { DuckDBConnection } from '@duckdb/node-api'

import { z } from 'zod'

import { AquiferError } from '../../../core/errors.ts'
import { BadCsv, countValues, csvShape, readCsv, type CsvShape } from './csv-shape.ts'
import { interruptible, literal, type Database } from './database.ts'
import { toDuckdbError } from './engine-error.ts'
import type { TakenFile } from './file-store.ts'
import type { FileSet } from './file-tables.ts'

/** Writes the query that reads a table's files, and remembers what it found out about them. */
export interface TableSql {
  of(set: FileSet, files: readonly TakenFile[]): Promise<string>
}

interface Context {
  readonly connection: string
  /** What stands for null in CSV files. */
  readonly nulls: readonly string[]
  /** Aborts when the engine closes; a caller who goes away leaves the work to the next. */
  readonly closing: AbortSignal
}

const Described = z.array(z.object({ column_name: z.string(), column_type: z.string() }))

const keptShapes = 20_000

export function tableSql({ connection: name, nulls, closing }: Context): {
  in(database: Database): TableSql
} {
  const csv = new Map<string, Promise<CsvShape>>()
  const empty = new Map<string, Promise<readonly number[]>>()
  const json = new Map<string, Promise<string>>()

  /** Work on a connection of its own, done once for files that stay as they are. */
  function once<T>(
    known: Map<string, Promise<T>>,
    database: Database,
    files: readonly TakenFile[],
    work: (connection: DuckDBConnection) => Promise<T>,
  ): Promise<T> {
    const key = files.map(({ local, stamp }) => `${local}\n${stamp}`).join('\n')
    const found = known.get(key)
    if (found !== undefined) return found
    const made = onConnection(database, files, work)
    known.set(key, made)
    made.catch(() => known.delete(key))
    const [oldest] = known.keys()
    if (known.size > keptShapes && oldest !== undefined) known.delete(oldest)
    return made
  }

  async function onConnection<T>(
    database: Database,
    files: readonly TakenFile[],
    work: (connection: DuckDBConnection) => Promise<T>,
  ): Promise<T> {
    const connection = await database.connect()
    try {
      return await interruptible(connection, closing, () => work(connection))
    } catch (error) {
      if (!(error instanceof BadCsv)) throw toDuckdbError(error, name, files)
      const message = `Connection ${name}: ${files[0]?.path ?? 'a file'} ${error.message}`
      throw new AquiferError('METRIC_DATA_INVALID', message, { cause: error })
    } finally {
      connection.closeSync()
    }
  }

  async function csvQuery(database: Database, set: FileSet, all: readonly TakenFile[]): Promise<string> {
    const files = all.filter(({ bytes }) => bytes > 0)
    const [first] = all
    if (files.length === 0 && first !== undefined) {
      throw new AquiferError('METRIC_DATA_INVALID', `Connection ${name}: ${first.path} is empty`)
    }
    const shapes: CsvShape[] = []
    for (const file of files) {
      shapes.push(await once(csv, database, [file], (connection) => csvShape(connection, file, nulls)))
    }
    const mixed = mixedColumns(shapes)
    const fitting = await Promise.all(
      shapes.map(async (shape, i) => {
        const file = files[i]
        if (mixed.size === 0 || file === undefined) return shape
        const counts = await once(empty, database, [file], (connection) => countValues(connection, file, nulls, shape))
        return withoutEmptyText(shape, counts, mixed)
      }),
    )
    const groups = Map.groupBy(files.keys(), (i) => JSON.stringify(fitting[i]))
    return [...groups.values()]
      .flatMap((members) => {
        const shape = fitting[members[0] ?? 0]
        const locals = members.flatMap((i) => files[i]?.local ?? [])
        return shape === undefined ? [] : [`SELECT * FROM ${readCsv(locals, nulls, shape, set.partitioned)}`]
      })
      .join(' UNION ALL BY NAME ')
  }

  async function jsonQuery(database: Database, set: FileSet, files: readonly TakenFile[]): Promise<string> {
    const list = localList(files)
    const columns = await once(json, database, files, async (connection) => {
      const call = `read_json(${list}, union_by_name = true, sample_size = -1, hive_partitioning = false)`
      const reader = await connection.runAndReadAll(`DESCRIBE FROM ${call}`)
      return Described.parse(reader.getRowObjectsJson())
        .map(({ column_name: column, column_type: type }) => `${literal(column)}: ${literal(type)}`)
        .join(', ')
    })
    return `SELECT * FROM read_json(${list}, columns = {${columns}}, hive_partitioning = ${String(set.partitioned)})`
  }

  return {
    in: (database) => ({
      of: async (set, files) => {
        if (set.kind === 'csv') return csvQuery(database, set, files)
        if (set.kind === 'json') return jsonQuery(database, set, files)
        // Of one file it would change nothing, but is looked for whenever the statement is planned.
        const union = files.length > 1 ? ', union_by_name = true' : ''
        return `SELECT * FROM read_parquet(${localList(files)}${union}, hive_partitioning = ${String(set.partitioned)})`
      },
    }),
  }
}

function localList(files: readonly TakenFile[]): string {
  return `[${files.map(({ local }) => literal(local)).join(', ')}]`
}

/** Columns that are text in some files and something else in others, with that something. */
function mixedColumns(shapes: readonly CsvShape[]): ReadonlyMap<string, string> {
  const types = Map.groupBy(
    shapes.flatMap(({ columns }) => columns),
    ({ name }) => name,
  )
  return new Map(
    [...types].flatMap(([column, all]) => {
      const other = all.find(({ type }) => type !== 'VARCHAR')
      return other === undefined || all.every(({ type }) => type !== 'VARCHAR') ? [] : [[column, other.type] as const]
    }),
  )
}

/** A column without any value is sniffed as text, and would make text of the numbers in other files. */
function withoutEmptyText(shape: CsvShape, counts: readonly number[], mixed: ReadonlyMap<string, string>): CsvShape {
  const columns = shape.columns.map((column, i) => {
    const type = counts[i] === 0 && column.type === 'VARCHAR' ? mixed.get(column.name) : undefined
    return type === undefined ? column : { ...column, type }
  })
  return { ...shape, columns }
}
