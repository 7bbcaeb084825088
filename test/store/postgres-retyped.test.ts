import { expect, test } from 'vitest'
import { openSourceDatabase } from '../kit/postgres-source.ts'

test('a row whose column became another type is another row, though its text is the same', async () => {
  await using database = await openSourceDatabase(`
    create table item (id int primary key, amount int);
    insert into item values (1, 5)`)
  const before = await database.read({ table: 'item' })
  await database.run('alter table item alter column amount type text')
  const after = await database.read({ table: 'item' })
  expect([before.rows, after.rows]).toEqual([{ 1: { id: 1, amount: 5 } }, { 1: { id: 1, amount: '5' } }])
  expect(after.puts[0]?.digest).not.toBe(before.puts[0]?.digest)
})
