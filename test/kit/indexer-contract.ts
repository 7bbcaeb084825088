import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { Change } from '../../schemas/record.ts'
import { AquiferError } from '../../src/core/errors.ts'
import {
  applyChanges,
  checkedChanges,
  collect,
  compareUtf8,
  cursorsOf,
  lastCheckpoint,
  outOfStep,
  putsOf,
  readChanges,
  readKeys,
  readOnce,
  readOptions,
} from './indexer-reading.ts'
import type { IndexerFixture } from './indexer-reading.ts'

export type { IndexerFixture } from './indexer-reading.ts'

const plain = ['apple', 'banana', 'cherry', 'date', 'elder', 'fig', 'grape'] as const

/** Names that break sorting by UTF-16, by locale or by folder, and whatever is put together by quoting. */
// prettier-ignore
const odd = [
  'a', 'a/b', 'a/b/c', 'a b', 'a.b', 'a-b', 'a0', 'ab', 'A', 'B', '%41', '_', '*', '?', '[a]', '{a}', '$1', "it's", 'say "so"',
  'back\\slash', 'a\nb', 'tab\there', ' lead', '~', 'zoë', 'zoe\u0308', 'ß', 'ı', '日本', '\uffee', '\u{1f600}', '\u{1f600}/x',
  '\u{10ffff}',
]

function textsOf(changes: readonly Change[], source: string): Record<string, string> {
  return Object.fromEntries(putsOf(changes, source).map((put) => [put.key, JSON.stringify(put.content)]))
}

/**
 * What every indexer promises, proven against its real source. A read may repeat what an earlier one handed over, with
 * the same digest, as long as the source has not settled: the pipeline drops it. It may never leave anything out.
 */
export function describeIndexerContract(name: string, makeFixture: () => Promise<IndexerFixture>): void {
  describe(`${name} as an indexer`, () => {
    describeReading(makeFixture)
    describeGoingOn(makeFixture)
    describeDeletes(makeFixture)
    describeKeys(makeFixture)
    describeStopping(makeFixture)
  })
}

function describeReading(makeFixture: () => Promise<IndexerFixture>): void {
  test('the first read holds everything once and ends in a checkpoint', async () => {
    await using fixture = await makeFixture()
    const [source] = fixture.sources
    const expected: string[] = []
    for (const name of plain) expected.push(await fixture.put(source, name, `text of ${name}`))
    const startedAt = Date.now()
    const changes = await readOnce(fixture)
    expect(
      putsOf(changes, source)
        .map(({ key }) => key)
        .toSorted(compareUtf8),
    ).toEqual(expected.toSorted(compareUtf8))
    const texts = textsOf(changes, source)
    for (const [index, name] of plain.entries()) expect(texts[expected[index] ?? '']).toContain(`text of ${name}`)
    expect(changes.findLast((change) => change.source === source)?.kind).toBe('checkpoint')
    const asOf = Date.parse(lastCheckpoint(changes, source).asOf)
    expect(asOf).toBeGreaterThan(startedAt - 60_000)
    expect(asOf).toBeLessThanOrEqual(Date.now() + 1000)
  })

  test('an empty source is a checkpoint and nothing else', async () => {
    await using fixture = await makeFixture()
    const changes = await readOnce(fixture)
    expect(changes.map(({ kind }) => kind)).toEqual(changes.map(() => 'checkpoint'))
    expect(Object.keys(cursorsOf(changes)).toSorted()).toEqual([...fixture.sources].toSorted())
    expect(await readKeys(fixture, fixture.sources[0], 'digests')).toEqual([])
  })

  test('every change says whose it is, and one cursor moves one source', async () => {
    await using fixture = await makeFixture()
    const [first, second] = fixture.sources
    const key = await fixture.put(first, 'same', 'in the first')
    await fixture.put(second, 'same', 'in the second')
    const changes = await readOnce(fixture)
    expect(textsOf(changes, first)[key]).toContain('in the first')
    expect(textsOf(changes, second)[key]).toContain('in the second')
    const again = await readOnce(fixture, { [first]: lastCheckpoint(changes, first).cursor })
    expect(putsOf(again, second).map((put) => put.key)).toEqual([key])
  })

  test('the same connection can be read again', async () => {
    await using fixture = await makeFixture()
    const [source] = fixture.sources
    const key = await fixture.put(source, 'one', 'text')
    await using indexer = await fixture.open(readOptions())
    const first = await readChanges(indexer, {})
    const second = await readChanges(indexer, {})
    expect(putsOf(first, source).map((put) => put.key)).toEqual([key])
    // Where a source counts all that happens in it, an unchanged item may be found at a later position.
    const items = (changes: readonly Change[]): unknown[] =>
      putsOf(changes, source).map((put) => ({ ...put, position: '' }))
    expect(items(second)).toEqual(items(first))
  })

  test('odd keys arrive whole', async () => {
    await using fixture = await makeFixture()
    const [source] = fixture.sources
    const names = odd.filter((name) => fixture.accepts?.(name) ?? true)
    const expected: string[] = []
    for (const name of names) expected.push(await fixture.put(source, name, `text of ${name}`))
    expect(
      putsOf(await readOnce(fixture), source)
        .map((put) => put.key)
        .toSorted(compareUtf8),
    ).toEqual(expected.toSorted(compareUtf8))
  })
}

function describeGoingOn(makeFixture: () => Promise<IndexerFixture>): void {
  test('a read from a checkpoint holds what came after, and no other news', async () => {
    await using fixture = await makeFixture()
    const [source] = fixture.sources
    for (const name of plain) await fixture.put(source, name, 'old')
    const before = await readOnce(fixture)
    const changed = await fixture.put(source, 'cherry', 'new')
    const added = await fixture.put(source, 'quince', 'new')
    const after = await readOnce(fixture, cursorsOf(before))
    const known = new Map(putsOf(before, source).map((put) => [put.key, put.digest]))
    const news = putsOf(after, source).filter((put) => known.get(put.key) !== put.digest)
    expect(new Set(news.map((put) => put.key))).toEqual(new Set([changed, added]))
    expect(after.findLast((change) => change.source === source)?.kind).toBe('checkpoint')
  })

  test('a settled source is not read again', async ({ skip }) => {
    await using fixture = await makeFixture()
    skip(fixture.readsWhole === true, 'this source is read whole each time')
    const [source] = fixture.sources
    for (const name of plain) await fixture.put(source, name, 'old')
    await fixture.settle?.()
    const before = await readOnce(fixture)
    const quiet = await readOnce(fixture, cursorsOf(before))
    expect(putsOf(quiet, source)).toEqual([])
    const changed = await fixture.put(source, 'cherry', 'new')
    const after = await readOnce(fixture, cursorsOf(quiet))
    expect(new Set(putsOf(after, source).map((put) => put.key))).toEqual(new Set([changed]))
  })

  test('a write during a read is not lost', async () => {
    await using fixture = await makeFixture()
    const [source] = fixture.sources
    for (const name of plain) await fixture.put(source, name, 'old')
    const changes: Change[] = []
    {
      await using indexer = await fixture.open(readOptions())
      for await (const change of checkedChanges(indexer, {})) {
        changes.push(change)
        if (changes.length !== 1) continue
        for (const name of ['apple', 'grape', '0 first', 'z last']) await fixture.put(source, name, 'new')
      }
    }
    const held = new Map<string, string>()
    applyChanges(held, changes, source)
    applyChanges(held, await readOnce(fixture, cursorsOf(changes)), source)
    expect(await outOfStep(fixture, held, source)).toEqual([])
    expect(held.size).toBe(plain.length + 2)
  })

  test('a crash after any change loses nothing', async () => {
    await using fixture = await makeFixture()
    const [source] = fixture.sources
    for (const name of plain) await fixture.put(source, name, 'old')
    const changes = await readOnce(fixture)
    await fixture.put(source, 'banana', 'new')
    await fixture.put(source, 'quince', 'new')
    // Only checkpoints move the cursor; what came after the last one may or may not be in the ledger.
    for (let end = 0; end <= changes.length; end += 1) {
      const seen = changes.slice(0, end)
      const held = new Map<string, string>()
      applyChanges(held, seen, source)
      applyChanges(held, await readOnce(fixture, cursorsOf(seen)), source)
      expect(await outOfStep(fixture, held, source)).toEqual([])
    }
  })

  test('a cursor that means nothing restarts from nothing', async () => {
    await using fixture = await makeFixture()
    const [source] = fixture.sources
    const key = await fixture.put(source, 'one', 'text')
    await fixture.settle?.()
    for (const cursor of [{ bogus: true }, 'bogus', 42, [], '', { since: 'yesterday' }]) {
      const changes = await readOnce(fixture, { [source]: cursor })
      expect(putsOf(changes, source).map((put) => put.key)).toEqual([key])
    }
  })

  test('what follows a restart is not lost', async () => {
    await using fixture = await makeFixture()
    const [source] = fixture.sources
    await fixture.put(source, 'one', 'text')
    const changes = await readOnce(fixture, { [source]: { bogus: true } })
    const held = new Map<string, string>()
    applyChanges(held, changes, source)
    await fixture.put(source, 'two', 'text')
    applyChanges(held, await readOnce(fixture, cursorsOf(changes)), source)
    expect(await outOfStep(fixture, held, source)).toEqual([])
  })
}

function describeDeletes(makeFixture: () => Promise<IndexerFixture>): void {
  test('a delete is seen as declared', async () => {
    await using fixture = await makeFixture()
    const [source] = fixture.sources
    const kept = await fixture.put(source, 'kept', 'text')
    const gone = await fixture.put(source, 'gone', 'text')
    const before = await readOnce(fixture)
    await fixture.remove(source, 'gone')
    const after = await readOnce(fixture, cursorsOf(before))
    const deletes = after.filter((change) => change.kind === 'delete').map((change) => change.key)
    expect(deletes).toEqual(fixture.deletes === 'streamed' ? [gone] : [])
    expect((await readKeys(fixture, source, 'keys')).map(({ key }) => key)).toEqual([kept])
  })

  test('what is deleted and made again is there', async () => {
    await using fixture = await makeFixture()
    const [source] = fixture.sources
    await fixture.put(source, 'phoenix', 'old')
    const before = await readOnce(fixture)
    const held = new Map<string, string>()
    applyChanges(held, before, source)
    await fixture.remove(source, 'phoenix')
    await fixture.put(source, 'phoenix', 'new')
    const after = await readOnce(fixture, cursorsOf(before))
    applyChanges(held, after, source)
    expect(await outOfStep(fixture, held, source)).toEqual([])
    expect(held.size).toBe(1)
  })
}

function describeKeys(makeFixture: () => Promise<IndexerFixture>): void {
  test('keys come in byte order, with the digests of the puts', async () => {
    await using fixture = await makeFixture()
    const [source, other] = fixture.sources
    for (const name of odd) if (fixture.accepts?.(name) ?? true) await fixture.put(source, name, `text of ${name}`)
    await fixture.put(other, 'elsewhere', 'text')
    const puts = putsOf(await readOnce(fixture), source).toSorted((left, right) => compareUtf8(left.key, right.key))
    const digests = await readKeys(fixture, source, 'digests')
    expect(digests).toEqual(puts.map(({ key, digest }) => ({ key, digest })))
    const keys = await readKeys(fixture, source, 'keys')
    expect(keys.map(({ key }) => key)).toEqual(puts.map(({ key }) => key))
  })

  test('a range holds its first key and not its last', async () => {
    await using fixture = await makeFixture()
    const [source] = fixture.sources
    const keys: string[] = []
    for (const name of odd) if (fixture.accepts?.(name) ?? true) keys.push(await fixture.put(source, name, 'text'))
    keys.sort(compareUtf8)
    await using indexer = await fixture.open(readOptions())
    const between = async (from: string | undefined, to: string | undefined): Promise<string[]> => {
      const range = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }
      return (await collect(indexer.keys(source, range, 'keys'))).map(({ key }) => key)
    }
    for (const [index, from] of keys.entries()) {
      expect(await between(from, undefined)).toEqual(keys.slice(index))
      expect(await between(undefined, from)).toEqual(keys.slice(0, index))
      expect(await between(from, keys[index + 3])).toEqual(
        keys.slice(index, index + 3 < keys.length ? index + 3 : undefined),
      )
      expect(await between(`${from}!`, undefined)).toEqual(keys.filter((key) => compareUtf8(key, `${from}!`) >= 0))
    }
    expect(await between('m', 'm')).toEqual([])
  })
}

function describeStopping(makeFixture: () => Promise<IndexerFixture>): void {
  test('reading until aborted hands over what is written meanwhile, then ends', async () => {
    await using fixture = await makeFixture()
    const [source] = fixture.sources
    const early = await fixture.put(source, 'early', 'text')
    await fixture.settle?.()
    const stop = new AbortController()
    const changes: Change[] = []
    let late: string | undefined
    let abortedAt = Number.NaN
    {
      await using indexer = await fixture.open(readOptions({ until: 'abort', signal: stop.signal }))
      for await (const change of checkedChanges(indexer, {})) {
        changes.push(change)
        if (change.source !== source) continue
        if (change.kind === 'checkpoint' && late === undefined) late = await fixture.put(source, 'late', 'text')
        if (change.kind === 'checkpoint' && putsOf(changes, source).some((put) => put.key === late)) {
          abortedAt = Date.now()
          stop.abort()
        }
      }
    }
    const keys = putsOf(changes, source).map((put) => put.key)
    expect(keys).toContain(late)
    expect(fixture.readsWhole === true ? 1 : keys.filter((key) => key === early).length).toBe(1)
    expect(Date.now() - abortedAt).toBeLessThan(2000)
  })

  test('an abort wakes a read that waits for more', async () => {
    await using fixture = await makeFixture()
    const stop = new AbortController()
    await using indexer = await fixture.open(readOptions({ until: 'abort', signal: stop.signal, everyMs: 600_000 }))
    const reading = collect(checkedChanges(indexer, {}))
    await sleep(300)
    const abortedAt = Date.now()
    stop.abort()
    await reading
    expect(Date.now() - abortedAt).toBeLessThan(2000)
  })

  test.for(['now', 'abort'] as const)(
    'aborted in mid-read (until %s), no checkpoint claims the rest',
    async (until) => {
      await using fixture = await makeFixture()
      const [source] = fixture.sources
      for (const name of plain) await fixture.put(source, name, 'text')
      const stop = new AbortController()
      const changes: Change[] = []
      {
        await using indexer = await fixture.open(readOptions({ until, signal: stop.signal }))
        for await (const change of checkedChanges(indexer, {})) {
          changes.push(change)
          if (putsOf(changes, source).length === 2) stop.abort()
        }
      }
      const held = new Map<string, string>()
      applyChanges(held, changes, source)
      applyChanges(held, await readOnce(fixture, cursorsOf(changes)), source)
      expect(await outOfStep(fixture, held, source)).toEqual([])
    },
  )

  test.for([0, 2])('keys aborted after %i of them throw: a list cut short would look like deletes', async (count) => {
    await using fixture = await makeFixture()
    const [source] = fixture.sources
    for (const name of plain) await fixture.put(source, name, 'text')
    const stop = new AbortController()
    await using indexer = await fixture.open(readOptions({ signal: stop.signal }))
    const keys: string[] = []
    const reading = async (): Promise<void> => {
      if (count === 0) stop.abort()
      for await (const { key } of indexer.keys(source, {}, 'keys')) if (keys.push(key) === count) stop.abort()
    }
    const error = await reading().catch((thrown: unknown) => thrown)
    // What was at hand already may still be handed over whole.
    const isCancelled = error instanceof AquiferError && error.code === 'CANCELLED'
    expect(isCancelled || (error === undefined && keys.length === plain.length)).toBe(true)
  })

  test('a reader that walks away leaves nothing behind', async () => {
    await using fixture = await makeFixture()
    const [source] = fixture.sources
    for (const name of plain) await fixture.put(source, name, 'text')
    {
      await using indexer = await fixture.open(readOptions())
      for await (const change of checkedChanges(indexer, {})) if (change.kind === 'put') break
      for await (const { key } of indexer.keys(source, {}, 'digests')) if (key !== '') break
      expect((await readChanges(indexer, {})).at(-1)?.kind).toBe('checkpoint')
    }
    expect(putsOf(await readOnce(fixture), source)).toHaveLength(plain.length)
  })
}
