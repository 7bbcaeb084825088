import type { Change } from '../../schemas/record.ts'
import { comparePlaces } from './cursor.ts'
import type { Cursor, LogEnd, LogPlace } from './cursor.ts'
import { openLog } from './log.ts'
import type { LogItem, LoggedRow } from './log.ts'
import { readTouched } from './read-rows.ts'
import type { Reader } from './reader.ts'
import { checkpointOf, inspectAgain } from './reader.ts'
import { untilVisible } from './server.ts'
import type { Moment } from './server.ts'
import { expired, invalidSource } from '../../src/core/source-error.ts'
import { meaningOf } from './statements.ts'
import type { Table } from './table.ts'
import type { TableId } from './ancestors.ts'
import { openTouched } from './touched.ts'
import type { KeyTexts, Touched } from './touched.ts'
import type { Session } from './session.ts'
import { tablesOf } from './tree/branch.ts'
import { isTable, keysTouched, touchedBy } from './tree/touches.ts'
import type { Touch } from './tree/touches.ts'
import { titleOf } from '../../src/core/table-links.ts'
import { startPace } from '../../src/core/pace.ts'
import type { Pace } from '../../src/core/pace.ts'

/** A source as the log is read for it. */
export interface Followed {
  readonly name: string
  readonly table: Table
  /** Where it goes on; moves with each checkpoint. */
  cursor: Cursor
  asOf: string
}

const mostKeysAtOnce = 2000
const idleMs = 5000

/** Reads the log from where the last of the sources stands, and never ends but by `until` or the signal. */
export async function* follow(reader: Reader, sources: readonly Followed[], moment: Moment): AsyncGenerator<Change> {
  await using state = openState(reader, sources, moment)
  const tables = sources.flatMap(({ table }) => [table, ...table.ancestors, ...tablesOf(table.branches)])
  const { address, place, signal, until } = reader
  await using log = await openLog({ address, place, gtid: state.log.gtid, tables, signal })
  for (;;) {
    const item = await log.next()
    await state.take(item)
    const arrives = !state.caughtUp && comparePlaces(state.seen, moment.end) >= 0
    if (state.ready.size > 0 && (!log.hasMore || state.ready.size >= mostKeysAtOnce || arrives)) {
      yield* state.handOver(arrives)
    }
    if (arrives) yield* state.catchUp()
    if (state.caughtUp && until === 'now') return
    if (item.kind === 'moved' && !log.hasMore) yield* state.rest()
  }
}

interface State extends AsyncDisposable {
  /** Keys of transactions that have ended and were not read yet. */
  readonly ready: Touched
  readonly log: LogPlace
  readonly seen: LogEnd
  readonly caughtUp: boolean
  take(item: LogItem): Promise<void>
  handOver(arrives: boolean): AsyncGenerator<Change>
  catchUp(): AsyncGenerator<Change>
  rest(): AsyncGenerator<Change>
}

function openState(reader: Reader, sources: readonly Followed[], moment: Moment): State {
  const { clock, session, server, place, digest } = reader
  const startedMs = Date.parse(moment.asOf) - clock.passed()
  const current = openTouched()
  const ready = openTouched()
  /** Transactions of two phases that are not decided, and where the log stood before each. */
  const undecided = new Map<string, { readonly before: LogPlace; readonly touched: Touched }>()
  const paces = new Map<string, Pace>(sources.map(({ name }) => [name, startPace()]))
  const start = sources.map(({ cursor }) => cursor.log).toSorted(comparePlaces)[0] ?? { ...moment.end, gtid: '' }
  let log: LogPlace = start
  // MySQL's start may lie behind transactions that are still to come: only the log itself tells that it has told them.
  let seen: LogEnd = server.mariadb ? start : { file: '', offset: 0 }
  let atMs = 0
  let caughtUp = false
  let restedMs = clock.passed()

  function touch(table: TableId, row: LoggedRow, absent: ReadonlySet<string>): void {
    for (const { name, table: own } of sources) {
      if (own.schema === table.schema && own.name === table.name) {
        for (const key of keysOf(own, row)) current.add(name, key)
      }
      for (const [at, place] of own.touches.entries()) {
        if (!isTable(place.table, table)) continue
        for (const values of touchedBy(own.place, place, row, absent)) current.add(name, values, at)
      }
      checkAncestors(own, table, row)
    }
  }

  async function decide(id: string): Promise<void> {
    const found = undecided.get(id)
    // It was prepared before the place from which the log is read.
    if (found === undefined) throw expired(place, 'a transaction of two phases began before its log')
    undecided.delete(id)
    await takeInto(ready, found.touched)
    await found.touched[Symbol.asyncDispose]()
  }

  /** Nothing that is still to be decided may be passed by. */
  function safe(): LogPlace {
    return [log, ...[...undecided.values()].map(({ before }) => before)].toSorted(comparePlaces)[0] ?? log
  }

  function* checkpoints(names: ReadonlySet<string> | undefined, asOf: string): Generator<Change> {
    for (const source of sources) {
      if (names !== undefined && !names.has(source.name)) continue
      // Until the log has told what changed during a first read, the pages show different moments.
      const pass = caughtUp ? null : source.cursor.pass
      if (comparePlaces(safe(), source.cursor.log) > 0 || pass !== source.cursor.pass) {
        source.cursor = { ...source.cursor, log: safe(), pass }
      }
      if (asOf > source.asOf) source.asOf = asOf
      yield checkpointOf(source)
    }
  }

  return {
    ready,
    get log() {
      return log
    },
    get seen() {
      return seen
    },
    get caughtUp() {
      return caughtUp
    },
    async take(item) {
      if (item.kind === 'rows') {
        for (const row of item.rows) touch(item.table, row, item.absent)
        return current.settle()
      }
      if (item.kind === 'moved') return void (seen = item.end)
      if (item.kind === 'prepared') {
        const touched = openTouched()
        await takeInto(touched, current)
        return void undecided.set(item.id, { before: log, touched })
      }
      if (item.kind === 'statement') for (const source of sources) await checkStatement(reader, source, item)
      if (item.kind === 'decided') await decide(item.id)
      await takeInto(ready, current)
      ;({ log, atMs } = item)
      seen = log
    },
    async *handOver(arrives) {
      await untilVisible(session, server, log, place)
      const names = ready.sources
      await using own = openTouched()
      await takeRecords(session, sources, { from: ready, to: own })
      for await (const { source, keys } of groups(own, paces)) {
        const followed = sources.find(({ name }) => name === source)
        const pace = paces.get(source)
        if (followed === undefined || pace === undefined) continue
        const context = { source, position: log.gtid, table: followed.table, digest }
        yield* await readTouched(session, keys, context, pace)
      }
      if (!arrives) yield* checkpoints(names, new Date(atMs).toISOString())
    },
    async *catchUp() {
      caughtUp = true
      restedMs = clock.passed()
      // Where the log ends, nothing that it could still tell lies before.
      if (comparePlaces(moment.end, log) > 0) log = { ...log, ...moment.end }
      yield* checkpoints(undefined, moment.asOf)
    },
    async *rest() {
      if (!caughtUp || clock.passed() - restedMs < idleMs || current.size > 0) return
      restedMs = clock.passed()
      yield* checkpoints(undefined, new Date(startedMs + restedMs - 1000).toISOString())
    },
    async [Symbol.asyncDispose]() {
      for (const { touched } of undecided.values()) await touched[Symbol.asyncDispose]()
      await current[Symbol.asyncDispose]()
      await ready[Symbol.asyncDispose]()
    },
  }
}

async function* groups(
  ready: Touched,
  paces: ReadonlyMap<string, Pace>,
): AsyncGenerator<{ readonly source: string; readonly keys: readonly KeyTexts[] }> {
  const most = 500
  const open = new Map<string, KeyTexts[]>()
  for await (const { source, key } of ready.drain()) {
    const keys = open.get(source) ?? []
    open.set(source, keys)
    keys.push(key)
    if (keys.length < Math.min(most, paces.get(source)?.rows ?? most)) continue
    open.delete(source)
    yield { source, keys }
  }
  for (const [source, keys] of open) yield { source, keys }
}

/** Keys that a row has or had: it may have moved from one to another. */
function keysOf(table: Table, { before, after }: LoggedRow): readonly KeyTexts[] {
  const old =
    before === undefined
      ? undefined
      : table.key.map((column) => textOf(table, column.name, before[column.name], column.read))
  if (after === undefined) return old === undefined ? [] : [old]
  const changed = table.key.map((column, at) => {
    const value = after[column.name]
    // What did not change may be left out.
    const unchanged = value === null ? old?.[at] : undefined
    return unchanged ?? textOf(table, column.name, value, column.read)
  })
  return old === undefined ? [changed] : [old, changed]
}

function textOf(table: Table, name: string, value: unknown, read: (value: unknown) => string | undefined): string {
  if (value === null) throw expired(table.place, `its log leaves out the key column ${name}`)
  const text = read(value)
  if (text !== undefined) return text
  throw invalidSource(table.place, `a value of the key column ${name} cannot be told exactly from its log`, {
    fix: 'Name another unique index as key.',
  })
}

async function takeInto(target: Touched, from: Touched): Promise<void> {
  for await (const { source, key, touch } of from.drain()) {
    target.add(source, key, touch)
    await target.settle()
  }
}

const mostValuesAtOnce = 500

/** Keys of records, and of those that are touched by way of other tables, each once as far as they can be held. */
async function takeRecords(
  session: Session,
  sources: readonly Followed[],
  { from, to }: { readonly from: Touched; readonly to: Touched },
): Promise<void> {
  const open = new Map<string, { readonly source: Followed; readonly touch: Touch; readonly values: KeyTexts[] }>()
  const find = async ({ source, touch, values }: Exclude<ReturnType<typeof open.get>, undefined>): Promise<void> => {
    for await (const key of keysTouched(session, source.table, touch, values.splice(0))) {
      to.add(source.name, key)
      await to.settle()
    }
  }
  for await (const { source: name, key, touch: at } of from.drain()) {
    if (at === undefined) {
      to.add(name, key)
      await to.settle()
      continue
    }
    const source = sources.find((each) => each.name === name)
    const touch = source?.table.touches[at]
    if (source === undefined || touch === undefined) continue
    const group = open.get(`${name}\0${String(at)}`) ?? { source, touch, values: [] }
    open.set(`${name}\0${String(at)}`, group)
    group.values.push(key)
    if (group.values.length >= mostValuesAtOnce) await find(group)
  }
  for (const group of open.values()) if (group.values.length > 0) await find(group)
}

function checkAncestors(own: Table, table: TableId, { before, after }: LoggedRow): void {
  for (const ancestor of own.ancestors) {
    if (before === undefined || ancestor.schema !== table.schema || ancestor.name !== table.name) continue
    const isDelete = after === undefined && ancestor.onDelete
    const isUpdate =
      after !== undefined &&
      ancestor.onUpdate &&
      ancestor.columns.some((name) => String(before[name]) !== String(after[name]))
    if (isDelete || isUpdate) {
      throw expired(own.place, `rows of ${table.name} took others along by a foreign key, which is not logged`)
    }
  }
}

async function checkStatement(
  reader: Reader,
  source: Followed,
  { sql, schema }: Extract<LogItem, { kind: 'statement' }>,
): Promise<void> {
  const { table } = source
  const meanings = [table, ...tablesOf(table.branches)].map((each) => ({
    each,
    meaning: meaningOf(sql, schema, each),
  }))
  const lost = meanings.find(({ meaning }) => meaning === 'lost')?.each
  if (lost !== undefined) {
    const what = lost === table ? table.place.what : titleOf(lost)
    throw expired(table.place, `a statement changed ${what} as a whole`)
  }
  if (meanings.some(({ meaning }) => meaning === 'altered')) await inspectAgain(reader, source)
}
