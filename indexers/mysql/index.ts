import type { IndexerType } from '../../src/core/indexer.ts'
import { MysqlConnection, MysqlSource } from './config.ts'
import { draftSources } from './draft.ts'
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
  draft: draftSources,
} satisfies IndexerType<MysqlConnection, MysqlSource>

export default mysql
