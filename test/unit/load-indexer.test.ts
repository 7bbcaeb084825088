import { expect, test } from 'vitest'
import { loadIndexer } from '../../indexers/index.ts'

test('a type of source is loaded by its name', async () => {
  expect((await loadIndexer('files')).type).toBe('files')
})

test.each(['file', 'Files', 'toString'])(
  'a type that there is not is refused with the nearest name: %s',
  async (type) => {
    await expect(loadIndexer(type)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/^There is no type of source \w+; did you mean (files|postgres)\?$/),
    })
  },
)
