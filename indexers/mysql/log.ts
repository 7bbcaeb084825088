import { randomInt } from 'node:crypto'
import type ZongJi from '@vlasky/zongji'
import type { AnyBinlogEvent } from '@vlasky/zongji'
import type { TableId } from './ancestors.ts'
import { destroyConnection } from '../../src/core/mysql.ts'
import type { Address } from './connect.ts'
import type { LogEnd, LogPlace } from './cursor.ts'
import { toLogError } from './log-error.ts'
import type { Place } from '../../src/core/source-error.ts'
import { cancelled } from '../../src/core/source-error.ts'

/** Values of a row by column, as the log's reader decodes them; null also where the log leaves a column out. */
export type Image = Readonly<Record<string, unknown>>

/** What a log says, in its order. */
export type LogItem =
  | {
      readonly kind: 'rows'
      readonly table: TableId
      readonly rows: readonly LoggedRow[]
      /** Columns that an image of the rows leaves out. */
      readonly absent: ReadonlySet<string>
    }
  /** Ends a transaction. */
  | { readonly kind: 'commit'; readonly log: LogPlace; readonly atMs: number }
  /** The rows since the last transaction wait for a decision. */
  | { readonly kind: 'prepared'; readonly id: string }
  | { readonly kind: 'decided'; readonly id: string; readonly log: LogPlace; readonly atMs: number }
  | {
      readonly kind: 'statement'
      readonly sql: string
      readonly schema: string
      readonly log: LogPlace
      readonly atMs: number
    }
  /** Nothing for us up to here. */
  | { readonly kind: 'moved'; readonly end: LogEnd }

export interface LoggedRow {
  readonly before: Image | undefined
  readonly after: Image | undefined
}

export interface Log extends AsyncDisposable {
  /** Whether more is at hand already. */
  readonly hasMore: boolean
  /** Throws SOURCE_UNREACHABLE where the link was lost or is silent, CURSOR_EXPIRED where the server lacks what comes next. */
  next(): Promise<LogItem>
}

export interface LogOptions {
  readonly address: Address
  readonly place: Place
  /** Transactions that are known already. */
  readonly gtid: string
  readonly tables: readonly TableId[]
  readonly signal: AbortSignal
}

/** A server that has nothing to say says so every second. */
const heartbeatNs = 1_000_000_000
const silenceMs = 15_000
const mostWaitingBytes = 4_000_000

/** Follows the log. The reader is loaded here, at first use. */
export async function openLog({ address, place, gtid, tables, signal }: LogOptions): Promise<Log> {
  const { default: Reader } = await import('@vlasky/zongji')
  const reader = new Reader(address.options)
  const waiting: { readonly item: LogItem; readonly bytes: number }[] = []
  let waitingBytes = 0
  let failure: unknown
  let wake: (() => void) | undefined

  const push = (item: LogItem, bytes: number): void => {
    if (item.kind === 'moved' && waiting.at(-1)?.item.kind === 'moved') waiting.pop()
    waiting.push({ item, bytes })
    waitingBytes += bytes
    if (waitingBytes > mostWaitingBytes) socketOf(reader)?.pause()
    wake?.()
  }
  const fail = (error: unknown): void => {
    failure ??= error
    wake?.()
  }
  reader.on('error', fail)
  reader.on('binlog', (event) => {
    try {
      const item = toItem(reader, event)
      if (item !== undefined) push(item, event.size)
    } catch (error) {
      fail(error)
    }
  })
  reader.start({ serverId: randomInt(2 ** 31, 2 ** 32 - 1), gtidSet: gtid, includeSchema: byDatabase(tables) })
  const { connection, ctrlConnection } = reader
  connection?.on('end', () => fail(new Error('the connection was lost')))
  // Sent before the reader asks for the log. Each server heeds the name it knows.
  const prepare = `set @master_heartbeat_period = ${heartbeatNs}, @source_heartbeat_period = ${heartbeatNs}, net_write_timeout = 3600`
  connection?.query(prepare, (error: Error | null) => {
    if (error !== null) fail(error)
  })

  async function waitForMore(): Promise<void> {
    const more = Promise.withResolvers<void>()
    wake = more.resolve
    const overdue = setTimeout(() => fail(new Error('timeout')), silenceMs)
    const stop = (): void => more.resolve()
    signal.addEventListener('abort', stop, { once: true })
    try {
      if (waiting.length === 0 && failure === undefined && !signal.aborted) await more.promise
    } finally {
      clearTimeout(overdue)
      signal.removeEventListener('abort', stop)
    }
  }

  return {
    get hasMore() {
      return waiting.length > 0
    },
    async next() {
      for (;;) {
        if (signal.aborted) throw cancelled()
        const first = waiting.shift()
        if (first !== undefined) {
          waitingBytes -= first.bytes
          if (waitingBytes <= mostWaitingBytes) socketOf(reader)?.resume()
          return first.item
        }
        if (failure !== undefined) throw toLogError(failure, place)
        await waitForMore()
      }
    },
    async [Symbol.asyncDispose]() {
      const stopped = Promise.withResolvers<void>()
      reader.once('stopped', () => stopped.resolve())
      reader.stop()
      await stopped.promise
      for (const each of [connection, ctrlConnection]) if (each !== null) destroyConnection(each)
    },
  }
}

function byDatabase(tables: readonly TableId[]): Record<string, string[]> {
  const found: Record<string, string[]> = {}
  for (const { schema, name } of tables) (found[schema] ??= []).push(name)
  return found
}

/** Its socket, not the connection: that is paused by the reader, too, which must not be woken before its time. */
function socketOf({ connection }: ZongJi): { pause(): void; resume(): void } | undefined {
  const stream: unknown = connection !== null && 'stream' in connection ? connection.stream : undefined
  const isSocket = stream instanceof Object && 'pause' in stream && 'resume' in stream
  return isSocket ? (stream as { pause(): void; resume(): void }) : undefined
}

/** Only names are given to the types here: the reader tells its events apart by a method. */
function toItem(reader: ZongJi, event: AnyBinlogEvent): LogItem | undefined {
  const name: string = event.getEventName()
  if ('rows' in event) {
    const rows = event.rows.map((row) => toRow(name, row))
    return { kind: 'rows', table: tableOf(event), rows, absent: absentOf(event) }
  }
  if (name === 'xid') return commitOf(reader, event)
  if (name === 'xaprepare' && 'xidGtrid' in event && 'onePhase' in event) {
    return event.onePhase ? commitOf(reader, event) : { kind: 'prepared', id: idOf(event) }
  }
  if ('query' in event) return itemOfQuery(reader, event)
  if ('columnTypes' in event) keepBytes(event)
  if (name === 'unknown' || name === 'tablemap') return undefined
  return movedOf(reader)
}

/** The reader's latin1 loses five bytes that the server knows; as binary they all arrive, one a character. */
function keepBytes({ tableMap, tableId }: Extract<AnyBinlogEvent, { columnTypes: unknown }>): void {
  for (const column of tableMap[tableId]?.columns ?? []) if (column.charset === 'latin1') column.charset = 'binary'
}

function tableOf({ tableMap, tableId }: Extract<AnyBinlogEvent, { rows: unknown }>): TableId {
  const entry = tableMap[tableId]
  return { schema: entry?.parentSchema ?? '', name: entry?.tableName ?? '' }
}

/** The reader keeps the masks of the columns that the images hold, of which its types do not tell. */
function absentOf(event: Extract<AnyBinlogEvent, { rows: unknown }>): ReadonlySet<string> {
  const masks = Object.entries(event).flatMap(([name, mask]) =>
    name.startsWith('columns_present_bitmap') && Buffer.isBuffer(mask) ? [mask] : [],
  )
  const columns = event.tableMap[event.tableId]?.columns ?? []
  const isAbsent = (at: number): boolean => masks.some((mask) => ((mask[at >> 3] ?? 0) & (1 << (at & 7))) === 0)
  return new Set(columns.flatMap(({ name }, at) => (isAbsent(at) ? [name] : [])))
}

function toRow(event: string, row: object): LoggedRow {
  // What an event of this name holds, by the reader's own types.
  if (event === 'updaterows') return row as { readonly before: Image; readonly after: Image }
  return event === 'deleterows'
    ? { before: row as Image, after: undefined }
    : { before: undefined, after: row as Image }
}

function itemOfQuery(reader: ZongJi, event: Extract<AnyBinlogEvent, { query: string }>): LogItem | undefined {
  const sql = event.query.trim()
  if (/^(?:commit|rollback)$/i.test(sql)) return commitOf(reader, event)
  const [, id] = /^xa\s+(?:commit|rollback)\s+(.*?)(?:\s+one\s+phase)?$/is.exec(sql) ?? []
  if (id !== undefined)
    return { ...commitOf(reader, event), kind: 'decided', id: id.replaceAll(/\s/g, '').toLowerCase() }
  if (/^(?:begin|start transaction|savepoint|release|rollback to|xa|#)\b|^#/i.test(sql)) return undefined
  return { ...commitOf(reader, event), kind: 'statement', sql, schema: event.schema }
}

/** As XA COMMIT writes it. */
function idOf(event: { readonly xidGtrid: Buffer; readonly xidBqual: Buffer; readonly xidFormatId: number }): string {
  return `x'${event.xidGtrid.toString('hex')}',x'${event.xidBqual.toString('hex')}',${event.xidFormatId}`
}

function commitOf(reader: ZongJi, event: AnyBinlogEvent): Extract<LogItem, { kind: 'commit' }> {
  const { filename = '', position = 0 } = reader.options
  const offset = event.nextPosition > 0 ? event.nextPosition : position
  return { kind: 'commit', log: { gtid: reader.gtidSet ?? '', file: filename, offset }, atMs: event.timestamp }
}

function movedOf({ options }: ZongJi): LogItem | undefined {
  const { filename, position } = options
  return filename === undefined || position === undefined
    ? undefined
    : { kind: 'moved', end: { file: filename, offset: position } }
}
