import { pbkdf2Sync, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import {
  AclOperations,
  AclPermissionTypes,
  alterUserScramCredentialsV0,
  ResourcePatternTypes,
  ResourceTypes,
} from '@platformatic/kafka'
import { expect, test } from 'vitest'
import kafka from '../../indexers/kafka/index.ts'
import type { AquiferError } from '../../src/core/errors.ts'
import { closedPort } from '../kit/closed-port.ts'
import { collect } from '../kit/indexer-reading.ts'
import { openTestTopic, openTopics } from '../kit/kafka-source.ts'
import type { TestTopic } from '../kit/kafka-source.ts'
import { withAdmin } from '../kit/kafka-topics.ts'
import type { SourceInput } from '../kit/postgres-source.ts'

/** The listener of the test server where one has to log in. */
function saslBroker(url: string): string {
  const { hostname, port } = new URL(url)
  return `${hostname}:${Number(port) + 2}`
}

const login = (username: string, password: string, mechanism = 'plain'): SourceInput => ({
  sasl: { mechanism, username, password },
})

/** What opening the topic ends in: the error without its cause, or `opened`. */
async function openAs(topic: TestTopic, connection: SourceInput, source: SourceInput = {}): Promise<unknown> {
  try {
    await using indexer = await openTopics(connection, { source: { topic: topic.name, ...source } })
    await collect(indexer.changes({}))
    return 'opened'
  } catch (error) {
    const { code, message } = error as AquiferError
    return { code, message }
  }
}

type Operation = (typeof AclOperations)[keyof typeof AclOperations]

/** From now on only these users may do these things with the topic. */
async function allow(topic: TestTopic, principal: string, operations: readonly Operation[]): Promise<void> {
  const creations = operations.map((operation) => ({
    resourceType: ResourceTypes.TOPIC,
    resourceName: topic.name,
    resourcePatternType: ResourcePatternTypes.LITERAL,
    principal,
    host: '*',
    operation,
    permissionType: AclPermissionTypes.ALLOW,
  }))
  await withAdmin(topic.url, (admin) => admin.createAcls({ creations }))
}

test('a topic that there is not is named with the nearest one', async () => {
  await using topic = await openTestTopic()
  const brokers = [new URL(topic.url).host]
  const almost = `${topic.name}x`
  expect(await openAs(topic, { brokers }, { topic: almost })).toEqual({
    code: 'SOURCE_INVALID',
    message: `Source source: there is no topic ${almost}; did you mean ${topic.name}?`,
  })
  expect(await openAs(topic, { brokers }, { topic: 'not a name' })).toEqual({
    code: 'SOURCE_INVALID',
    message: "Source source: not a name can't be the name of a topic",
  })
})

test('any of the brokers will do, and none is said to be unreachable', async () => {
  await using topic = await openTestTopic()
  const nowhere = `127.0.0.1:${await closedPort()}`
  expect(await openAs(topic, { brokers: [nowhere, new URL(topic.url).host] })).toBe('opened')
  expect(await openAs(topic, { url: `kafka://${nowhere},${new URL(topic.url).host}` })).toBe('opened')
  expect(await openAs(topic, { brokers: [nowhere] })).toEqual({
    code: 'SOURCE_UNREACHABLE',
    message: 'Source source: nothing listens at the address of the brokers',
  })
})

test('a broker that takes connections and never answers does not hold up for ever', async () => {
  await using topic = await openTestTopic()
  const silent = createServer(() => {}).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const address = silent.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const started = Date.now()
  expect(await openAs(topic, { brokers: [`127.0.0.1:${port}`], requestTimeout: '1s' })).toEqual({
    code: 'SOURCE_UNREACHABLE',
    message: 'Source source: the brokers do not answer',
  })
  expect(Date.now() - started).toBeLessThan(5000)
  silent.close()
})

test.for(['kafka.example:9092:1', 'http://kafka.example', 'me:secret@kafka.example:9092', 'kafka.example:99999'])(
  'the address %s is refused without repeating it',
  async (address) => {
    const error = await openTopics({ brokers: [address] }, { source: { topic: 't' } }).catch(
      (thrown: unknown) => thrown,
    )
    expect(error).toMatchObject({
      code: 'SOURCE_INVALID',
      message: 'The connection: an address of its brokers is not HOST:PORT',
    })
  },
)

test('TLS where there is none is said', async () => {
  await using topic = await openTestTopic()
  expect(await openAs(topic, { brokers: [new URL(topic.url).host], tls: true, requestTimeout: '2s' })).toMatchObject({
    code: expect.stringMatching(/^SOURCE_(INVALID|UNREACHABLE)$/),
  })
})

test('a login is checked, by password and by SCRAM', async () => {
  await using topic = await openTestTopic()
  await topic.write({ key: 'a', value: {} })
  const brokers = [saslBroker(topic.url)]
  expect(await openAs(topic, { brokers, ...login('reader', 'reader-test') })).toBe('opened')
  const refused = { code: 'SOURCE_AUTH', message: 'Source source: the broker refuses this login' }
  expect(await openAs(topic, { brokers, ...login('reader', 'wrong') })).toEqual(refused)
  expect(await openAs(topic, { brokers, ...login('nobody', 'wrong', 'scram-sha-256') })).toEqual(refused)
  const user = topic.name
  await addScramUser(topic.url, user, 'scram secret')
  await expect
    .poll(() => openAs(topic, { brokers, ...login(user, 'scram secret', 'scram-sha-256') }), { timeout: 5000 })
    .toBe('opened')
  expect(await openAs(topic, { brokers, ...login(user, 'wrong', 'scram-sha-256') })).toEqual(refused)
})

async function addScramUser(url: string, name: string, password: string): Promise<void> {
  const salt = randomBytes(16)
  const saltedPassword = pbkdf2Sync(password, salt, 4096, 32, 'sha256')
  await withAdmin(url, async (admin) => {
    const [connection] = (await admin.connectToBrokers()).values()
    if (connection === undefined) throw new Error('no broker')
    await alterUserScramCredentialsV0.api.async(
      connection,
      [],
      [{ name, mechanism: 1, iterations: 4096, salt, saltedPassword }],
    )
  })
}

test('without a login where one is needed, nothing hangs', async () => {
  await using topic = await openTestTopic()
  expect(await openAs(topic, { brokers: [saslBroker(topic.url)], requestTimeout: '2s' })).toMatchObject({
    code: expect.stringMatching(/^SOURCE_(AUTH|UNREACHABLE)$/),
  })
})

const { READ, DESCRIBE, DESCRIBE_CONFIGS } = AclOperations

test.for<readonly [what: string, operations: readonly Operation[]]>([
  ['nothing', []],
  ['DESCRIBE', [DESCRIBE]],
  ['DESCRIBE and DESCRIBE_CONFIGS', [DESCRIBE, DESCRIBE_CONFIGS]],
  ['READ', [READ]],
])('with the right to %s only, what is missing is named', async ([, operations]) => {
  await using topic = await openTestTopic()
  await topic.write({ key: 'a', value: {} })
  await allow(topic, 'User:somebody-else', [READ])
  await allow(topic, 'User:reader', operations)
  await expect
    .poll(() => openAs(topic, { brokers: [saslBroker(topic.url)], ...login('reader', 'reader-test') }))
    .toEqual({ code: 'SOURCE_AUTH', message: `Source source: this user may not read topic ${topic.name}` })
})

test('READ and DESCRIBE_CONFIGS are enough', async () => {
  await using topic = await openTestTopic()
  await topic.write({ key: 'a', value: {} })
  await allow(topic, 'User:reader', [READ, DESCRIBE_CONFIGS])
  await expect
    .poll(() => openAs(topic, { brokers: [saslBroker(topic.url)], ...login('reader', 'reader-test') }))
    .toBe('opened')
})

test('a draft names the topics with what they keep', async () => {
  await using topic = await openTestTopic({ configs: { 'cleanup.policy': 'compact' } })
  const drafts = await kafka.draft({ url: topic.url, clientId: 'aquifer', requestTimeout: 5000 })
  const draft = drafts.find(({ yaml }) => yaml.includes(topic.name))
  expect(draft).toMatchObject({ name: topic.name, comment: 'compacted: keeps the last value of each key' })
  expect(drafts.map(({ name }) => name).filter((name) => name.startsWith('_'))).toEqual([])
})
