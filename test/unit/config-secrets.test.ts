import { inspect } from 'node:util'
import { expect, test } from 'vitest'

import { revealSecrets } from '../../src/config/reveal-secrets.ts'
import { failureOf, openConfigFolder } from '../kit/config-folder.ts'

const yaml = `version: 1
ledger: { postgres: { env: DATABASE_URL } }
connections:
  shop: { type: postgres, url: { env: SHOP_URL } }
  files: { type: postgres, url: { file: shop.url } }
`

test('a secret is read from its variable or file when it is asked for', async () => {
  await using folder = await openConfigFolder({ 'aquifer.yaml': yaml, 'shop.url': 'postgres://u:p@h/files\n' })
  const { ledger, connections } = await folder.load()
  const env = { DATABASE_URL: 'postgres://u:p@h/ledger', SHOP_URL: 'postgres://u:p@h/shop' }
  expect(await revealSecrets(ledger, env)).toEqual({
    kind: 'postgres',
    url: 'postgres://u:p@h/ledger',
    schema: 'aquifer',
  })
  expect(await revealSecrets(connections.shop?.options, env)).toEqual({ url: 'postgres://u:p@h/shop' })
  expect(await revealSecrets(connections.files?.options, {})).toEqual({ url: 'postgres://u:p@h/files' })
})

test('missing secrets are named with their places, all of them, and only when they are needed', async () => {
  await using folder = await openConfigFolder({ 'aquifer.yaml': yaml })
  const { connections } = await folder.load()
  await expect(revealSecrets(connections, { SHOP_URL: '' })).rejects.toMatchObject({
    code: 'CONFIG_SECRET_MISSING',
    message: `connections.files.url (aquifer.yaml:5:33) names the file ${folder.path}/shop.url, which cannot be read (ENOENT).
  connections.shop.url (aquifer.yaml:4:32) names the environment variable SHOP_URL, which is empty.`,
  })
  await expect(revealSecrets(connections.shop, {})).rejects.toThrow(
    'connections.shop.url (aquifer.yaml:4:32) names the environment variable SHOP_URL, which is not set.',
  )
})

test('an empty secret file is as good as none', async () => {
  await using folder = await openConfigFolder({ 'aquifer.yaml': yaml, 'shop.url': '\n' })
  const { connections } = await folder.load()
  await expect(revealSecrets(connections.files, {})).rejects.toThrow('/shop.url, which is empty.')
})

test('a configuration shows no secret, however it is printed', async () => {
  await using folder = await openConfigFolder({ 'aquifer.yaml': yaml, 'shop.url': 'postgres://u:hunter2@h/files' })
  const config = await folder.load({
    DATABASE_URL: 'postgres://u:hunter2@h/db',
    SHOP_URL: 'postgres://u:hunter2@h/shop',
  })
  await revealSecrets(config, { DATABASE_URL: 'hunter2', SHOP_URL: 'hunter2' })
  expect(JSON.stringify(config) + inspect(config, { depth: Infinity, showHidden: true })).not.toContain('hunter2')
})

test.for([
  'postgres://user:hunter2@db.example/shop',
  'postgres://user:hunter#2@db.example/shop',
  'postgres://db.example/shop?user=me&password=hunter2',
  'host=db.example password=hunter2',
])('a password in the file is refused without repeating it: %s', async (url) => {
  const failure = await failureOf(`version: 1\nledger: { postgres: "${url}" }`)
  expect(failure).toBe(
    'CONFIG_INVALID aquifer.yaml:2:21 ledger.postgres: a password does not belong in this file; put the URL into an environment variable and write { env: NAME }',
  )
})

test.for(['$DATABASE_URL', '${DATABASE_URL}'])('%s is not filled in, and says what to write', async (url) => {
  expect(await failureOf(`version: 1\nledger: { postgres: "${url}" }`)).toBe(
    'CONFIG_INVALID aquifer.yaml:2:21 ledger.postgres: variables are not filled in here; write { env: NAME }',
  )
})

test('a URL without a password may stand in the file', async () => {
  await using folder = await openConfigFolder({
    'aquifer.yaml': 'version: 1\nledger: { postgres: "postgres://me@localhost:5432/kb" }',
  })
  expect((await folder.load()).ledger).toMatchObject({ url: 'postgres://me@localhost:5432/kb' })
})
