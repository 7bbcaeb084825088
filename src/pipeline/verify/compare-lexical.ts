import { recordOfChunk } from '../../core/chunk-address.ts'
import type { ChunkDigest } from '../../core/ledger-verify.ts'
import type { LexicalProjection, StoredDocument } from '../../core/lexical.ts'
import { createProjector } from '../projector.ts'
import { digestOfDigests, digestOfDocument } from './document-digest.ts'
import type { Difference } from './findings.ts'
import { mendDocuments } from './mend-documents.ts'
import { paced, tell, type VerifyContext } from './verify-context.ts'

const page = 1000
/** A page of the store may hold as many again that ought not to be there. */
const mostDocuments = 2 * page
const mostRounds = 5
/** Elasticsearch returns no more in one answer: a few for each of the chunks that are looked at again. */
const mostAtOnce = 10_000

/** A chunk whose documents are not the one it ought to have. */
export interface WrongChunk {
  readonly chunk: number
  /** undefined: the ledger has no such chunk. */
  readonly wanted: ChunkDigest | undefined
  readonly kind: Difference['kind']
  readonly documents: readonly StoredDocument[]
  /** Of these documents, those that only removing mends. */
  readonly surplus: readonly StoredDocument[]
}

interface Sides {
  readonly wanted: ReadonlyMap<number, ChunkDigest>
  readonly held: ReadonlyMap<number, readonly StoredDocument[]>
}

/**
 * The ledger against the words in a projection, range by range of chunk addresses: what the store holds is read and
 * hashed, and compared with the range's digest in the ledger; chunk by chunk only where the two differ.
 */
export async function compareLexical(
  context: VerifyContext,
  projection: LexicalProjection,
  target: {
    readonly sources: readonly number[] | undefined
    readonly except: readonly number[]
    readonly nameOf: ReadonlyMap<number, string>
  },
): Promise<void> {
  const { pipeline, generation, findings } = context
  const { ledger } = pipeline
  const { sources, except } = target
  await catchUp(context, projection)
  for (let after = -1; ;) {
    const from = after
    const end = await paced(context, async () => {
      const range = { generation, sources, except, after: from, to: undefined, limit: page }
      const wanted = await ledger.digestOfChunks(range)
      const isLast = wanted.count < page
      const to = isLast ? undefined : wanted.last
      const documents = await projection.documents({ ...range, to, limit: mostDocuments })
      const isCut = documents.length === mostDocuments
      for (const { sourceId } of documents) findings.of(target.nameOf.get(sourceId) ?? '').compared++
      if (!isCut && documents.length === wanted.count) {
        const digest = digestOfDigests(documents.map(digestOfDocument))
        if (wanted.count === 0 || digest === wanted.digest) return isLast ? undefined : wanted.last
      }
      // The documents of the last chunk may go on in the next page.
      const last = isCut ? Math.max(from + 1, (documents.at(-1)?.chunk ?? from) - 1) : to
      await lookCloser(context, projection, { ...target, after: from, to: last, documents })
      return isCut ? last : to
    })
    tell(context, 'words', 'lexical')
    if (end === undefined) break
    after = end
  }
  if (context.repair) await catchUp(context, projection)
}

/** Chunk by chunk. What differs is looked at again once the projection has passed what the ledger held when it was read. */
async function lookCloser(
  context: VerifyContext,
  projection: LexicalProjection,
  target: {
    readonly sources: readonly number[] | undefined
    readonly except: readonly number[]
    readonly nameOf: ReadonlyMap<number, string>
    readonly after: number
    readonly to: number | undefined
    readonly documents: readonly StoredDocument[]
  },
): Promise<void> {
  const { pipeline, generation } = context
  const { sources, except, after, to, nameOf } = target
  const asked = { generation, sources, except, after, to, limit: mostDocuments }
  const digests = await pipeline.ledger.digestsOfChunks(asked)
  const within = target.documents.filter(({ chunk }) => to === undefined || chunk <= to)
  let wrong = compare({ wanted: byChunk(digests), held: documentsByChunk(within) })
  let before = digests
  for (let round = 0; wrong.length > 0; round++) {
    await catchUp(context, projection)
    const only = wrong.map(({ chunk }) => chunk)
    const range = { generation, sources: undefined, after: -1, to: undefined, limit: only.length, only }
    const now = await pipeline.ledger.digestsOfChunks(range)
    const documents = await projection.documents({ ...range, limit: mostAtOnce })
    const known = byChunk(before)
    const again = byChunk(now)
    const settled = wrong.filter(({ chunk }) => known.get(chunk)?.digest === again.get(chunk)?.digest)
    const found = compare({ wanted: again, held: documentsByChunk(documents) })
    const isSettled = new Set(settled.map(({ chunk }) => chunk))
    await report(
      context,
      projection,
      found.filter(({ chunk }) => isSettled.has(chunk)),
      nameOf,
    )
    wrong = found.filter(({ chunk }) => !isSettled.has(chunk))
    before = now
    if (round < mostRounds) continue
    for (const { wanted } of wrong) context.findings.of(nameOf.get(wanted?.sourceId ?? 0) ?? '').undecided++
    return
  }
}

async function report(
  context: VerifyContext,
  projection: LexicalProjection,
  wrong: readonly WrongChunk[],
  nameOf: ReadonlyMap<number, string>,
): Promise<void> {
  if (wrong.length === 0) return
  const { pipeline, findings, repair } = context
  const ids = [...new Set(wrong.map(({ chunk }) => recordOfChunk(chunk)))]
  const names = new Map((await pipeline.ledger.recordNames({ recordIds: ids })).map((one) => [one.recordId, one]))
  const dead = new Set<number>()
  for (const [sourceId, some] of Map.groupBy(names.values(), (one) => one.sourceId)) {
    const letters = await pipeline.ledger.deadKeys({ sourceId, keys: some.map(({ key }) => key) })
    const refused = new Set(letters.filter(({ stage }) => stage === 'project').map(({ key }) => key))
    for (const { recordId, key } of some) if (refused.has(key)) dead.add(recordId)
  }
  const mendable: WrongChunk[] = []
  for (const one of wrong) {
    const name = names.get(recordOfChunk(one.chunk))
    const source = name?.source ?? nameOf.get(one.documents[0]?.sourceId ?? -1) ?? ''
    if (one.kind === 'missing' && name !== undefined && dead.has(name.recordId)) {
      findings.of(source).deadLetters++
      continue
    }
    const key = name?.key ?? `chunk ${String(one.chunk)}`
    findings.add({ source, key, store: 'lexical', what: 'document', kind: one.kind })
    mendable.push(one)
  }
  if (repair) await mendDocuments(context, projection, mendable, names)
}

function compare({ wanted, held }: Sides): readonly WrongChunk[] {
  const chunks = [...new Set([...wanted.keys(), ...held.keys()])]
  return chunks.flatMap((chunk): readonly WrongChunk[] => {
    const one = wanted.get(chunk)
    const documents = held.get(chunk) ?? []
    const right = documents.find((document) => digestOfDocument(document) === one?.digest)
    if (right !== undefined && documents.length === 1) return []
    // What has the chunk's own id is overwritten, unless it lies in another index.
    const surplus =
      one === undefined
        ? documents
        : documents.filter((document) => document !== right && (right !== undefined || document.id !== chunk))
    const kind = one === undefined || right !== undefined ? 'extra' : documents.length === 0 ? 'missing' : 'different'
    return [{ chunk, wanted: one, kind, documents, surplus }]
  })
}

function byChunk(digests: readonly ChunkDigest[]): ReadonlyMap<number, ChunkDigest> {
  return new Map(digests.map((digest) => [digest.chunk, digest]))
}

function documentsByChunk(documents: readonly StoredDocument[]): ReadonlyMap<number, readonly StoredDocument[]> {
  return Map.groupBy(documents, ({ chunk }) => chunk)
}

/** Everything that the ledger holds now is written there, and can be seen. */
async function catchUp({ pipeline, generation, signal }: VerifyContext, projection: LexicalProjection): Promise<void> {
  await createProjector(pipeline, projection, generation, { activate: true }).catchUp(signal)
  await projection.refresh(generation)
}
