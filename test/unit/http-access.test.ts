import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { adminsKey, clerksKey, mcpAnswer, mcpCall, openHttp } from '../kit/http-door.ts'
import { toolCall } from '../kit/raw-stdio.ts'

const routes = ['/', '/mcp', '/metrics', '/healthz', '/readyz', '/nowhere'] as const
const onAll = { host: '0.0.0.0' }

test.for(routes)('%s refuses a name that is not ours, and pages of other sites', async (path) => {
  await using door = await openHttp()
  const badHosts = [
    'evil.example',
    'evil.example:80',
    'localhost.evil.example',
    '169.254.169.254',
    'x@127.0.0.1',
    'a b',
  ]
  for (const host of badHosts) {
    const { status, text } = await door.ask(path, { headers: { host } })
    expect([host, status]).toEqual([host, 403])
    expect(JSON.parse(text)).toMatchObject({ error: { code: 'HOST_REFUSED' } })
  }
  for (const origin of ['https://evil.example', 'null', 'http://127.0.0.1.evil.example', 'file://', 'x']) {
    const { status, text } = await door.ask(path, { headers: { origin } })
    expect([origin, status]).toEqual([origin, 403])
    expect(JSON.parse(text)).toMatchObject({ error: { code: 'ORIGIN_REFUSED' } })
  }
})

test('a request without a Host header is refused', async () => {
  await using door = await openHttp()
  const socket = connect(door.server.port, '127.0.0.1')
  socket.end('GET /healthz HTTP/1.0\r\n\r\n')
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 403 [\s\S]*HOST_REFUSED/)
})

test('on the loopback its own names pass, with any port, and names that are allowed', async () => {
  await using door = await openHttp({ allowedHosts: ['Docs.Example'] })
  for (const host of ['localhost', 'LOCALHOST:1', '127.0.0.1:8080', '[::1]:3', 'docs.example', 'docs.example.:443']) {
    expect((await door.ask('/healthz', { headers: { host } })).status).toBe(200)
  }
  for (const origin of ['http://localhost:3000', 'https://docs.example']) {
    expect((await door.ask('/healthz', { headers: { origin } })).status).toBe(200)
  }
})

test('on other addresses any name passes, for a key is needed; once names are configured, only these and addresses', async () => {
  await using open = await openHttp(onAll)
  await using named = await openHttp({ ...onAll, allowedHosts: ['docs.example'] })
  const statusFor = async (door: typeof open, headers: Record<string, string>): Promise<number> =>
    (await door.ask('/healthz', { headers })).status
  expect(await statusFor(open, { host: 'docs.example' })).toBe(200)
  expect(await statusFor(open, { host: 'docs.example', origin: 'https://docs.example' })).toBe(200)
  expect(await statusFor(open, { host: 'docs.example', origin: 'https://evil.example' })).toBe(403)
  expect(await statusFor(named, { host: 'docs.example:8080' })).toBe(200)
  expect(await statusFor(named, { host: '10.1.2.3:8080' })).toBe(200)
  expect(await statusFor(named, { host: 'evil.example' })).toBe(403)
})

test('on other addresses everything but the probes needs a key', async () => {
  await using door = await openHttp(onAll)
  for (const path of ['/', '/mcp', '/metrics', '/nowhere']) {
    const { status, headers, text } = await door.ask(path)
    expect([path, status, headers['www-authenticate']]).toEqual([path, 401, 'Bearer realm="aquifer"'])
    expect(JSON.parse(text)).toMatchObject({
      error: { code: 'KEY_INVALID', message: expect.any(String), fix: expect.any(String) },
    })
  }
  for (const path of ['/healthz', '/readyz']) expect((await door.ask(path)).status).toBe(200)
  const headers = { authorization: `Bearer ${adminsKey}` }
  for (const path of ['/', '/metrics']) expect((await door.ask(path, { headers })).status).toBe(200)
  expect((await door.ask('/nowhere', { headers })).status).toBe(404)
})

test.for([
  ['Bearer wrong'],
  ['Bearer '],
  ['Bearer'],
  ['Basic YTpi'],
  [`Bearer ${clerksKey} x`],
  [`Bearer ${'k'.repeat(5000)}`],
  [''],
] as const)('a wrong key is refused, also on the loopback: %s', async ([authorization]) => {
  await using door = await openHttp()
  const { status, headers } = await door.ask('/mcp', mcpCall(toolCall(1, 'search', { query: 'x' }), { authorization }))
  expect([status, headers['www-authenticate']]).toEqual([401, 'Bearer realm="aquifer", error="invalid_token"'])
})

test('without a list of keys, every key is wrong', async () => {
  await using door = await openHttp({ callers: undefined } as object)
  expect((await door.ask('/', { headers: { authorization: `Bearer ${adminsKey}` } })).status).toBe(401)
})

test('what a proxy on this machine passes on is not local', async () => {
  await using door = await openHttp()
  for (const name of ['x-forwarded-for', 'forwarded', 'x-real-ip', 'x-forwarded-host']) {
    expect((await door.ask('/', { headers: { [name]: '203.0.113.9' } })).status).toBe(401)
  }
})

test('a key decides what is found: on the loopback too', async () => {
  await using door = await openHttp()
  const call = toolCall(1, 'search', { query: 'kettle' })
  const found = async (headers: Record<string, string>): Promise<unknown> =>
    mcpAnswer(await door.ask('/mcp', mcpCall(call, headers)))
  expect(await found({})).toMatchObject({ result: { structuredContent: { results: { length: 4 } } } })
  expect(await found({ authorization: `bearer ${clerksKey}` })).toMatchObject({
    result: { structuredContent: { results: { length: 2 } } },
  })
})

test('a key never appears in an answer or in the log, right or wrong', async () => {
  await using door = await openHttp({ ...onAll, knowledge: () => Promise.reject(new Error(`boom ${adminsKey}`)) })
  const wrong = 'aq_canary-5f2d0c'
  const replies: string[] = []
  for (const key of [adminsKey, clerksKey, wrong]) {
    const headers = { authorization: `Bearer ${key}` }
    for (const path of ['/', '/metrics', `/nowhere?key=${key}`, '/healthz']) {
      const reply = await door.ask(path, { headers })
      replies.push(JSON.stringify(reply))
    }
    replies.push(JSON.stringify(await door.ask('/mcp', mcpCall(toolCall(1, 'search', { query: 'x' }), headers))))
  }
  expect(door.log.lines.length).toBeGreaterThan(3)
  for (const text of [...replies, ...door.log.lines]) expect(text).not.toMatch(/aq_(admin|clerk|canary)/)
})

test('an address that others reach is not served without keys', async () => {
  await expect(openHttp({ ...onAll, callers: undefined } as object)).rejects.toMatchObject({ code: 'KEY_REQUIRED' })
})
