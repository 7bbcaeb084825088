import type { IndexerType } from '../../src/core/indexer.ts'
import { MysqlConnection, MysqlSource } from './config.ts'
import { openMysql } from './open.ts'
import { gtidOrder } from './positions.ts'

const mysql = {
  type: 'mysql',
  schemes: ['mysql', 'mariadb'],
  connection: MysqlConnection,
  source: MysqlSource,
  deletes: 'streamed',
  whereIs: ({ table }, { key }) => `the row ${key} of ${table}`,
  positions: () => gtidOrder,
  open: openMysql,
} satisfies IndexerType<MysqlConnection, MysqlSource>

export default mysql
