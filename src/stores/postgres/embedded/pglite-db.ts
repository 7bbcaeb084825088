import { AsyncLocalStorage } from 'node:async_hooks'
import { messages, protocol } from '@electric-sql/pglite'
import type { Db, Queryable, TransactionOptions } from '../../../core/db.ts'
import { typeParser } from '../type-parsers.ts'
import { copyTextRow, wholeRows } from './copy-text.ts'
import { parameterText } from './parameter-text.ts'
import type { BackendMessage, PgliteSession } from './pglite-session.ts'

const { serialize } = protocol

/** What one COPY into the engine, or one page out of it, may hold. */
const pageBytes = 4 << 20

/**
 * The one connection that PGlite has, as a `Db`: statements and transactions take turns. Asking the `Db` itself from
 * within a transaction, which would wait for ever, is refused.
 */
export function createPgliteDb(session: PgliteSession): Db {
  const inTransaction = new AsyncLocalStorage<boolean>()
  let last: Promise<unknown> = Promise.resolve()
  const takeTurn = <T>(work: () => Promise<T>): Promise<T> => {
    if (inTransaction.getStore() === true) throw new Error('the database was asked from within its own transaction')
    const turn = last.then(work)
    last = turn.catch(() => undefined)
    return turn
  }
  const connection = on(session)
  return {
    kind: 'embedded',
    query: (text, params) => takeTurn(() => connection.query(text, params)),
    exec: (text) => takeTurn(() => connection.exec(text)),
    copyIn: needsTransaction,
    copyInText: needsTransaction,
    copyOut: needsTransaction,
    transaction: (work, options) => takeTurn(() => inTransaction.run(true, () => transact(connection, work, options))),
    [Symbol.asyncDispose]: () => takeTurn(async () => session[Symbol.asyncDispose]()),
  }
}

function needsTransaction(): never {
  throw new Error('COPY needs a transaction')
}

async function transact<T>(
  connection: Queryable,
  work: (tx: Queryable) => Promise<T>,
  options: TransactionOptions = {},
): Promise<T> {
  await connection.exec(options.snapshot === true ? 'begin isolation level repeatable read read only' : 'begin')
  try {
    const result = await work(connection)
    await connection.exec('commit')
    return result
  } catch (error) {
    await connection.exec('rollback')
    throw error
  }
}

function on(session: PgliteSession): Queryable {
  const connection: Queryable = {
    // The rows are what the statement selects; only the caller knows their type.
    query: async <R extends object>(text: string, params: readonly unknown[] = []) =>
      decodeRows(await session.send(statement(text, params))) as R[],
    exec: async (text) => void (await session.send(serialize.query(text))),
    copyIn: (target, data) => copyPage(session, `copy ${target} from stdin with (format binary)`, data),
    copyInText: async (target, chunks) => {
      for await (const page of wholeRows(chunks, pageBytes)) await copyPage(session, `copy ${target} from stdin`, page)
    },
    copyOut: (query) => copyPages(session, query),
  }
  return connection
}

function statement(text: string, params: readonly unknown[]): Uint8Array {
  return Buffer.concat([
    serialize.parse({ text }),
    serialize.bind({ values: params.map(parameterText) }),
    serialize.describe({ type: 'P' }),
    serialize.execute({}),
    serialize.sync(),
  ])
}

function decodeRows(answer: readonly BackendMessage[]): object[] {
  const rows: object[] = []
  let columns: { name: string; parse: (value: string) => unknown }[] = []
  for (const message of answer) {
    if (message instanceof messages.RowDescriptionMessage) {
      columns = message.fields.map(({ name, dataTypeID }) => ({ name, parse: typeParser(dataTypeID) }))
    } else if (message instanceof messages.DataRowMessage) {
      const { fields } = message
      rows.push(
        Object.fromEntries(
          columns.map(({ name, parse }, index) => {
            const value = fields[index] ?? null
            return [name, value === null ? null : parse(value)]
          }),
        ),
      )
    }
  }
  return rows
}

/** The engine asks for input only while it runs, so a COPY and all of its data go in at once. */
async function copyPage(session: PgliteSession, copy: string, data: Uint8Array): Promise<void> {
  const header = Buffer.alloc(5)
  header.write('d', 'latin1')
  header.writeUInt32BE(data.length + 4, 1)
  await session.send(Buffer.concat([serialize.query(copy), header, data, serialize.copyDone()]))
}

let cursors = 0

/** A COPY out would hold the whole answer in memory; a cursor is read page by page and gives the same text. */
async function* copyPages(session: PgliteSession, query: string): AsyncGenerator<Uint8Array> {
  const cursor = `copy_out_${String(++cursors)}`
  await session.send(serialize.query(`declare ${cursor} no scroll cursor for ${query}`))
  let rows = 100
  for (;;) {
    const answer = await session.send(serialize.query(`fetch forward ${String(rows)} from ${cursor}`))
    const lines = answer.flatMap((message) =>
      message instanceof messages.DataRowMessage ? [copyTextRow(message.fields)] : [],
    )
    if (lines.length === 0) break
    const page = Buffer.from(lines.join(''))
    yield page
    rows = Math.min(10_000, Math.max(1, Math.floor((rows * pageBytes) / page.length)))
  }
  await session.send(serialize.query(`close ${cursor}`))
}
