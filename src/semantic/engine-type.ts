import type { ZodType } from 'zod'

import type { Clock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import type { Engine } from './engine.ts'

export interface EngineOptions<Connection = unknown> {
  /** Of the connection, for messages. */
  readonly name: string
  /** The connection as its schema parsed it, every secret as text. */
  readonly options: Connection
  /** Folder of the deployment's own state, for caches and temporary files; not necessarily there yet. */
  readonly dir: string
  readonly log: Log
  readonly clock?: Clock
}

/** What a folder below `engines/` exports as its default: one type of database that metrics are computed in. */
export interface EngineType<Connection = unknown> {
  readonly type: string
  /** Keys of `connections.<name>` besides `type`; absent where the indexer of the same name has them. */
  readonly connection?: ZodType<Connection>
  /** Reaches nothing yet: the first statement does. */
  open(options: EngineOptions<Connection>): Promise<Engine>
}
