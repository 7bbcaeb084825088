import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { AquiferError } from '../../src/core/errors.ts'
import type {
  ColumnType,
  Cell,
  Engine,
  EngineResult,
  RunLimits,
  RunOptions,
  Statement,
} from '../../src/semantic/engine.ts'
import type { TcpProxy } from './tcp-proxy.ts'
import { until } from './until.ts'

/** A database with a table `item` (id whole number, label text) of the rows 1 one, 2 two, 3 three. */
export interface EngineFixture extends AsyncDisposable {
  readonly engine: Engine
  readonly sql: EngineSql
  /** Adds an item as somebody else would, who may. */
  addItem(id: number, label: string): Promise<unknown>
  /** All that could have been changed, as somebody else sees it. */
  state(): Promise<unknown>
  /** How many statements that hold this marker run in the database; absent where nobody can see. */
  running?(marker: string): Promise<number>
}

/** A database that others use as well, over a network that can break. */
export interface ServerFixture extends EngineFixture {
  readonly network: Pick<TcpProxy, 'cut' | 'restore' | 'breakNext'>
  running(marker: string): Promise<number>
}

/** The same things, said to different databases. */
export interface EngineSql {
  /** Values of every kind of column, with what they must become. */
  readonly types: readonly TypeCase[]
  /** A table with one row of columns that only a table can have. */
  readonly typesFrom?: string
  /** A row of four: text, whole number, fraction, and text that is null. */
  echo(text: string, whole: number, fraction: number): Statement
  /** So many rows of a number and a text of 32 characters. */
  series(rows: number): string
  /** Runs for minutes. */
  forever(marker: string): string
  /** One column, the number given. */
  number(value: number): string
  /** Fails by this very text, which is nobody's business. */
  fails(secret: string): string
  /** Whatever somebody who could write SQL would try: none of it may have an effect. */
  readonly hostile: readonly string[]
}

export interface TypeCase {
  readonly sql: string
  readonly type: ColumnType
  readonly cell: Cell
}

export const items = 'select id, label from item order by id'
const threeItems = [
  [1, 'one'],
  [2, 'two'],
  [3, 'three'],
]
const generous: RunLimits = { rows: 10_000, bytes: 1_000_000, timeoutMs: 60_000 }

export function ask(
  engine: Engine,
  sql: string | Statement,
  options: Partial<RunLimits & RunOptions> = {},
): Promise<EngineResult> {
  const { tables = ['item'], signal, ...limits } = options
  const statement = typeof sql === 'string' ? { sql, values: [] } : sql
  return engine.run(statement, { limits: { ...generous, ...limits }, tables, signal })
}

export const refusal = async (work: Promise<unknown>): Promise<AquiferError> => {
  const thrown: unknown = await work.then(
    () => 'nothing was refused',
    (error: unknown) => error,
  )
  if (thrown instanceof AquiferError) return thrown
  throw thrown
}

/** What every engine promises, proven in its real database. */
export function describeEngine(name: string, makeFixture: () => Promise<EngineFixture>): void {
  describe(`${name} as an engine`, () => {
    describeValues(makeFixture)
    describeLimits(makeFixture)
    describeSafety(makeFixture)
    describeWatermark(makeFixture)
  })
}

type MakeFixture = () => Promise<EngineFixture>

function describeValues(makeFixture: MakeFixture): void {
  test('every type of column has its form', async () => {
    await using fixture = await makeFixture()
    const { types, typesFrom } = fixture.sql
    const from = typesFrom === undefined ? '' : ` from ${typesFrom}`
    const columns = types.map(({ sql }, index) => `${sql} as c${String(index)}`)
    const { rows, ...answer } = await ask(fixture.engine, `select ${columns.join(', ')}${from}`, { tables: [] })
    expect(answer.columns).toEqual(types.map(({ type }, index) => ({ name: `c${String(index)}`, type })))
    expect(rows).toEqual([types.map(({ cell }) => cell)])
  })

  test('values come back as they went in', async () => {
    await using fixture = await makeFixture()
    for (const text of ["it's", 'back\\slash', 'a "b" `c` $1 ? {p1}', 'ä日本\u{1f600}\n\t', '', 'NULL', '\\N']) {
      const { rows } = await ask(fixture.engine, fixture.sql.echo(text, -7, 0.25), { tables: [] })
      expect(rows).toEqual([[text, -7, 0.25, null]])
    }
  })

  test('an answer without rows has columns', async () => {
    await using fixture = await makeFixture()
    const answer = await ask(fixture.engine, 'select id, label from item where id = 99')
    expect(answer).toMatchObject({ rows: [], truncated: false })
    expect(answer.columns.map((column) => column.name)).toEqual(['id', 'label'])
  })

  test('the columns of a table are told, and the nearest name where there is none', async () => {
    await using fixture = await makeFixture()
    expect(await fixture.engine.columns('item')).toEqual([
      { name: 'id', type: 'number' },
      { name: 'label', type: 'text' },
    ])
    const { code, message } = await refusal(fixture.engine.columns('itme'))
    expect(code).toBe('METRIC_TABLE_UNKNOWN')
    expect(message).toContain('itme; did you mean item?')
  })

  test('many statements at once each get their own answer', async () => {
    await using fixture = await makeFixture()
    const numbers = Array.from({ length: 30 }, (_, index) => index)
    const answers = await Promise.all(numbers.map((each) => ask(fixture.engine, fixture.sql.number(each))))
    expect(answers.map(({ rows }) => rows)).toEqual(numbers.map((each) => [[each]]))
  })
}

function describeLimits(makeFixture: MakeFixture): void {
  test('rows beyond the limit are left unread, and it is said', async () => {
    await using fixture = await makeFixture()
    const { sql, engine } = fixture
    const few = await ask(engine, sql.series(5000), { rows: 4 })
    expect([few.rows.length, few.truncated]).toEqual([4, true])
    const all = await ask(engine, sql.series(5000), { rows: 5000 })
    expect([all.rows.length, all.truncated]).toEqual([5000, false])
    expect((await ask(engine, items)).rows).toEqual(threeItems)
  })

  test('bytes beyond the limit are left unread, and it is said', async () => {
    await using fixture = await makeFixture()
    const { sql, engine } = fixture
    const answer = await ask(engine, sql.series(5000), { bytes: 10_000 })
    expect(answer.truncated).toBe(true)
    const size = JSON.stringify(answer.rows).length
    expect(size).toBeGreaterThan(8000)
    expect(size).toBeLessThan(11_000)
    expect((await ask(engine, items)).rows).toEqual(threeItems)
  })

  test('an answer of three million rows stays within its limits and within memory', async () => {
    await using fixture = await makeFixture()
    // The first of its kind also pays for compiling the engine, where that runs in this process.
    await ask(fixture.engine, fixture.sql.series(100_000), { rows: 100_000, bytes: 4_000_000 })
    const watch = watchMemory()
    const answer = await ask(fixture.engine, fixture.sql.series(3_000_000), { rows: 3_000_000, bytes: 4_000_000 })
    expect(answer.truncated).toBe(true)
    expect(answer.rows.length).toBeGreaterThan(50_000)
    expect(JSON.stringify(answer.rows).length).toBeLessThan(4_100_000)
    expect(watch.end() / 1e6).toBeLessThan(150)
  })

  test('a statement that takes too long is ended in the database too', async () => {
    await using fixture = await makeFixture()
    const startedAt = performance.now()
    const error = await refusal(ask(fixture.engine, fixture.sql.forever('too_long'), { timeoutMs: 700 }))
    expect(error.code).toBe('METRIC_TIMEOUT')
    expect(performance.now() - startedAt).toBeLessThan(5000)
    await until(async () => ((await fixture.running?.('too_long')) ?? 0) === 0)
    expect((await ask(fixture.engine, items)).rows).toEqual(threeItems)
  })

  test('a statement that nobody waits for any more is ended in the database too', async () => {
    await using fixture = await makeFixture()
    const caller = new AbortController()
    const asked = ask(fixture.engine, fixture.sql.forever('given_up'), { signal: caller.signal })
    asked.catch(() => {})
    if (fixture.running === undefined) await sleep(1500)
    else await until(async () => (await fixture.running?.('given_up')) === 1)
    const abortedAt = performance.now()
    caller.abort()
    expect((await refusal(asked)).code).toBe('CANCELLED')
    expect(performance.now() - abortedAt).toBeLessThan(500)
    await until(async () => ((await fixture.running?.('given_up')) ?? 0) === 0)
    expect((await ask(fixture.engine, items)).rows).toEqual(threeItems)
  })

  test('what still runs when the engine is closed is ended in the database too, and closing does not wait', async () => {
    await using fixture = await makeFixture()
    const asked = ask(fixture.engine, fixture.sql.forever('still_runs'))
    asked.catch(() => {})
    if (fixture.running === undefined) await sleep(1500)
    else await until(async () => (await fixture.running?.('still_runs')) === 1)
    const closedAt = performance.now()
    await fixture.engine[Symbol.asyncDispose]()
    expect(performance.now() - closedAt).toBeLessThan(3000)
    expect((await refusal(asked)).code).toBe('CANCELLED')
    await until(async () => ((await fixture.running?.('still_runs')) ?? 0) === 0)
  })

  test('a caller who is gone before asking is not asked for', async () => {
    await using fixture = await makeFixture()
    const error = await refusal(ask(fixture.engine, items, { signal: AbortSignal.abort() }))
    expect(error.code).toBe('CANCELLED')
  })
}

function describeSafety(makeFixture: MakeFixture): void {
  test('nothing that is said to it changes anything, nor what comes after', async () => {
    await using fixture = await makeFixture()
    const before = await fixture.state()
    for (const sql of fixture.sql.hostile) {
      const outcome = await ask(fixture.engine, sql, { timeoutMs: 10_000 }).then(
        () => 'METRIC_ANSWERED',
        (error: unknown) => (error instanceof AquiferError ? error.code : error),
      )
      expect([sql, outcome]).toEqual([sql, expect.stringMatching(/^METRIC_/)])
      expect([sql, (await ask(fixture.engine, items)).rows]).toEqual([sql, threeItems])
      expect([sql, await fixture.state()]).toEqual([sql, before])
    }
    const many = await Promise.all(Array.from({ length: 12 }, () => ask(fixture.engine, items)))
    expect(many.map(({ rows }) => rows)).toEqual(many.map(() => threeItems))
  })

  test('what is not a query is not run', async () => {
    await using fixture = await makeFixture()
    const { code, message } = await refusal(ask(fixture.engine, 'commit'))
    expect([code, message]).toEqual(['METRIC_SQL_FAILED', expect.not.stringContaining('commit')])
  })

  test('an error names the column or table, and never a value or the statement', async () => {
    await using fixture = await makeFixture()
    const unknown = await refusal(ask(fixture.engine, 'select nonsense from item'))
    expect([unknown.code, unknown.message]).toEqual([
      'METRIC_SQL_FAILED',
      expect.stringContaining('no column nonsense'),
    ])
    const missing = await refusal(ask(fixture.engine, 'select 1 from no_such_table'))
    expect([missing.code, missing.message]).toEqual(['METRIC_TABLE_UNKNOWN', expect.stringContaining('no_such_table')])
    const failed = await refusal(ask(fixture.engine, fixture.sql.fails('geheim')))
    expect(failed.code).toBe('METRIC_SQL_FAILED')
    expect(failed.message).not.toMatch(/geheim|select/i)
    expect((await ask(fixture.engine, items)).rows).toEqual(threeItems)
  })
}

function describeWatermark(makeFixture: MakeFixture): void {
  test('the watermark is the same until somebody writes', async () => {
    await using fixture = await makeFixture()
    const first = await settled(fixture.engine)
    await fixture.addItem(4, 'four')
    const changed = await ask(fixture.engine, items)
    expect(changed.rows).toEqual([...threeItems, [4, 'four']])
    expect(changed.watermark).not.toBe(first)
    expect(await settled(fixture.engine)).not.toBe(first)
  })
}

/** What an engine promises besides, whose database is a server. */
export function describeServer(name: string, makeFixture: () => Promise<ServerFixture>): void {
  describe(`${name} as a server`, () => {
    describeSharing(makeFixture)
    describeFaults(makeFixture)
  })
}

function describeSharing(makeFixture: MakeFixture): void {
  test('while somebody writes, equal watermarks have equal rows', async () => {
    await using fixture = await makeFixture()
    const seen = new Map<string, string>()
    const done = new AbortController()
    const writer = (async () => {
      for (let id = 10; id < 110; id += 1) await fixture.addItem(id, 'more')
      done.abort()
    })()
    const read = async (): Promise<void> => {
      while (!done.signal.aborted) {
        const { watermark, rows } = await ask(fixture.engine, 'select count(*), max(id) from item')
        const text = JSON.stringify(rows)
        expect(seen.get(watermark) ?? text).toBe(text)
        seen.set(watermark, text)
      }
    }
    await Promise.all([writer, read(), read()])
    expect((await ask(fixture.engine, 'select count(*) from item')).rows).toEqual([[103]])
  })
}

function describeFaults(makeFixture: () => Promise<ServerFixture>): void {
  test('a database that goes away is unreachable, and is asked again when it is back', async () => {
    await using fixture = await makeFixture()
    const { network, engine } = fixture
    expect((await ask(engine, items)).rows).toEqual(threeItems)
    network.cut()
    const error = await refusal(ask(engine, items, { timeoutMs: 20_000 }))
    expect([error.code, error.message]).toEqual([
      'METRIC_ENGINE_UNREACHABLE',
      expect.not.stringMatching(/127\.0|localhost/),
    ])
    network.restore()
    expect((await ask(engine, items)).rows).toEqual(threeItems)
  })

  test('a connection that broke while it idled is not the business of the next statement', async () => {
    await using fixture = await makeFixture()
    const { network, engine } = fixture
    expect((await ask(engine, items)).rows).toEqual(threeItems)
    network.cut()
    network.restore()
    expect((await ask(engine, items)).rows).toEqual(threeItems)
    // Now it is idle, and nobody notices before it is used.
    await sleep(200)
    network.breakNext()
    expect((await ask(engine, items)).rows).toEqual(threeItems)
  })

  test('a statement that runs while the database goes away is unreachable', async () => {
    await using fixture = await makeFixture()
    const { network, engine } = fixture
    const asked = refusal(ask(engine, fixture.sql.forever('cut_off')))
    await until(async () => (await fixture.running('cut_off')) === 1)
    network.cut()
    expect((await asked).code).toBe('METRIC_ENGINE_UNREACHABLE')
    network.restore()
    expect((await ask(engine, items)).rows).toEqual(threeItems)
  })
}

/** The watermark of two statements in a row. Other tests write to the same server: then it takes a few more. */
async function settled(engine: Engine): Promise<string> {
  const statements = [items, 'select count(*) from item'] as const
  for (let round = 0; round < 200; round += 1) {
    const [one, other] = [await ask(engine, statements[0]), await ask(engine, statements[1])]
    if (one.watermark === other.watermark) return one.watermark
    await sleep(10)
  }
  throw new Error('no two statements in a row have one watermark')
}

/** The most that this process grows by until `end`, in bytes. */
function watchMemory(): { end(): number } {
  globalThis.gc?.()
  const before = process.memoryUsage().rss
  let most = before
  const timer = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 10)
  return {
    end: () => {
      clearInterval(timer)
      return Math.max(most, process.memoryUsage().rss) - before
    },
  }
}
