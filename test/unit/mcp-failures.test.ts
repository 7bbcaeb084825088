import { expect, test } from 'vitest'
import { AquiferError } from '../../src/core/errors.ts'
import { memoryKnowledge } from '../kit/memory-knowledge.ts'
import { admin, clerk, openDoor } from '../kit/mcp-door.ts'
import { shopRecords } from '../kit/shop-records.ts'

const door = openDoor(memoryKnowledge(shopRecords))

async function errorOf(name: string, args: Record<string, unknown>): Promise<unknown> {
  const { isError, content, texts } = await door.call(name, args)
  expect({ isError, content, items: texts.length }).toEqual({ isError: true, content: undefined, items: 1 })
  return JSON.parse(texts[0] ?? '')
}

const fix = 'Correct the named argument and call again; the input schema in tools/list shows what is allowed.'

test.for([
  ['search', {}, 'Argument "query" is missing.'],
  ['search', { query: null }, 'Argument "query" is missing.'],
  ['search', { query: 7 }, 'Argument "query": Invalid input: expected string, received number.'],
  ['search', { query: '' }, 'Argument "query": Too small: expected string to have >=1 characters.'],
  ['search', { query: 'x', top_k: 3, k: 1 }, 'Unknown argument "top_k", "k"; this tool takes query.'],
  [
    'search_knowledge',
    { query: 'x', limit: 1000, explain: 'yes' },
    'Argument "limit": Too big: expected number to be <=100. Argument "explain": Invalid input: expected boolean, received string.',
  ],
  [
    'search_knowledge',
    { query: 'x', sources: ['a', 5] },
    'Argument "sources.1": Invalid input: expected string, received number.',
  ],
  ['search_knowledge', { query: 'x', filters: { a: { b: 1 } } }, 'Argument "filters.a": Invalid input.'],
] as const)('%s refuses %j and names the argument', async ([name, args, message]) => {
  expect(await errorOf(name, args)).toEqual({ error: { code: 'ARGUMENT_INVALID', message, fix } })
})

test('a null stands for an optional argument that was left out', async () => {
  const { isError } = await door.call('search_knowledge', { query: 'kettle', sources: null, limit: null })
  expect(isError).toBe(false)
})

test('an unknown tool is a protocol error that names the right ones', async () => {
  await expect(door.call('serach', {})).rejects.toMatchObject({
    code: -32602,
    message: 'Unknown tool "serach"; there are search, fetch, search_knowledge, describe_sources.',
  })
})

function failing(error: Error) {
  return openDoor(memoryKnowledge(shopRecords, { fail: () => error }))
}

test('a bug is an internal error without detail, and the log names its place but quotes nothing', async () => {
  const secret = 'row of Mrs Smith'
  const broken = failing(new Error(`duplicate key: ${secret}`))
  await expect(broken.call('search', { query: 'secret words' })).rejects.toMatchObject({
    code: -32603,
    message: 'Internal error',
    data: undefined,
  })
  expect(broken.log.lines).toHaveLength(1)
  expect(broken.log.lines[0]).toMatch(/^error a tool call failed .*"code":"INTERNAL".*mcp-failures\.test\.ts/)
  expect(broken.log.lines[0]).not.toContain(secret)
  expect(broken.log.lines[0]).not.toContain('secret words')
})

test('an operator reads why a store does not answer; others learn to wait', async () => {
  const down = failing(new AquiferError('LEDGER_UNREACHABLE', 'No answer from db.internal:5432.'))
  const told = async (caller: typeof admin): Promise<unknown> =>
    JSON.parse((await down.call('search', { query: 'kettle' }, caller)).texts[0] ?? '')
  expect(await told(admin)).toEqual({
    error: {
      code: 'LEDGER_UNREACHABLE',
      message: 'No answer from db.internal:5432.',
      fix: 'Check that the Postgres of `ledger` runs and that its address is right.',
    },
  })
  expect(await told(clerk)).toEqual({
    error: {
      code: 'LEDGER_UNREACHABLE',
      message: 'The service cannot answer this right now.',
      fix: 'Try again in a few seconds; if it repeats, tell whoever runs this server.',
    },
  })
})

test('a wrong filter is told to anybody, with the right ones', async () => {
  const message = 'There is no field colour. There are: price, stock.'
  const { texts } = await failing(new AquiferError('FILTER_UNKNOWN', message)).call('search', { query: 'x' }, clerk)
  expect(JSON.parse(texts[0] ?? '')).toMatchObject({ error: { code: 'FILTER_UNKNOWN', message } })
})

test('what can be mended is not logged as a failure', async () => {
  const quiet = openDoor(memoryKnowledge(shopRecords))
  await quiet.call('search', {})
  await quiet.call('fetch', { id: 'products:99' })
  expect(quiet.log.lines.map((line) => line.split(' ', 1)[0])).toEqual(['debug', 'debug'])
})
