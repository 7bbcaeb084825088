import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createServer } from 'node:tls'
import { promisify } from 'node:util'
// One file for all tests of the network, since the broker knows of one port where it may be broken.
import { expect, test } from 'vitest'
import { brief, follow } from '../kit/follow.ts'
import { collect, cursorsOf } from '../kit/indexer-reading.ts'
import { openTestTopic } from '../kit/kafka-source.ts'
import type { TestTopic } from '../kit/kafka-source.ts'
import { openTcpProxy } from '../kit/tcp-proxy.ts'
import type { TcpProxy } from '../kit/tcp-proxy.ts'
import { openTempDir } from '../kit/temp-dir.ts'

const run = promisify(execFile)

/** TLS in front of the broker: the port that it names as its own takes TLS and hands on what is inside. */
async function openTls(
  { url }: TestTopic,
  name: string,
): Promise<{ readonly ca: string; readonly broker: string } & AsyncDisposable> {
  const dir = await openTempDir()
  const files = { key: join(dir.path, 'key.pem'), cert: join(dir.path, 'cert.pem') }
  const made = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=test'
  await run('openssl', [
    ...made.split(' '),
    '-addext',
    `subjectAltName=${name}`,
    '-keyout',
    files.key,
    '-out',
    files.cert,
  ])
  const [key, cert] = [await readFile(files.key, 'utf8'), await readFile(files.cert, 'utf8')]
  const { hostname, port } = new URL(url)
  const server = createServer({ key, cert }, (near) => {
    const far = connect(Number(port) + 3, hostname)
    near.pipe(far).pipe(near)
    for (const socket of [near, far]) socket.on('error', () => [near, far].map((one) => one.destroy()))
  })
  server.on('tlsClientError', () => {})
  server.listen(Number(port) + 4, '127.0.0.1')
  await once(server, 'listening')
  return {
    ca: cert,
    broker: `127.0.0.1:${Number(port) + 4}`,
    [Symbol.asyncDispose]: async () => {
      server.close()
      await dir[Symbol.asyncDispose]()
    },
  }
}

const readThrough = async (topic: TestTopic, broker: string, tls: object | boolean): Promise<readonly string[]> => {
  await using indexer = await topic.open(
    {},
    {},
    { brokers: [broker], tls: JSON.parse(JSON.stringify(tls)), requestTimeout: '2s' },
  )
  return (await collect(indexer.changes({}))).map(({ kind }) => kind)
}

test('messages are read through TLS, with certificates that are checked', async () => {
  await using topic = await openTestTopic()
  await topic.write({ key: 'a', value: {} })
  await using tls = await openTls(topic, 'IP:127.0.0.1')
  expect(await readThrough(topic, tls.broker, { ca: tls.ca })).toEqual(['put', 'checkpoint'])
  const refused = { code: 'SOURCE_INVALID', message: 'Source source: no secure connection could be made' }
  await expect(readThrough(topic, tls.broker, true)).rejects.toMatchObject(refused)
})

test('a certificate for another name is refused, unless that name is told', async () => {
  await using topic = await openTestTopic()
  await using tls = await openTls(topic, 'DNS:kafka.example')
  await expect(readThrough(topic, tls.broker, { ca: tls.ca })).rejects.toMatchObject({ code: 'SOURCE_INVALID' })
  expect(await readThrough(topic, tls.broker, { ca: tls.ca, servername: 'kafka.example' })).toEqual(['checkpoint'])
})

test('a port that wants TLS ends a read without it, and the fix says where to look', async () => {
  await using topic = await openTestTopic()
  await using tls = await openTls(topic, 'IP:127.0.0.1')
  await expect(readThrough(topic, tls.broker, false)).rejects.toMatchObject({
    code: 'SOURCE_UNREACHABLE',
    fix: 'Check that the brokers run, and that `tls` and `sasl` are what their port wants.',
  })
})

/** A broker behind a network that a test can break: the port that it names as its own is the proxy's. */
async function openBrokenNetwork(url: string): Promise<TcpProxy> {
  const { hostname, port } = new URL(url)
  return openTcpProxy(`kafka://${hostname}:${Number(port) + 3}`, Number(port) + 4)
}

test('a stream whose connections break goes on by itself, without loss', async () => {
  await using topic = await openTestTopic({ partitions: 2 })
  await using network = await openBrokenNetwork(topic.url)
  const stop = new AbortController()
  await using indexer = await topic.open(
    {},
    { until: 'abort', signal: stop.signal },
    { brokers: [new URL(network.url).host] },
  )
  const following = follow(indexer, stop)
  const expected: string[] = []
  for (let round = 0; round < 4; round += 1) {
    expected.push(`put ${round}`)
    await topic.write({ key: `${round}`, value: {} })
    await expect.poll(() => following.seen().toSorted(), { timeout: 10_000 }).toEqual(expected)
    if (round % 2 === 0) network.breakNext()
    else {
      network.cut()
      await sleep(700)
      network.restore()
    }
  }
  await following.stop()
})

test('a network that stays away ends the read, which then goes on where it was', { timeout: 60_000 }, async () => {
  await using topic = await openTestTopic()
  await topic.write({ key: 'a', value: {} })
  await using network = await openBrokenNetwork(topic.url)
  const stop = new AbortController()
  await using indexer = await topic.open(
    {},
    { until: 'abort', signal: stop.signal },
    { brokers: [new URL(network.url).host] },
  )
  const following = follow(indexer, stop)
  await expect.poll(() => following.changes.map(brief)).toEqual(['put a', 'checkpoint'])
  network.cut()
  await expect(following.ended).rejects.toMatchObject({
    code: 'SOURCE_UNREACHABLE',
    message: expect.stringMatching(/^Source source: /),
  })
  await topic.write({ key: 'b', value: {} })
  network.restore()
  const again = follow(indexer, stop, cursorsOf(following.changes))
  await expect.poll(again.seen, { timeout: 10_000 }).toEqual(['put b'])
  await again.stop()
})
