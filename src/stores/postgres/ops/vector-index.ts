import type { Queryable } from '../../../core/db.ts'
import { requireGeneration, tablesOf, type LedgerContext } from '../context.ts'

/** Below this an exact scan is as fast as the graph, and finds everything. */
const worthIndexing = 2000

/** A build ends with whoever wanted it, or writers would wait for nothing. Not every server can tell. */
const endWithClient = `do $$ begin perform set_config('client_connection_check_interval', '2s', true);
  exception when others then null; end $$`

/** Builds the HNSW graph of a generation if it is missing and worth it. Readers go on; writers wait. */
export async function buildVectorIndex({ db, vectorType }: LedgerContext, generation?: number): Promise<void> {
  const id = generation ?? (await requireGeneration(db)).id
  const { vector, hnsw } = tablesOf(id)
  const [row] = await db.query<{ found: boolean; rows: number; dimensions: number }>(
    `select to_regclass($1) is not null as found, (select count(*) from (select 1 from ${vector} limit ${String(worthIndexing)}) t) as rows,
       (select dimensions from generation where id = $2) as dimensions`,
    [hnsw, id],
  )
  // The embedded store always has one: it could not stop later to build it.
  const least = db.kind === 'embedded' ? 0 : worthIndexing
  if (row === undefined || row.found || row.rows < least) return
  await db.transaction(async (tx) => {
    const [size] = await tx.query<{ bytes: number }>(`select pg_table_size($1) as bytes`, [vector])
    // A build that outgrows this memory is several times slower; a graph of halfvec(384) takes 1.8 times its vectors.
    const most = db.kind === 'embedded' ? 256 : 2048
    const megabytes = Math.min(most, Math.max(64, Math.ceil(((size?.bytes ?? 0) * 3) / 2 ** 20)))
    await tx.exec(`set local statement_timeout = 0; set local maintenance_work_mem = '${String(megabytes)}MB'`)
    await tx.exec(endWithClient)
    await tx.exec('savepoint alone')
    await createGraph(tx, id, vectorType).catch(async (error: unknown) => {
      if (!isOutOfSpace(error)) throw error
      // Workers share the graph through /dev/shm, of which a container has 64 MB by default; one process needs none of it.
      await tx.exec('rollback to savepoint alone; set local max_parallel_maintenance_workers = 0')
      await createGraph(tx, id, vectorType)
    })
  })
}

function isOutOfSpace(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '53100'
}

export async function createGraph(tx: Queryable, generation: number, vectorType: 'vector' | 'halfvec'): Promise<void> {
  const { vector, hnsw } = tablesOf(generation)
  await tx.exec(`create index if not exists ${hnsw} on ${vector} using hnsw (v ${vectorType}_cosine_ops)`)
}

/** A load much larger than what the graph holds is quicker without it: it is dropped, and built again after the load. */
export async function dropGraphForLoad(tx: Queryable, generation: number, sourceId: number): Promise<void> {
  const [row] = await tx.query<{ loaded: number; others: number }>(
    `select coalesce(sum(chunks) filter (where id = $1), 0)::bigint as loaded,
       coalesce(sum(chunks) filter (where id <> $1), 0)::bigint as others from source`,
    [sourceId],
  )
  if (row === undefined || row.loaded < worthIndexing * 2 || row.loaded * 4 < row.others) return
  await tx.exec(`drop index if exists ${tablesOf(generation).hnsw}`)
}

export async function hasGraph(tx: Queryable, generation: number): Promise<boolean> {
  const [row] = await tx.query<{ found: boolean }>(`select to_regclass($1) is not null as found`, [
    tablesOf(generation).hnsw,
  ])
  return row?.found === true
}

/** One slice of fresh vectors into the graph. */
export function mergeVectors({ db }: LedgerContext): () => Promise<{ remaining: number }> {
  // An insert into a graph takes 4 to 12 ms. In the embedded store nothing else runs meanwhile; elsewhere whoever commits
  // another vector of the same passage waits.
  const slice = db.kind === 'embedded' ? 24 : 50
  return async () => {
    const { id } = await requireGeneration(db)
    const { vector, fresh } = tablesOf(id)
    // What somebody is writing is left alone: two who wait for each other's rows would end in a deadlock.
    const [row] = await db.query<{ remaining: number; moved: number }>(
      `with moved as (delete from ${fresh} where id in
           (select id from ${fresh} limit ${String(slice)} for update skip locked) returning id, v),
         added as (insert into ${vector} (id, v) select id, v from moved on conflict (id) do update set v = excluded.v returning id)
       select (select count(*) from (select 1 from ${fresh} limit 100000) f) - (select count(*) from added) as remaining,
         (select count(*) from added) as moved`,
    )
    return { remaining: row === undefined || row.moved === 0 ? 0 : Math.max(0, row.remaining) }
  }
}
