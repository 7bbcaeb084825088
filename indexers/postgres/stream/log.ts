import { PgoutputPlugin, type Pgoutput } from 'pg-logical-replication'
import type { Client } from 'pg'
import type { AquiferError } from '../../../src/core/errors.ts'
import { connect } from '../connect.ts'
import type { Address } from '../connect.ts'
import { sqlState, toSourceError } from '../source-error.ts'
import { expired } from '../../../src/core/source-error.ts'
import type { Place } from '../../../src/core/source-error.ts'
import { quoteName } from '../sql.ts'
import { lsnText } from './lsn.ts'

/** What the log says, or, as `alive`, up to where it has nothing more to say. */
export type LogMessage = Pgoutput.Message | { readonly tag: 'alive'; readonly end: bigint }

/** The log as a slot sends it, read by one connection. */
export interface Log extends AsyncDisposable {
  /** The next message; undefined when none has come after so long. SOURCE_UNREACHABLE once the connection is lost. */
  next(waitMs: number): Promise<LogMessage | undefined>
  /** Everything before this is safe: the server need not keep it. */
  confirm(lsn: bigint): void
  /** The server failed to decode it, and would again. */
  readonly isUndecodable: boolean
  /** Makes the server say how far it is. */
  ask(): void
}

interface LogOptions {
  readonly address: Address
  readonly place: Place
  readonly slot: string
  readonly publication: string
  readonly from: bigint
  readonly signal: AbortSignal
}

/** So many messages, or bytes of them, are held before the socket is left unread. */
const mostHeld = 2000
const mostBytes = 8_000_000
const statusMs = 5000
/** Nothing was heard for so long though the server answers every status: the link is dead. */
const silenceMs = 30_000

/** As `prepareSql` of a session: the text of a key must be the one that a query prints. */
const settingsSql = `select set_config('TimeZone', 'UTC', false), set_config('DateStyle', 'ISO', false),
  set_config('IntervalStyle', 'iso_8601', false), set_config('extra_float_digits', '1', false),
  set_config('bytea_output', 'hex', false), set_config('statement_timeout', '0', false)`

/** The events of a connection of `pg` that its types leave out. */
interface CopyConnection {
  readonly stream: { pause(): void; resume(): void }
  on(event: 'copyData', listener: (message: { readonly chunk: Buffer }) => void): void
  once(event: 'replicationStart', listener: () => void): void
  sendCopyFromChunk(chunk: Buffer): void
}

export async function openLog({ address, place, slot, publication, from, signal }: LogOptions): Promise<Log> {
  const client = await connect(address, place, { signal, replication: true })
  const held: { readonly message: LogMessage; readonly bytes: number }[] = []
  let heldBytes = 0
  let failure: AquiferError | undefined
  let isUndecodable = false
  let closed = false
  let wake: (() => void) | undefined
  // Nothing, until somebody says so: others may need what comes before `from`.
  let confirmed = 0n
  let received = from
  let heardMs = performance.now()
  // `pg` keeps its connection to itself, and tells of a copy on it alone.
  const { connection } = client as Client & { readonly connection: CopyConnection }

  const isFull = (): boolean => held.length >= mostHeld || heldBytes >= mostBytes
  const fail = (thrown: unknown): void => {
    if (closed) return
    isUndecodable ||= sqlState(thrown)?.startsWith('XX') === true
    failure ??= isUndecodable
      ? expired(place, 'the server cannot decode the log that it kept', thrown)
      : toSourceError(thrown, place)
    wake?.()
  }
  // A server that shuts down waits until all is flushed, where it was told how far: that is said only when it moves.
  const send = (reply: boolean, flushed = 0n): void => {
    if (!closed && failure === undefined) connection.sendCopyFromChunk(statusOf(received, flushed, reply))
  }
  const plugin = new PgoutputPlugin({ protoVersion: 1, publicationNames: [publication] })
  connection.on('copyData', ({ chunk }) => {
    heardMs = performance.now()
    try {
      const message = readChunk(chunk, plugin)
      if (message === undefined) return
      const end = message.tag === 'alive' ? message.end : chunk.readBigUInt64BE(1)
      if (end > received) received = end
      held.push({ message, bytes: chunk.length })
      heldBytes += chunk.length
      if (isFull()) connection.stream.pause()
      if (chunk[0] === alive && chunk[17] === 1) send(false)
      wake?.()
    } catch (error) {
      fail(error)
    }
  })
  client.on('error', fail)
  client.on('end', () => fail(new Error('the connection ended')))
  await begin(client, connection, { slot, publication, from, place, fail })
  const timer = setInterval(() => {
    if (performance.now() - heardMs > silenceMs && !isFull()) fail(new Error('timeout'))
    else send(true)
  }, statusMs)
  timer.unref()
  const onAbort = (): void => wake?.()
  signal.addEventListener('abort', onAbort)

  return {
    get isUndecodable() {
      return isUndecodable
    },
    async next(waitMs) {
      if (held.length === 0 && failure === undefined && !signal.aborted && waitMs > 0) {
        await new Promise<void>((resolve) => {
          const overdue = setTimeout(resolve, waitMs)
          wake = () => {
            clearTimeout(overdue)
            resolve()
          }
        })
        wake = undefined
      }
      const next = held.shift()
      if (next === undefined && failure !== undefined) throw failure
      heldBytes -= next?.bytes ?? 0
      if (!isFull()) connection.stream.resume()
      return next?.message
    },
    confirm(lsn) {
      if (lsn <= confirmed) return
      confirmed = lsn
      send(false, lsn)
    },
    ask: () => send(true),
    async [Symbol.asyncDispose]() {
      closed = true
      clearInterval(timer)
      signal.removeEventListener('abort', onAbort)
      await client.end().catch(() => {})
    },
  }
}

const data = 0x77
const alive = 0x6b

function readChunk(chunk: Buffer, plugin: PgoutputPlugin): LogMessage | undefined {
  if (chunk[0] === alive) return { tag: 'alive', end: chunk.readBigUInt64BE(1) }
  if (chunk[0] !== data) return undefined
  const message = plugin.parse(chunk.subarray(25))
  // The driver's own parsers would round; a key is the text that Postgres prints.
  if (message.tag === 'relation') for (const column of message.columns) column.parser = (text: unknown) => text
  return message
}

async function begin(
  client: Client,
  connection: CopyConnection,
  options: Pick<LogOptions, 'slot' | 'publication' | 'from' | 'place'> & { readonly fail: (thrown: unknown) => void },
): Promise<void> {
  const { slot, publication, from, place, fail } = options
  try {
    await client.query(settingsSql)
  } catch (error) {
    await client.end().catch(() => {})
    throw toSourceError(error, place)
  }
  const started = Promise.withResolvers<void>()
  connection.once('replicationStart', () => started.resolve())
  const names = publication.replaceAll("'", "''")
  const sql = `START_REPLICATION SLOT ${quoteName(slot)} LOGICAL ${lsnText(from)} (proto_version '1', publication_names '"${names}"')`
  client.query(sql).then(
    () => fail(new Error('the server ended the stream')),
    (error: unknown) => {
      started.reject(error)
      fail(error)
    },
  )
  try {
    await started.promise
  } catch (error) {
    await client.end().catch(() => {})
    throw toSourceError(error, place)
  }
}

/** https://www.postgresql.org/docs/current/protocol-replication.html, standby status update */
function statusOf(received: bigint, flushed: bigint, reply: boolean): Buffer {
  const status = Buffer.alloc(34)
  status[0] = 0x72
  status.writeBigUInt64BE(received, 1)
  status.writeBigUInt64BE(flushed, 9)
  status.writeBigUInt64BE(flushed, 17)
  status.writeBigInt64BE(BigInt(Date.now() - Date.UTC(2000, 0)) * 1000n, 25)
  status[33] = reply ? 1 : 0
  return status
}
