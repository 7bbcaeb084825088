import type { EngineType } from '../../engine-type.ts'
import { ClickhouseConnection } from './config.ts'
import { openClickhouse } from './open.ts'

const clickhouse = {
  type: 'clickhouse',
  connection: ClickhouseConnection,
  open: openClickhouse,
} satisfies EngineType<ClickhouseConnection>

export default clickhouse
