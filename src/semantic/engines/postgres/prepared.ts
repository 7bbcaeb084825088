import { randomBytes } from 'node:crypto'
import type { Field } from './cells.ts'

interface PreparedStatement {
  readonly name: string
  readonly fields: readonly Field[]
}

/** The statements that one connection has prepared, by their SQL. */
export interface Prepared {
  readonly prologueName: string
  hasPrologue: boolean
  get(sql: string): PreparedStatement | undefined
  add(sql: string, statement: PreparedStatement): void
  nextName(): string
  /** Names that are given up since it was last asked. */
  takeEvicted(): readonly string[]
}

const keptStatements = 100

/** The least recently used ones go first. */
export function createPrepared(): Prepared {
  const statements = new Map<string, PreparedStatement>()
  let evicted: string[] = []
  let last = 0
  // Behind a pooler, or an embedded Postgres served on a socket, several connections share one session's names.
  const prefix = `aquifer_${randomBytes(6).toString('hex')}`
  return {
    prologueName: prefix,
    hasPrologue: false,
    get: (sql) => {
      const found = statements.get(sql)
      if (found !== undefined) {
        statements.delete(sql)
        statements.set(sql, found)
      }
      return found
    },
    add: (sql, statement) => {
      statements.set(sql, statement)
      const [oldest] = statements
      if (statements.size <= keptStatements || oldest === undefined) return
      statements.delete(oldest[0])
      evicted.push(oldest[1].name)
    },
    nextName: () => `${prefix}_${String(++last)}`,
    takeEvicted: () => {
      const names = evicted
      evicted = []
      return names
    },
  }
}

/** For connections whose session changes with each transaction, as behind a pooler: nothing is kept. */
export function createUnprepared(): Prepared {
  return {
    prologueName: '',
    get hasPrologue() {
      return false
    },
    set hasPrologue(_) {},
    get: () => undefined,
    add: () => {},
    nextName: () => '',
    takeEvicted: () => [],
  }
}
