import type { EngineResult, RunLimits, Statement } from '../../engine.ts'
import { limitRows } from '../../engine-rows.ts'
import { readerOf, type RowReader } from './cells.ts'
import { Refused } from '../../engine-words.ts'
import type { Prepared } from './prepared.ts'
import { beginSql, endSql, prologueSql } from './settings.ts'
import { wireOf, type Conversation, type Wire } from './wire.ts'

export interface Talk {
  readonly conversation: Conversation
  /** The answer, as soon as its last row is here. */
  readonly result: Promise<EngineResult>
  /** When the transaction has ended: whether all went as expected, so that the connection may be used again. */
  readonly ended: Promise<boolean>
}

interface TalkOptions {
  readonly limits: RunLimits
  readonly prepared: Prepared
}

const firstBatchRows = 500
const batchBytes = 1 << 18

/**
 * One statement in a transaction of its own, said in as few turns as possible: begin, settings, statement and the first
 * rows in one write where the statement was prepared before, and the end while the caller has the answer already. Rows come
 * in batches through a portal, so that what is beyond the limits is never read. A statement that returns no rows, such as
 * COMMIT or COPY, is refused before it is executed.
 */
export function createTalk({ sql, values }: Statement, { limits, prepared }: TalkOptions): Talk {
  const result = Promise.withResolvers<EngineResult>()
  const ended = Promise.withResolvers<boolean>()
  const rows = limitRows(limits)
  const known = prepared.get(sql)
  const name = known?.name ?? prepared.nextName()
  let reader: RowReader | undefined = known === undefined ? undefined : readerOf(known.fields)
  let watermark = ''
  let phase: 'begin' | 'settings' | 'rows' | 'end' = 'begin'
  let wire: Wire | undefined
  let received = 0
  let rowBytes = 0
  let wireBytes = 0
  let asked = 0
  let inBatch = 0
  let endless = false

  /** A row that never ends would be held in memory before it could be counted. */
  const onData = (chunk: Buffer): void => {
    wireBytes += chunk.length
    if (phase === 'rows' && wireBytes > 2 * limits.bytes + 16 * batchBytes) overflow()
  }
  const onNoData = (): void => fail(new Refused('is not a query: it returns no rows'))

  function ask(): void {
    const perRow = received === 0 ? batchBytes / firstBatchRows : rowBytes / received
    asked = Math.max(1, Math.min(limits.rows + 1 - received, Math.ceil(batchBytes / perRow)))
    inBatch = 0
    wire?.execute({ rows: asked })
  }

  function bindAndAsk(): void {
    wire?.bind({ statement: name, values: values.map((value) => (value === null ? null : String(value))) })
    ask()
    wire?.flush()
  }

  function answer(): void {
    result.resolve({ columns: reader?.columns ?? [], rows: rows.rows, truncated: rows.truncated || endless, watermark })
  }

  /** More than may be read is on its way: the connection is given up, which the server notices by being cancelled. */
  function overflow(): void {
    endless = true
    phase = 'end'
    answer()
    settle(false)
  }

  function settle(clean: boolean): void {
    wire?.stream.off('data', onData)
    wire?.off('noData', onNoData)
    ended.resolve(clean)
  }

  function fail(error: unknown): void {
    phase = 'end'
    result.reject(error)
    settle(false)
    wire?.sync()
  }

  function end(): void {
    answer()
    phase = 'end'
    wire?.parse({ name: '', text: endSql })
    wire?.bind({ statement: '', values: [] })
    wire?.execute({ rows: 0 })
    wire?.sync()
  }

  const conversation: Conversation = {
    submit: (connection) => conversation.start(wireOf(connection)),
    start(own) {
      wire = own
      wire.stream.on('data', onData)
      wire.once('noData', onNoData)
      wire.stream.cork()
      wire.parse({ name: '', text: beginSql })
      wire.bind({ statement: '', values: [] })
      wire.execute({ rows: 0 })
      if (!prepared.hasPrologue) wire.parse({ name: prepared.prologueName, text: prologueSql })
      wire.bind({ statement: prepared.prologueName, values: [String(limits.timeoutMs)] })
      wire.execute({ rows: 0 })
      for (const old of prepared.takeEvicted()) wire.close({ type: 'S', name: old })
      if (known === undefined) {
        wire.parse({ name, text: sql })
        wire.describe({ type: 'S', name })
        wire.flush()
      } else bindAndAsk()
      wire.stream.uncork()
    },
    handleRowDescription({ fields }) {
      reader = readerOf(fields)
      prepared.add(sql, { name, fields })
      bindAndAsk()
    },
    handleDataRow({ fields, length }) {
      if (phase === 'settings') watermark = fields.at(-1) ?? ''
      if (phase !== 'rows' || reader === undefined) return
      received += 1
      rowBytes += length
      inBatch += 1
      if (!rows.add(reader.read(fields)) && inBatch < asked) overflow()
    },
    handlePortalSuspended() {
      if (rows.truncated) return end()
      ask()
      wire?.flush()
    },
    handleCommandComplete() {
      if (phase === 'begin') phase = 'settings'
      else if (phase === 'settings') {
        prepared.hasPrologue = true
        phase = 'rows'
      } else if (phase === 'rows') end()
    },
    handleEmptyQuery() {
      fail(new Refused('is not a query: it is empty'))
    },
    handleReadyForQuery: () => settle(phase === 'end'),
    handleError: fail,
  }
  return { conversation, result: result.promise, ended: ended.promise }
}
