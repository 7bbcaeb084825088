import type { EngineType } from '../../engine-type.ts'
import { MysqlConnection } from './config.ts'
import { openMysql } from './open.ts'

const mysql = { type: 'mysql', connection: MysqlConnection, open: openMysql } satisfies EngineType<MysqlConnection>

export default mysql
