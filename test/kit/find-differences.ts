import type { Put } from '../../src/pipeline/map-change.ts'
import type { Status } from '../../schemas/search.ts'
import type { SourceConfig } from '../../src/core/config.ts'
import { loadConfig } from '../../src/config/load-config.ts'
import { openWordPiece } from '../../src/models/word-piece.ts'
import { embeddedText } from '../../src/pipeline/embed-chunks.ts'
import { chunkMapped, mapPut } from '../../src/pipeline/map-change.ts'
import { openEmbeddedLedger } from '../../src/stores/postgres/embedded/open-embedded-ledger.ts'
import { commonWord, type ChangingSource, type SourceItem } from './changing-source.ts'
import type { Deployment, Stores } from './deployment.ts'
import { findByWord, readDocuments } from './elasticsearch-documents.ts'
import { readLedgerContent, type LedgerContent, type StoredRecord } from './ledger-content.ts'
import { openLedgerSql } from './ledger-sql.ts'
import { pseudoVector } from './pseudo-vector.ts'

/** What of a deployment is not as the source is, key by key, in words; nothing when all is well. No process may run. */
export async function findDifferences(deployment: Deployment, source: ChangingSource): Promise<string[]> {
  const status = await deployment.json<Status>('status')
  const content = await readContent(deployment.stores)
  const differences = [
    ...statusDifferences(status),
    ...ledgerDifferences(content),
    ...(await recordDifferences(deployment, content, await source.read())),
    ...(await wordDifferences(deployment.stores, content)),
  ]
  return differences.length <= 20 ? differences : [...differences.slice(0, 20), `${String(differences.length)} in all`]
}

export async function readContent(stores: Stores): Promise<LedgerContent> {
  await using sql = await openLedgerSql(stores)
  return await readLedgerContent(sql)
}

function statusDifferences({ sources, stores }: Status): string[] {
  return [
    ...sources.flatMap(({ name, state, position, ledger_position, dead_letters }) => [
      ...(state === 'idle' ? [] : [`${name} is ${state}`]),
      ...(position !== null && position === ledger_position ? [] : [`${name} is held back at ${String(position)}`]),
      ...(dead_letters === 0 ? [] : [`${name} has ${String(dead_letters)} dead letters`]),
    ]),
    ...stores.flatMap(({ name, behind, chunks }) => [
      ...(behind === 0 ? [] : [`${name} is ${String(behind)} behind`]),
      ...(chunks === stores[0]?.chunks ? [] : [`${name} has ${String(chunks)} chunks`]),
    ]),
  ]
}

/** What the ledger's own tables say about each other. */
function ledgerDifferences({ sources, records, strays, generations }: LedgerContent): string[] {
  const differences: string[] = []
  if (generations !== 1) differences.push(`there are ${String(generations)} generations`)
  if (strays.chunks !== 0 || strays.vectors !== 0) differences.push(`strays: ${JSON.stringify(strays)}`)
  for (const source of sources) {
    const own = records.filter((record) => record.source === source.name)
    const live = own.filter(({ deleted }) => !deleted)
    const chunks = live.reduce((sum, record) => sum + record.chunks.length, 0)
    if (source.records !== live.length) {
      differences.push(`${source.name} counts ${String(source.records)} records of ${String(live.length)}`)
    }
    if (source.chunks !== chunks)
      differences.push(`${source.name} counts ${String(source.chunks)} chunks of ${String(chunks)}`)
    if (source.held) differences.push(`${source.name} is still claimed`)
    if (new Set(own.map(({ feed }) => feed)).size !== own.length)
      differences.push(`${source.name} has a feed number twice`)
    if (own.some(({ feed }) => feed > source.feed)) differences.push(`${source.name} has a feed number from the future`)
  }
  return differences
}

async function recordDifferences(
  { dir }: Deployment,
  { records }: LedgerContent,
  truth: ReadonlyMap<string, ReadonlyMap<string, SourceItem>>,
): Promise<string[]> {
  const config = await loadConfig({ dir, env: {} })
  const { countTokens } = await openWordPiece()
  const chunking = { maxTokens: config.chunking.maxTokens, countTokens }
  const differences: string[] = []
  const held = new Map<string, StoredRecord>()
  for (const record of records) {
    const id = `${record.source} ${record.key}`
    if (held.has(id)) differences.push(`${id} is there twice`)
    held.set(id, record)
    if (record.deleted && (record.title !== '' || record.text !== ''))
      differences.push(`${id} is deleted and has a text`)
    if (!record.deleted && truth.get(record.source)?.has(record.key) !== true) differences.push(`${id} is too much`)
  }
  for (const [name, items] of truth) {
    const source = config.sources[name]
    if (source === undefined) throw new Error(`${name} is not configured`)
    for (const [key, item] of items) {
      const record = held.get(`${name} ${key}`)
      if (record === undefined || record.deleted) differences.push(`${name} ${key} is missing`)
      else {
        const problem = recordProblem(record, item, source, chunking)
        if (problem !== undefined) differences.push(`${name} ${key}: ${problem}`)
      }
    }
  }
  return differences
}

function recordProblem(
  record: StoredRecord,
  item: SourceItem,
  source: SourceConfig,
  chunking: Parameters<typeof chunkMapped>[1],
): string | undefined {
  if (item.title !== undefined && record.title !== item.title) return `its title is ${record.title}`
  if (item.text !== undefined && record.text !== item.text) return `its text is ${record.text}, not ${item.text}`
  const put: Put = {
    kind: 'put',
    source: source.name,
    key: record.key,
    position: '',
    digest: '-',
    content: item.content,
  }
  const mapped = chunkMapped(mapPut(put, source, 0), chunking)
  if (record.title !== mapped.title || record.text !== mapped.text) return 'its text is another'
  const wanted = mapped.chunks.map(({ header, text }, ordinal) => JSON.stringify([ordinal, header, text]))
  const stored = record.chunks.map(({ ordinal, header, text }) => JSON.stringify([ordinal, header, text]))
  if (wanted.length !== stored.length || wanted.some((chunk, at) => chunk !== stored[at]))
    return 'its chunks are others'
  for (const { vectors, header, text } of record.chunks) {
    const [vector] = vectors
    if (vector === undefined || vectors.length > 1) return `a chunk has ${String(vectors.length)} vectors`
    const expected = pseudoVector(embeddedText({ header, text }), vector.length)
    // Halves have eleven bits.
    if (vector.some((value, at) => Math.abs(value - (expected[at] ?? 0)) > 0.001)) return 'a vector is of another text'
  }
  return undefined
}

/** Whether the words find exactly what there is. */
async function wordDifferences(stores: Stores, content: LedgerContent): Promise<string[]> {
  const live = content.records.filter(({ deleted }) => !deleted)
  const chunks = live.flatMap((record) => record.chunks.map((chunk) => ({ ...chunk, feed: record.feed })))
  const common = chunks.filter(({ header, text }) => `${header} ${text}`.includes(commonWord)).map(({ id }) => id)
  const found = await (stores.kind === 'standard'
    ? findInElasticsearch(stores)
    : findInLedger(stores.dir, common.length))
  const differences =
    found.common.join() === common.toSorted((a, b) => a - b).join() ? [] : [difference(common, found.common)]
  if (found.documents === undefined) return differences
  const documents = new Map(found.documents.filter(({ deleted }) => !deleted).map((each) => [each.chunk, each]))
  for (const { id, feed, record } of chunks) {
    const document = documents.get(id)
    if (document === undefined) differences.push(`Elasticsearch lacks chunk ${String(id)}`)
    else if (document.feed !== feed || document.version !== feed || document.record !== record) {
      differences.push(
        `Elasticsearch has chunk ${String(id)} of ${JSON.stringify(document)}, not of feed ${String(feed)}`,
      )
    }
    documents.delete(id)
  }
  for (const id of documents.keys()) differences.push(`Elasticsearch has chunk ${String(id)} too much`)
  return differences
}

function difference(wanted: readonly number[], found: readonly number[]): string {
  const lacking = wanted.filter((id) => !found.includes(id))
  const extra = found.filter((id, at) => !wanted.includes(id) || found.indexOf(id) !== at)
  return `${commonWord} finds ${String(found.length)} of ${String(wanted.length)}; lacking ${lacking.slice(0, 5).join()}; too much ${extra.slice(0, 5).join()}`
}

interface FoundWords {
  readonly common: readonly number[]
  readonly documents?: Awaited<ReturnType<typeof readDocuments>>
}

async function findInElasticsearch(stores: Extract<Stores, { kind: 'standard' }>): Promise<FoundWords> {
  const { elasticsearchUrl, prefix } = stores
  const documents = await readDocuments(elasticsearchUrl, prefix)
  return { documents, common: await findByWord(elasticsearchUrl, prefix, commonWord) }
}

async function findInLedger(dir: string, expected: number): Promise<FoundWords> {
  await using ledger = await openEmbeddedLedger({ dir, options: { schema: 'aquifer', lexical: 'ledger' } })
  const filter = { readable: undefined, sources: undefined, facets: [] }
  const found = await ledger.lexicalLeg({ text: commonWord, filter, limit: expected + 1000 })
  return { common: found.map(({ chunk }) => chunk).toSorted((a, b) => a - b) }
}
