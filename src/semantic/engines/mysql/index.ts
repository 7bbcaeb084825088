import type { EngineType } from '../../engine-type.ts'
import type { MysqlOptions } from './config.ts'
import { openMysql } from './open.ts'

/** Its connection is that of the indexer of the same name. */
const mysql = { type: 'mysql', open: openMysql } satisfies EngineType<MysqlOptions>

export default mysql
