import { expect, test } from 'vitest'
import { loadIndexer } from '../../indexers/index.ts'

test('a type of source is loaded by its name', async () => {
  expect((await loadIndexer('files')).type).toBe('files')
})

test.each([
  ['file', 'There is no type of source file; did you mean files?'],
  ['Postgress', 'There is no type of source Postgress; did you mean postgres?'],
  ['toString', 'There is no type of source toString; known: files, kafka, mongodb, mysql, postgres'],
])('a type that there is not is refused with the right names: %s', async (type, message) => {
  await expect(loadIndexer(type)).rejects.toMatchObject({ code: 'CONFIG_INVALID', message })
})
