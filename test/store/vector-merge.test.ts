import { Client } from 'pg'
import { expect, test } from 'vitest'
import { openPostgresLedger } from '../../src/stores/postgres/open-postgres-ledger.ts'
import { axis, batchOf, chunkOf, claimOf, recordOf, testSettings } from '../kit/ledger-writes.ts'
import { openTestDatabase } from '../kit/postgres.ts'
import { until } from '../kit/until.ts'

/** What `mergeVectors` does to the one generation, in a transaction that is left open. */
const merge = `with moved as (delete from fresh_1 returning id, v) insert into vector_1 (id, v) select id, v from moved`

test('a vector that is merged while its record is deleted or rewritten goes with it', async () => {
  await using database = await openTestDatabase()
  await using ledger = await openPostgresLedger({ url: database.url, schema: 'aquifer', lexical: 'none' })
  await ledger.ensureGeneration({ ...testSettings, languages: [] })
  const claim = await claimOf(ledger)
  const puts = ['deleted', 'rewritten'].map((key) => recordOf(key, [chunkOf(key, axis(0))]))
  await ledger.commit(batchOf(claim, { puts }))
  const client = new Client({ connectionString: database.url, options: '-c search_path=aquifer,public' })
  await client.connect()
  try {
    await client.query('insert into fresh_1 select * from vector_1')
    await client.query('delete from vector_1')
    await client.query('begin')
    await client.query(merge)
    const committing = ledger.commit(
      batchOf(claim, {
        puts: [recordOf('rewritten', [chunkOf('anew', axis(1))])],
        deletes: [{ key: 'deleted', position: '2' }],
      }),
    )
    await until(async () => {
      const { rows } = await client.query(`select 1 from pg_locks where not granted`)
      return rows.length > 0
    })
    await client.query('commit')
    await committing
    const { rows } = await client.query<{ v: string }>(
      'select v::text as v from vector_1 union all select v::text from fresh_1',
    )
    expect(rows).toEqual([{ v: '[0,1,0,0]' }])
  } finally {
    await client.end()
  }
})

test('a merge leaves alone what somebody is writing, and has nothing left to do where that is all', async () => {
  await using database = await openTestDatabase()
  await using ledger = await openPostgresLedger({ url: database.url, schema: 'aquifer', lexical: 'none' })
  await ledger.ensureGeneration({ ...testSettings, languages: [] })
  const claim = await claimOf(ledger)
  const puts = ['written', 'free'].map((key) => recordOf(key, [chunkOf(key, axis(0))]))
  await ledger.commit(batchOf(claim, { puts }))
  const client = new Client({ connectionString: database.url, options: '-c search_path=aquifer,public' })
  await client.connect()
  try {
    await client.query('insert into fresh_1 select * from vector_1')
    await client.query('delete from vector_1')
    await client.query('begin')
    await client.query('delete from fresh_1 where id = (select max(id) from fresh_1)')
    expect(await ledger.mergeVectors()).toEqual({ remaining: 1 })
    expect(await ledger.mergeVectors()).toEqual({ remaining: 0 })
    await client.query('rollback')
    expect(await ledger.mergeVectors()).toEqual({ remaining: 0 })
    const { rows } = await client.query('select 1 from vector_1')
    expect(rows).toHaveLength(2)
  } finally {
    await client.end()
  }
})
