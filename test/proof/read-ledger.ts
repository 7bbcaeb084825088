import { withClient } from '../kit/postgres-databases.ts'

/** What the ledger's tables hold of one record; nothing here goes through the program's own code. */
export interface Held {
  readonly id: number
  readonly source: string
  readonly key: string
  readonly feed: number
  readonly deleted: boolean
  readonly title: string
  readonly text: string
  readonly fields: unknown
  readonly facets: readonly string[]
  readonly acl: readonly string[]
  readonly chunks: readonly HeldChunk[]
}

export interface HeldChunk {
  readonly id: number
  readonly header: string
  readonly text: string
  /** As pgvector prints it; one, if all is well. */
  readonly vectors: readonly string[]
}

export interface LedgerState {
  readonly records: readonly Held[]
  /** What the tables say of each other that cannot be. */
  readonly faults: readonly string[]
}

/** Width of a slot in a chunk's address. */
const width = 65_536

export async function readLedger(url: string): Promise<LedgerState> {
  return withClient(url, async (client) => {
    await client.query('set search_path = aquifer, public')
    await client.query('begin isolation level repeatable read read only')
    const { rows: generations } = await client.query<{ id: number }>(`select id from generation where state = 'active'`)
    const generation = generations[0]?.id
    if (generation === undefined) return { records: [], faults: ['there is no active generation'] }
    const { rows } = await client.query<Omit<Held, 'chunks'>>(
      `select r.id::float8 as id, s.name as source, r.key, r.feed::float8 as feed, r.deleted, r.title, r.text, r.fields, r.facets, r.acl
       from record r join source s on s.id = r.source_id`,
    )
    const vectors = `(select id, v from vector_${String(generation)} union all select id, v from fresh_${String(generation)})`
    const { rows: chunks } = await client.query<HeldChunk & { readonly record: number }>(
      `select c.id::float8 as id, (c.id / ${String(width)})::float8 as record, c.header, c.text,
         coalesce(array_agg(v.v::text) filter (where v.id is not null), '{}') as vectors
       from chunk_${String(generation)} c left join ${vectors} v on v.id = c.id group by c.id order by c.id`,
    )
    const byRecord = Map.groupBy(chunks, ({ record }) => record)
    const records = rows.map((row): Held => ({ ...row, chunks: byRecord.get(row.id) ?? [] }))
    const { rows: sources } = await client.query<{ name: string; records: number; chunks: number; feed: number }>(
      `select name, records::float8 as records, chunks::float8 as chunks, feed::float8 as feed from source`,
    )
    const { rows: letters } = await client.query<{ name: string; key: string; stage: string; code: string }>(
      `select s.name, d.key, d.stage, d.error->>'code' as code from dead_letter d join source s on s.id = d.source_id`,
    )
    const { rows: strays } = await client.query<{ id: string }>(
      `select id::text from ${vectors} v where not exists (select 1 from chunk_${String(generation)} c where c.id = v.id)`,
    )
    return {
      records,
      faults: [
        ...sources.flatMap((source) => wrongCounts(source, records)),
        ...letters.map(({ name, key, stage, code }) => `${name} ${key} is a dead letter (${stage}, ${code})`),
        ...strays.map(({ id }) => `a vector of chunk ${id}, which is not there`),
      ],
    }
  })
}

/** The counts that the ledger keeps, and numbers of its feed that cannot be. */
function wrongCounts(
  source: { readonly name: string; readonly records: number; readonly chunks: number; readonly feed: number },
  records: readonly Held[],
): readonly string[] {
  const own = records.filter((record) => record.source === source.name)
  const live = own.filter(({ deleted }) => !deleted)
  const chunks = live.reduce((sum, record) => sum + record.chunks.length, 0)
  const { name } = source
  return [
    ...(source.records === live.length
      ? []
      : [`${name} counts ${String(source.records)} records of ${String(live.length)}`]),
    ...(source.chunks === chunks ? [] : [`${name} counts ${String(source.chunks)} chunks of ${String(chunks)}`]),
    ...(new Set(own.map(({ feed }) => feed)).size === own.length ? [] : [`${name} has a feed number twice`]),
    ...(own.every(({ feed }) => feed <= source.feed) ? [] : [`${name} has a feed number from the future`]),
    ...(new Set(own.map(({ key }) => key)).size === own.length ? [] : [`${name} has a key twice`]),
  ]
}

export interface Settling {
  /** Sums of the feeds of all sources: whatever is committed raises it. */
  readonly feed: number
  /** Every projection has been told of all of it. */
  readonly isProjected: boolean
  /** Keys of the sources where deletes are found by comparison were compared after this moment. */
  readonly isCompared: boolean
}

export async function readSettling(url: string, compared: readonly string[], after: Date): Promise<Settling> {
  const nothing = { feed: 0, isProjected: false, isCompared: false }
  return withClient(url, async (client) => {
    await client.query('set search_path = aquifer, public')
    const { rows: tables } = await client.query(`select 1 where to_regclass('lease') is not null`)
    // No process has come so far yet.
    if (tables.length === 0) return nothing
    const { rows } = await client.query<Settling>(
      `select coalesce(sum(s.feed), 0)::float8 as feed, coalesce(bool_and(coalesce(p.feed, 0) >= s.feed), false) as "isProjected",
         coalesce(bool_and(not (s.name = any($1::text[])) or coalesce(s.compared_at > $2, false)), false) as "isCompared"
       from source s left join projection p on p.source_id = s.id
         and p.generation = (select id from generation where state = 'active')`,
      [compared, after],
    )
    return rows[0] ?? nothing
  })
}
