import { expect, test } from 'vitest'

import { silentLog } from '../../src/core/log.ts'
import { openElasticsearch } from '../../src/stores/elasticsearch/open-elasticsearch.ts'
import type { ElasticsearchOptions } from '../../src/stores/elasticsearch/open-elasticsearch.ts'
import { feedRecord } from '../kit/feed-record.ts'
import { openHttpStandIn, type Answer } from '../kit/http-stand-in.ts'

const headers = { 'x-elastic-product': 'Elasticsearch' }
const info = (number: string): Answer => ({ status: 200, headers, body: { version: { number } } })
const failure = (status: number, type: string): Answer => ({
  status,
  headers,
  body: { error: { type, reason: 'user [elastic] at 10.1.2.3 with s3cret' }, status },
})
const rights = (has: boolean) => (target: string) =>
  target === 'GET /' ? info('9.5.3') : { status: 200, headers, body: { has_all_requested: has } }
const tooLarge: Answer = { status: 413, headers, body: '' }
const taken = (count: number): Answer => ({
  status: 200,
  headers,
  body: { items: Array.from({ length: count }, () => ({ index: { status: 201 } })) },
})
const instantly = { now: () => 0, passed: () => 0, sleep: async () => {} }

function open(url: string, options: Partial<ElasticsearchOptions> = {}) {
  return openElasticsearch({ url, prefix: 'aquifer', log: silentLog, clock: instantly, ...options })
}

/** What `check` throws at a server that gives these answers. */
async function refusal(answer: (target: string) => Answer): Promise<unknown> {
  await using server = await openHttpStandIn(answer)
  await using lexical = open(server.url)
  return await lexical.check().then(
    () => 'no error',
    (error: unknown) => error,
  )
}

test('a server of another version is refused, also one too old to read the question', async () => {
  expect(await refusal(() => info('8.19.2'))).toMatchObject({
    code: 'LEXICAL_VERSION',
    message: 'This Elasticsearch is version 8.19.2.',
  })
  expect(await refusal(() => failure(400, 'media_type_header_exception'))).toMatchObject({ code: 'LEXICAL_VERSION' })
  expect(await refusal(() => failure(406, 'content_type_header_exception'))).toMatchObject({ code: 'LEXICAL_VERSION' })
})

test('a server that is not Elasticsearch is refused', async () => {
  expect(await refusal(() => ({ status: 200, body: { version: { number: '9.1.0' } } }))).toMatchObject({
    code: 'LEXICAL_VERSION',
    message: 'What answers is not Elasticsearch.',
  })
})

test('refused credentials and missing rights are told apart from an outage, without repeating the answer', async () => {
  const unauthorized = await refusal(() => failure(401, 'security_exception'))
  expect(unauthorized).toMatchObject({ code: 'LEXICAL_AUTH', kind: 'config' })
  expect(`${String(unauthorized)} ${JSON.stringify(unauthorized)}`).not.toMatch(/s3cret|10\.1\.2\.3|elastic\]/)
  expect(await refusal(() => failure(403, 'security_exception'))).toMatchObject({ code: 'LEXICAL_AUTH' })
  expect(await refusal(() => failure(503, 'unavailable_shards_exception'))).toMatchObject({
    code: 'LEXICAL_UNREACHABLE',
  })
})

test('a user without the rights that indexing needs is found out before the first write', async () => {
  expect(await refusal(rights(false))).toMatchObject({ code: 'LEXICAL_AUTH' })
  expect(await refusal(rights(true))).toBe('no error')
})

test('a server without security has no rights to ask about', async () => {
  const none = { status: 400, headers, body: { error: 'no handler found for uri', status: 400 } }
  expect(await refusal((target) => (target === 'GET /' ? info('9.5.3') : none))).toBe('no error')
})

test('credentials come from the options, else from the URL', async () => {
  await using server = await openHttpStandIn(() => info('9.5.3'))
  const withUser = server.url.replace('http://', 'http://ann:p%40ss@')
  await using byUrl = open(withUser)
  await using byOptions = open(withUser, { username: 'bob', password: 'word' })
  await using byKey = open(server.url, { apiKey: 'bXkta2V5' })
  await using nobody = open(server.url)
  for (const lexical of [byUrl, byOptions, byKey, nobody]) await lexical.check().catch(() => {})
  const asked = server.requests.filter(({ target }) => target === 'GET /')
  expect(asked.map(({ authorization }) => authorization)).toEqual([
    `Basic ${btoa('ann:p@ss')}`,
    `Basic ${btoa('bob:word')}`,
    'ApiKey bXkta2V5',
    undefined,
  ])
})

test('an overloaded server is asked again a few times, and only for what it did not take', async () => {
  let bulks = 0
  const index = { 'aquifer-g1-english': { aliases: {}, mappings: {} } }
  const taken = { index: { status: 201 } }
  const busy = { index: { status: 429, error: { type: 'es_rejected_execution_exception' } } }
  const answers: Answer[] = [
    { status: 429, headers, body: { error: { type: 'circuit_breaking_exception' } } },
    { status: 200, headers, body: { items: [taken, busy, taken] } },
    { status: 200, headers, body: { items: [taken] } },
  ]
  await using server = await openHttpStandIn((target) => {
    if (!target.endsWith('/_bulk')) return { status: 200, headers, body: index }
    return answers[bulks++] ?? answers[0] ?? failure(500, '')
  })
  await using lexical = open(server.url)
  expect(await lexical.write(1, [feedRecord({ texts: ['a', 'b', 'c'] })])).toEqual({ rejected: [] })
  expect(bulks).toBe(3)
  await expect(lexical.write(1, [feedRecord({ texts: ['a'] })])).rejects.toMatchObject({
    code: 'LEXICAL_UNREACHABLE',
    message: 'Elasticsearch cannot be reached or is overloaded (circuit_breaking_exception).',
  })
  expect(bulks).toBe(8)
})

test('a request that is too large for the server is halved, down to the passage that is too large by itself', async () => {
  const index = { 'aquifer-g1-english': { aliases: {}, mappings: {} } }
  // All four passages, then two, then one that nothing helps, then its neighbour, then the other two.
  const answers = [tooLarge, tooLarge, tooLarge, taken(1), taken(2)]
  await using server = await openHttpStandIn((target) =>
    target.endsWith('/_bulk') ? (answers.shift() ?? failure(500, '')) : { status: 200, headers, body: index },
  )
  await using lexical = open(server.url)
  const record = feedRecord({ texts: ['a', 'b', 'c', 'd'] })
  expect(await lexical.write(1, [record])).toEqual({
    rejected: [{ record, message: 'Elasticsearch refused a passage of it (content_too_long).' }],
  })
  expect(answers).toEqual([])
})

test('an address that is no URL is a mistake in the configuration', async () => {
  await using lexical = open('elasticsearch:nine two')
  await expect(lexical.check()).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
})
