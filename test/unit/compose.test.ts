import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'

import { loadConfig } from '../../src/config/load-config.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const Compose = z.object({
  services: z.record(
    z.string(),
    z.object({
      ports: z.array(z.string()).default([]),
      networks: z.array(z.string()),
      environment: z.record(z.string(), z.string()),
    }),
  ),
  networks: z.record(z.string(), z.object({ internal: z.boolean() })),
})
const { services, networks } = Compose.parse(parse(readFileSync(`${root}docker-compose.yml`, 'utf8'), { merge: true }))

test('only the service is published, and only on the loopback', () => {
  const published = Object.entries(services).flatMap(([name, { ports }]) => ports.map((port) => `${name} ${port}`))
  expect(published).toEqual(['aquifer 127.0.0.1:7331:7331'])
})

test('the stores are on a network without a way out', () => {
  expect([services['postgres']?.networks, services['elasticsearch']?.networks]).toEqual([['stores'], ['stores']])
  expect(networks['stores']).toEqual({ internal: true })
})

test('the configuration that is mounted is valid, and its secrets are in the environment of both programs', async () => {
  const config = await loadConfig({ dir: `${root}examples/compose`, env: {} })
  expect(config.ledger).toMatchObject({ kind: 'postgres', url: { env: 'DATABASE_URL' } })
  expect(config.lexical).toMatchObject({ elasticsearch: { url: { env: 'ELASTICSEARCH_URL' } } })
  for (const name of ['aquifer', 'sync']) {
    expect(Object.keys(services[name]?.environment ?? {})).toEqual(['DATABASE_URL', 'ELASTICSEARCH_URL'])
  }
})
