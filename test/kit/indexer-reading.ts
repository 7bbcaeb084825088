import { createHmac } from 'node:crypto'
import { z } from 'zod'
import type { Cursors, Indexer, IndexerType, KeyDigest, KeyRange, OpenOptions } from '../../src/core/indexer.ts'
import { AquiferError } from '../../src/core/errors.ts'
import { silentLog } from '../../src/core/log.ts'
import { systemClock } from '../../src/core/clock.ts'
import { Change, Json } from '../../schemas/record.ts'

/** What the contract decides about a connection; the fixture adds its sources. */
export type ReadOptions = Omit<OpenOptions<unknown>, 'sources'>
export type Put = Extract<Change, { kind: 'put' }>
export type Checkpoint = Extract<Change, { kind: 'checkpoint' }>

/** Two empty sources of one connection on the real thing, for one test. */
export interface IndexerFixture extends AsyncDisposable {
  readonly sources: readonly [string, string]
  readonly deletes: IndexerType['deletes']
  open(options: ReadOptions): Promise<Indexer>
  /** Makes or overwrites an item whose content shows `text`; answers the key under which the indexer will hand it over. */
  put(source: string, name: string, text: string): Promise<string>
  remove(source: string, name: string): Promise<void>
  /** False for a name that this source cannot hold, such as a second one on a file system that folds case. */
  accepts?(name: string): boolean
  /** Lets the indexer's safety margin pass: from here on, what was written before need not be read again. */
  settle?(): Promise<void>
  /** Its reads always hold everything, so that what an incremental read leaves out is not tested. */
  readonly readsWhole?: true
}

function digestOf(canonical: string | Uint8Array): string {
  return createHmac('sha256', 'contract').update(canonical).digest('hex')
}

export function readOptions(changed: Partial<ReadOptions> = {}): ReadOptions {
  return {
    connection: 'test',
    others: async () => ({}),
    until: 'now',
    signal: new AbortController().signal,
    clock: systemClock,
    log: silentLog,
    digest: digestOf,
    everyMs: 50,
    ...changed,
  }
}

export async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const collected: Item[] = []
  for await (const item of items) collected.push(item)
  return collected
}

/** Every change as the pipeline would accept it: one that breaks the schema fails the test. */
export async function* checkedChanges(indexer: Indexer, after: Cursors): AsyncGenerator<Change> {
  for await (const change of indexer.changes(after)) yield Change.parse(change)
}

/** Reads as the pipeline does: a source whose history is lost is read from nothing. */
export async function readChanges(indexer: Indexer, after: Cursors): Promise<Change[]> {
  const changes: Change[] = []
  try {
    for await (const change of checkedChanges(indexer, after)) changes.push(change)
    return changes
  } catch (error) {
    if (!(error instanceof AquiferError) || error.code !== 'CURSOR_EXPIRED') throw error
    return readChanges(indexer, {})
  }
}

/** Opens, reads once and closes, as a process that is started for one sync. */
export async function readOnce(fixture: IndexerFixture, after: Cursors = {}): Promise<Change[]> {
  await using indexer = await fixture.open(readOptions())
  return await readChanges(indexer, after)
}

export async function readKeys(
  fixture: IndexerFixture,
  source: string,
  want: 'keys' | 'digests',
  range: KeyRange = {},
): Promise<KeyDigest[]> {
  await using indexer = await fixture.open(readOptions())
  return await collect(indexer.keys(source, range, want))
}

export function putsOf(changes: readonly Change[], source: string): Put[] {
  return changes.filter((change) => change.kind === 'put').filter((put) => put.source === source)
}

export function lastCheckpoint(changes: readonly Change[], source: string): Checkpoint {
  const checkpoint = changes.findLast((change) => change.kind === 'checkpoint' && change.source === source)
  if (checkpoint?.kind !== 'checkpoint') throw new Error(`no checkpoint of ${source}`)
  return checkpoint
}

/** The last cursor of each source, through JSON as the ledger keeps it. */
export function cursorsOf(changes: readonly Change[]): Cursors {
  const cursors: Record<string, Json> = {}
  for (const change of changes) if (change.kind === 'checkpoint') cursors[change.source] = change.cursor
  return z.record(z.string(), Json).parse(JSON.parse(JSON.stringify(cursors)))
}

/** What a ledger holds of a source after these changes: digest by key. */
export function applyChanges(held: Map<string, string>, changes: readonly Change[], source: string): void {
  for (const change of changes) {
    if (change.source !== source) continue
    if (change.kind === 'put') held.set(change.key, change.digest)
    if (change.kind === 'delete') held.delete(change.key)
  }
}

/**
 * Keys on which a ledger that holds `held` and finds deletes as the pipeline does would differ from the source: none,
 * whatever the reads before repeated.
 */
export async function outOfStep(fixture: IndexerFixture, held: Map<string, string>, source: string): Promise<string[]> {
  const there = new Map((await readKeys(fixture, source, 'digests')).map(({ key, digest }) => [key, digest]))
  if (fixture.deletes === 'by comparison') for (const key of held.keys()) if (!there.has(key)) held.delete(key)
  return [...new Set([...held.keys(), ...there.keys()])].filter((key) => held.get(key) !== there.get(key))
}

export function compareUtf8(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right))
}
