import { expect, test } from 'vitest'
import { collect } from '../kit/indexer-reading.ts'
import { openSourceDatabase } from '../kit/postgres-source.ts'
import { loadSakila, readSakila } from '../kit/sakila.ts'

test('the Sakila database is read whole, from tables, children and views, and what changes in it is found', async ({
  skip,
}) => {
  const dumps = (await readSakila()) ?? skip('the shared test data is not at hand (AQUIFER_SHARED names its folder)')
  await using database = await openSourceDatabase()
  await loadSakila(database.url, dumps)

  const film = await database.read({ table: 'public.film' })
  expect(film.puts).toHaveLength(1000)
  expect(film.rows['1']).toEqual({
    film_id: 1,
    title: 'ACADEMY DINOSAUR',
    description: 'A Epic Drama of a Feminist And a Mad Scientist who must Battle a Teacher in The Canadian Rockies',
    release_year: 2006,
    language_id: 1,
    original_language_id: null,
    rental_duration: 6,
    rental_rate: '0.99',
    length: 86,
    replacement_cost: '20.99',
    rating: 'PG',
    last_update: expect.stringMatching(/^20\d\d-\d\d-\d\dT[\d:.]+$/),
    special_features: ['Deleted Scenes', 'Behind the Scenes'],
    fulltext: expect.stringMatching(/^'academi':1 /),
  })
  // Its rows are in tables that inherit from it.
  const payment = await database.read({ table: 'payment', cursor: 'payment_date' })
  expect(payment.puts).toHaveLength(16_049)
  const linked = await database.read({ table: 'film_actor' })
  expect(Object.keys(linked.rows)).toContain('["1","1"]')
  expect(linked.puts).toHaveLength(5462)
  expect((await database.read({ table: 'film_list', key: 'fid' })).changes.length).toBeGreaterThan(900)

  await database.run(`update film set rental_rate = 1.99 where film_id = 1; delete from film_actor where film_id = 1`)
  const after = await database.read({ table: 'public.film' }, film.cursor)
  expect(Object.keys(after.rows)).toEqual(['1'])
  expect(after.rows['1']?.['rental_rate']).toBe('1.99')
  await using indexer = await database.open({ source: { table: 'film_actor' } })
  expect(await collect(indexer.keys('source', {}, 'keys'))).toHaveLength(5452)
})
