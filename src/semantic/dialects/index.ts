import type { DialectName } from '../engine.ts'
import type { Dialect } from '../sql/dialect.ts'
import { clickhouse } from './clickhouse.ts'
import { duckdb } from './duckdb.ts'
import { mysql } from './mysql.ts'
import { postgres } from './postgres.ts'

export const dialects: Readonly<Record<DialectName, Dialect>> = { clickhouse, duckdb, mysql, postgres }
