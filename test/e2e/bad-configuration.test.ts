import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { closedPort } from '../kit/closed-port.ts'
import { openHttpStandIn } from '../kit/http-stand-in.ts'
import { openTestDatabase } from '../kit/postgres.ts'
import { openRefusingPostgres } from '../kit/postgres-refusal.ts'
import { openSourceDatabase, reader } from '../kit/postgres-source.ts'
import { refusalOf, secret } from '../kit/refusal.ts'
import { runProgram } from '../kit/program.ts'
import { openTempDir, type TempDir } from '../kit/temp-dir.ts'

let root: TempDir
let made = 0
beforeAll(async () => {
  root = await openTempDir()
})
afterAll(() => root[Symbol.asyncDispose]())

/** A folder with this aquifer.yaml and one page in docs/. */
async function folderWith(yaml: string): Promise<string> {
  const dir = join(root.path, String((made += 1)))
  await mkdir(join(dir, 'docs'), { recursive: true })
  await writeFile(join(dir, 'aquifer.yaml'), yaml)
  await writeFile(join(dir, 'docs', 'page.md'), '# Kettles\n')
  return dir
}

const docs = 'docs: { type: files, path: ./docs }'
const cases: readonly (readonly [name: string, yaml: string, refusal: string])[] = [
  [
    'unknown keys and wrong types',
    `version: 1
sorces: {}
sources:
  docs: { type: files, path: 3, inclued: ['*.md'] }
  notes: { type: fils, path: . }
  films: { connection: shop, table: film }
`,
    `78
CONFIG_INVALID 5 problems:
  aquifer.yaml:2:1 sorces: unknown key; did you mean sources?
  aquifer.yaml:4:30 sources.docs.path: expected text, not a number
  aquifer.yaml:4:33 sources.docs.inclued: unknown key; did you mean include?
  aquifer.yaml:5:18 sources.notes.type: expected files, kafka, mongodb, mysql or postgres; did you mean files?
  aquifer.yaml:6:24 sources.films.connection: no such connection`,
  ],
  [
    'YAML that is broken',
    'version: 1\nsources:\n\tdocs: {}\n',
    '78\nCONFIG_INVALID aquifer.yaml:3:1: a tab indents this line; YAML wants spaces',
  ],
  ['nothing at all', '', '78\nCONFIG_INVALID aquifer.yaml: holds nothing; it needs at least `version: 1`'],
  [
    'a password in the file',
    `version: 1\nledger: { postgres: 'postgresql://app:${secret}@127.0.0.1/app' }\n`,
    '78\nCONFIG_INVALID aquifer.yaml:2:21 ledger.postgres: a password does not belong in this file; put the URL into an environment variable and write { env: NAME }',
  ],
  [
    'an environment variable that is not set',
    'version: 1\nledger: { postgres: { env: AQUIFER_TEST_UNSET } }\n',
    '78\nCONFIG_SECRET_MISSING ledger.postgres (aquifer.yaml:2:21) names the environment variable AQUIFER_TEST_UNSET, which is not set.',
  ],
  [
    'a secret whose file is not there',
    'version: 1\nembedding: { provider: openai, model: m, apiKey: { file: ./key } }\n',
    '78\nCONFIG_SECRET_MISSING embedding.apiKey (aquifer.yaml:2:50) names the file DIR/key, which cannot be read (ENOENT).',
  ],
]

test.concurrent.for(cases)('%s: told with its place', async ([, yaml, refusal]) => {
  expect(await refusalOf(['status'], { dir: await folderWith(yaml) })).toBe(refusal)
})

const ledgers: readonly (readonly [name: string, url: () => Promise<string> | string, refusal: string])[] = [
  [
    'an address that is not one of Postgres',
    () => `mysql://app:${secret}@127.0.0.1/app`,
    '78\nCONFIG_INVALID The URL of `ledger` is not a Postgres URL.',
  ],
  [
    'a URL with characters that need encoding',
    () => `postgresql://app:${secret}%/#?@ho st:x/app`,
    '78\nCONFIG_INVALID The URL of `ledger` is not a Postgres URL.',
  ],
  [
    'a server that does not run',
    async () => `postgresql://app:${secret}@127.0.0.1:${String(await closedPort())}/app`,
    '69\nLEDGER_UNREACHABLE The Postgres of `ledger` cannot be reached (ECONNREFUSED).',
  ],
  [
    'a host that is not known',
    () => `postgresql://app:${secret}@no-such-host.invalid/app`,
    expect.stringMatching(
      /^69\nLEDGER_UNREACHABLE The Postgres of `ledger` cannot be reached \(E(NOTFOUND|AI_AGAIN)\)\.$/,
    ),
  ],
]

test.concurrent.for(ledgers)('a ledger at %s', async ([, url, refusal]) => {
  const dir = await folderWith(`version: 1\nledger: { postgres: { env: LEDGER_URL } }\nsources: { ${docs} }\n`)
  expect(await refusalOf(['sync'], { dir, env: { LEDGER_URL: await url() } })).toEqual(refusal)
})

test('a ledger whose user has a wrong password or none is refused at once', async () => {
  await using postgres = await openRefusingPostgres()
  const dir = await folderWith(`version: 1\nledger: { postgres: { env: LEDGER_URL } }\nsources: { ${docs} }\n`)
  const withUser = (user: string) => ({ dir, env: { LEDGER_URL: `postgresql://${user}@${postgres.host}/app` } })
  expect(await refusalOf(['sync'], withUser(`app:${secret}`))).toBe(
    '78\nLEDGER_AUTH The ledger refused user or password.',
  )
  expect(await refusalOf(['sync'], withUser('app'))).toBe(
    '78\nLEDGER_AUTH The Postgres of `ledger` asks for a password.',
  )
})

test('a ledger of a name that does not exist, or of a user without rights', async () => {
  await using database = await openTestDatabase()
  // Makes the role.
  await using _ = await openSourceDatabase(`create table a (id int); grant select on a to ${reader}`)
  const dir = await folderWith(`version: 1\nledger: { postgres: { env: LEDGER_URL } }\nsources: { ${docs} }\n`)
  const url = new URL(database.url)
  url.username = reader
  expect(await refusalOf(['sync'], { dir, env: { LEDGER_URL: url.href } })).toBe(
    "78\nLEDGER_AUTH The ledger's user lacks a right (it must own its schema and be able to create in it).",
  )
  const missing = new URL(database.url)
  missing.pathname += '_missing'
  expect(await refusalOf(['sync'], { dir, env: { LEDGER_URL: missing.href } })).toBe(
    '69\nLEDGER_UNREACHABLE The database named in `ledger` does not exist.',
  )
})

test('check reaches everything that is named, and tells of each what is wrong', async () => {
  await using postgres = await openRefusingPostgres()
  const closed = `127.0.0.1:${String(await closedPort())}`
  const dir = await folderWith(`version: 1
lexical: { elasticsearch: { url: 'http://${closed}' } }
embedding: { provider: openai, model: m, baseUrl: 'http://${closed}/v1', apiKey: { env: KEY } }
connections:
  away: { type: postgres, url: 'postgresql://app@${closed}/shop' }
  wrong: { type: postgres, url: { env: WRONG_URL } }
  asking: { type: postgres, url: 'postgresql://app@${postgres.host}/shop' }
  unset: { type: postgres, url: { env: AQUIFER_TEST_UNSET } }
sources:
  ${docs}
  gone: { type: files, path: ./gone }
  films: { connection: away, table: film }
  actors: { connection: wrong, table: actor }
  stores: { connection: asking, table: store }
  staff: { connection: unset, table: staff }
`)
  const env = { KEY: secret, WRONG_URL: `postgresql://app:${secret}@${postgres.host}/shop` }
  expect(await refusalOf(['check'], { dir, env })).toBe(`69
LEXICAL_UNREACHABLE Elasticsearch cannot be reached or is overloaded (ECONNREFUSED).
EMBEDDING_UNREACHABLE The embedding endpoint was tried 3 times, at last: ECONNREFUSED.
SOURCE_INVALID Source gone: there is no DIR/gone.
SOURCE_UNREACHABLE Source films: nothing listens at the address of the connection
SOURCE_AUTH Source actors: the database refuses this password
SOURCE_AUTH Source stores: the database asks for a password
CONFIG_SECRET_MISSING connections.unset.url (aquifer.yaml:8:33) names the environment variable AQUIFER_TEST_UNSET, which is not set.`)
})

test('check goes on where the ledger does not open', async () => {
  const dir = await folderWith(`version: 1
ledger: { postgres: 'postgresql://app@127.0.0.1:${String(await closedPort())}/app' }
sources:
  ${docs}
  gone: { type: files, path: ./gone }
`)
  expect(await refusalOf(['check'], { dir })).toBe(`69
LEDGER_UNREACHABLE The Postgres of \`ledger\` cannot be reached (ECONNREFUSED).
SOURCE_INVALID Source gone: there is no DIR/gone.`)
})

test('a source whose secret is missing does not keep the others from being read', async () => {
  const dir = await folderWith(`version: 1
connections: { unset: { type: postgres, url: { env: AQUIFER_TEST_UNSET } } }
sources:
  ${docs}
  staff: { connection: unset, table: staff }
`)
  const { stdout, code } = await runProgram(['sync', '--json'], { dir })
  expect(code).toBe(78)
  expect(JSON.parse(stdout)).toMatchObject({
    sources: [
      { name: 'docs', written: 1, error: null },
      {
        name: 'staff',
        error: {
          code: 'CONFIG_SECRET_MISSING',
          message:
            'connections.unset.url (aquifer.yaml:2:46) names the environment variable AQUIFER_TEST_UNSET, which is not set.',
        },
      },
    ],
  })
})

test('a key that Elasticsearch or the embedding endpoint refuses', async () => {
  await using standIn = await openHttpStandIn(() => ({
    status: 401,
    body: { error: { type: 'security_exception', code: 'invalid_api_key', message: 'no' }, status: 401 },
  }))
  const dir = await folderWith(`version: 1
lexical: { elasticsearch: { url: '${standIn.url}', apiKey: { env: KEY } } }
embedding: { provider: openai, model: m, baseUrl: '${standIn.url}/v1', apiKey: { env: KEY } }
sources: { ${docs} }
`)
  const refused = await refusalOf(['check'], { dir, env: { KEY: secret } })
  expect(refused).toMatch(/^78\nLEXICAL_AUTH .+\nEMBEDDING_AUTH .+$/)
  expect(await refusalOf(['sync'], { dir, env: { KEY: secret } })).toMatch(/^78\nEMBEDDING_AUTH .+$/)
})
