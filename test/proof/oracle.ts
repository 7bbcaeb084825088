import { isDeepStrictEqual } from 'node:util'
import { pseudoVector } from '../kit/pseudo-vector.ts'
import { dimensions, tagsOf, type Expected } from './item.ts'
import { readShown, type Shown } from './read-elasticsearch.ts'
import { readLedger, type Held, type HeldChunk } from './read-ledger.ts'
import type { Scene } from './scene.ts'

/** One key of which the stores do not say the same, with what each of them says. */
export interface Divergence {
  readonly source: string
  readonly key: string
  readonly problem: string
  readonly atSource?: unknown
  readonly inLedger?: unknown
  readonly inElasticsearch?: unknown
}

/** Compares every store with the sources, key by key, by nothing but their own drivers, SQL and HTTP. */
export async function compare({ kinds, stores }: Scene): Promise<readonly Divergence[]> {
  const { records, faults } = await readLedger(stores.ledgerUrl)
  const shown = await readShown(stores.elasticsearchUrl, stores.prefix)
  const held = new Map(records.map((record) => [`${record.source} ${record.key}`, record]))
  const found: Divergence[] = faults.map((problem) => ({ source: 'ledger', key: '', problem }))
  const accounted = new Set<number>()
  for (const kind of kinds) {
    for (const [source, items] of await kind.read()) {
      for (const [key, item] of items) {
        const id = `${source} ${key}`
        found.push(...differences({ source, key }, item, held.get(id), shown, accounted))
        held.delete(id)
      }
    }
  }
  for (const record of held.values()) {
    const { source, key } = record
    if (!record.deleted)
      found.push({ source, key, problem: 'the ledger shows what is not at the source', inLedger: record })
    else if (record.chunks.length > 0 || record.text !== '' || record.title !== '' || record.acl.length > 0)
      found.push({ source, key, problem: 'the tombstone still holds something', inLedger: record })
  }
  const byId = new Map(records.map((record) => [record.id, record]))
  for (const [chunk, passage] of shown) {
    if (accounted.has(chunk)) continue
    const record = byId.get(Math.floor(chunk / width))
    const { source = 'elasticsearch', key = `chunk ${String(chunk)}` } = record ?? {}
    found.push({
      source,
      key,
      problem: 'Elasticsearch shows a passage that should be gone',
      inLedger: record,
      inElasticsearch: passage,
    })
  }
  return found
}

/** Width of a slot in a chunk's address. */
const width = 65_536

function differences(
  place: { readonly source: string; readonly key: string },
  item: Expected,
  record: Held | undefined,
  shown: ReadonlyMap<number, Shown>,
  accounted: Set<number>,
): readonly Divergence[] {
  if (record === undefined || record.deleted) {
    return [{ ...place, problem: 'the ledger does not have it', atSource: item, inLedger: record }]
  }
  for (const { id } of record.chunks) accounted.add(id)
  const problems = recordProblems(item, record)
  if (problems.length > 0) return problems.map((problem) => ({ ...place, problem, atSource: item, inLedger: record }))
  const found: Divergence[] = []
  for (const chunk of record.chunks) {
    const passage = shown.get(chunk.id)
    for (const problem of passageProblems(item, record, chunk, passage)) {
      found.push({ ...place, problem, atSource: item, inLedger: record, inElasticsearch: passage ?? 'nothing' })
    }
  }
  return found
}

function recordProblems(item: Expected, record: Held): readonly string[] {
  const facets = Object.entries(item.fields).map(([name, value]) => `${name}=${String(value)}`)
  const said = record.chunks.map(({ header, text }) => `${header}\n${text}`).join('\n')
  const checks: readonly (readonly [string, boolean])[] = [
    ['the ledger has another title', record.title === item.title],
    ['the ledger has another text', record.text === item.text],
    ['the ledger has other fields', isDeepStrictEqual(record.fields, item.fields)],
    ['the ledger has other facets', isDeepStrictEqual(record.facets.toSorted(), facets.toSorted())],
    ['the ledger lets others read it', isDeepStrictEqual(record.acl.toSorted(), item.readers.toSorted())],
    ['the ledger has no passage of it', record.chunks.length > 0],
    ['the passages say something else', isDeepStrictEqual(wordsOf(said), wordsOf(`${item.title}\n${item.text}`))],
    ['a passage has no vector, or several', record.chunks.every(({ vectors }) => vectors.length === 1)],
    ['a vector is of something else', record.chunks.every((chunk) => hasItsVector(item, chunk))],
  ]
  return checks.filter(([, isWell]) => !isWell).map(([problem]) => problem)
}

const wordsOf = (text: string): readonly string[] =>
  [...new Set(text.split(/\s+/).filter((word) => word !== ''))].toSorted()

/** As its row brought it along, else as the stand-in for a model makes it of the passage; in half precision. */
function hasItsVector({ vector }: Expected, { header, text, vectors }: HeldChunk): boolean {
  const [stored] = vectors
  if (stored === undefined) return true
  const expected = vector ?? [...pseudoVector(header === '' ? text : `${header}\n${text}`, dimensions)]
  // pgvector prints `[1,2,3]`, which is JSON.
  const numbers = JSON.parse(stored) as readonly number[]
  return (
    numbers.length === expected.length && numbers.every((number, at) => Math.abs(number - (expected[at] ?? 0)) < 0.001)
  )
}

function passageProblems(
  item: Expected,
  record: Held,
  chunk: HeldChunk,
  passage: Shown | undefined,
): readonly string[] {
  if (passage === undefined) return ['Elasticsearch does not show a passage of it']
  const facets = Object.entries(item.fields).map(([name, value]) => `${name}=${String(value)}`)
  const checks: readonly (readonly [string, boolean])[] = [
    [
      'Elasticsearch has another text',
      isDeepStrictEqual(passage.tags.toSorted(), tagsOf(`${chunk.header}\n${chunk.text}`)),
    ],
    ['Elasticsearch lets others find it', isDeepStrictEqual(passage.acl.toSorted(), item.readers.toSorted())],
    ['Elasticsearch has other facets', isDeepStrictEqual(passage.facets.toSorted(), facets.toSorted())],
    ['Elasticsearch has another version', passage.feed === record.feed],
  ]
  return checks.filter(([, isWell]) => !isWell).map(([problem]) => problem)
}
