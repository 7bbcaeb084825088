import { mkdir, open, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { SearchAnswer, Status } from '../../schemas/search.ts'
import { openDeployment, type Deployment } from '../kit/deployment.ts'
import { endOf, startProgram } from '../kit/program.ts'
import { refusalOf } from '../kit/refusal.ts'
import { startServe, type RunningServer } from '../kit/serve.ts'

let deployment: Deployment
/** Holds the store open, as an editor's server does, so that each command is quick. */
let server: RunningServer
const at = (...names: string[]): string => join(deployment.dir, ...names)
const refusal = (...args: string[]): Promise<string> => refusalOf(args, { dir: deployment.dir })

interface Synced {
  readonly sources: readonly object[]
  readonly notices: readonly { readonly code: string; readonly message: string }[]
}

beforeAll(async () => {
  deployment = await openDeployment('embedded')
  await mkdir(at('docs'))
  await writeFile(at('docs', 'kettle.md'), '# Kettle\n\nDescale the kettle with vinegar.\n')
  await deployment.configure('sources: { docs: { type: files, path: ./docs } }\n')
  server = await startServe(deployment.dir)
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await deployment[Symbol.asyncDispose]()
})

/** What was indexed in the beginning is still answered. */
async function expectKettle(): Promise<void> {
  const { hits } = await deployment.json<SearchAnswer>('search', 'how to descale', '--limit', '1')
  expect(hits.map(({ id }) => id)).toEqual(['docs:kettle.md'])
}

test('nothing can be asked before the first sync, and that is said', async () => {
  expect(await refusal('search', 'kettle')).toBe('69\nLEDGER_EMPTY Nothing has been indexed yet.')
  expect(await refusal('fetch', 'docs:kettle.md')).toBe('66\nRECORD_NOT_FOUND There is no record docs:kettle.md.')
})

test('a file that cannot be read is set aside with its reason, and the others are indexed', async () => {
  const binary = Buffer.concat([Buffer.from('\u007fELF'), Buffer.from(Array.from({ length: 4096 }, (_, i) => i % 256))])
  await writeFile(at('docs', 'binary.md'), binary)
  await writeFile(at('docs', 'broken.json'), '{"a": ')
  await writeFile(at('docs', 'latin-1.txt'), Buffer.from('Caf\u00e9 au lait, cr\u00e8me br\u00fbl\u00e9e', 'latin1'))
  await writeFile(at('docs', 'utf-16.txt'), Buffer.from('\ufeffGr\u00fc\u00dfe aus M\u00fcnchen', 'utf16le'))
  await writeFile(at('docs', 'empty.md'), '')
  await using sparse = await open(at('docs', 'huge.md'), 'w')
  await sparse.truncate(2 ** 30)

  const { code, stdout, stderr } = await deployment.run('sync')
  expect(code).toBe(0)
  expect(stdout).toMatch(/^docs +7 +4 +0 +0 +3 +up to date$/m)
  expect(stderr).toBe('What was set aside, and why: `aquifer dead-letters`.\n')
  const { dead_letters } = await deployment.json<{ dead_letters: { key: string; error: object; first_at: string }[] }>(
    'dead-letters',
  )
  expect(dead_letters.toSorted((a, b) => a.key.localeCompare(b.key))).toMatchObject([
    { key: 'binary.md', error: { code: 'FILE_ENCODING', message: 'The file holds bytes that are no text.' } },
    {
      key: 'broken.json',
      error: { code: 'RECORD_INVALID', message: 'broken.json is not valid JSON at line 1, column 6.' },
    },
    {
      key: 'huge.md',
      error: {
        code: 'FILE_TOO_LARGE',
        message: 'The file has 1,073,741,824 bytes; maxBytes is 10,485,760.',
        fix: 'Raise maxBytes of the source, or exclude the file.',
      },
    },
  ])
  expect(dead_letters[0]?.first_at).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
  expect(await deployment.json('fetch', 'docs:latin-1.txt')).toMatchObject({
    text: 'Caf\u00e9 au lait, cr\u00e8me br\u00fbl\u00e9e',
  })
  expect(await deployment.json('fetch', 'docs:utf-16.txt')).toMatchObject({ text: 'Gr\u00fc\u00dfe aus M\u00fcnchen' })
  expect(await refusal('dead-letters', 'show', '99')).toBe('66\nRECORD_NOT_FOUND There is no dead letter 99.')
  await expectKettle()
})

test('what was set aside is tried again once it is mended, and only that; or it is forgotten', async () => {
  const letters = async (): Promise<readonly { id: number; key: string; attempts: number }[]> =>
    (await deployment.json<{ dead_letters: { id: number; key: string; attempts: number }[] }>('dead-letters'))
      .dead_letters
  const idOf = async (key: string): Promise<string> =>
    String((await letters()).find((letter) => letter.key === key)?.id ?? key)
  await writeFile(at('docs', 'broken.json'), '{"a": "mended"}')
  const [mended, binary] = [await idOf('broken.json'), await idOf('binary.md')]

  const replayed = await deployment.run('dead-letters', 'replay', mended, binary)
  expect(replayed.stdout).toMatch(/^docs +2 +1 +1 +0/m)
  expect(replayed.code).toBe(64)
  expect(await deployment.json('fetch', 'docs:broken.json')).toMatchObject({ text: '{"a": "mended"}' })
  expect((await letters()).map(({ key, attempts }) => [key, attempts]).toSorted()).toEqual([
    ['binary.md', 2],
    ['huge.md', 1],
  ])

  expect(await refusal('dead-letters', 'drop')).toBe(
    '64\nARGUMENT_INVALID Say which: numbers of `aquifer dead-letters list`, --source NAME, or --all.',
  )
  expect(await deployment.json('dead-letters', 'drop', binary)).toEqual({ dropped: 1 })
  expect((await letters()).map(({ key }) => key)).toEqual(['huge.md'])
  expect(await refusal('dead-letters', 'replay', mended)).toBe(
    `66\nRECORD_NOT_FOUND There is no dead letter ${mended}.`,
  )
})

test('a wrong question is refused with the right names', async () => {
  const asked = await Promise.all([
    refusal('search', ''),
    refusal('search', 'x', '--source', 'dox'),
    refusal('search', 'x', '--filter', 'owner=ann'),
    refusal('search', 'x', '--cursor', 'MTA'),
    refusal('fetch', 'docs:../../etc/passwd'),
    refusal('sync', 'dox'),
  ])
  expect(asked).toEqual([
    '64\nQUERY_INVALID The query has 0 characters.',
    '64\nSOURCE_UNKNOWN There is no source dox. Did you mean docs? There are: docs.',
    '64\nFILTER_UNKNOWN There is no field owner. There are no fields to name.',
    '64\nPAGE_CURSOR_INVALID The cursor does not belong to this query and caller.',
    '66\nRECORD_NOT_FOUND There is no record docs:../../etc/passwd.',
    '64\nSOURCE_UNKNOWN There is no source dox. Did you mean docs?',
  ])
})

test('a backup does not replace another file, and what is no backup is not restored', async () => {
  await writeFile(at('notes.txt'), 'mine')
  const answers = await Promise.all([
    refusal('backup', 'notes.txt'),
    refusal('backup', 'notes.txt/all.aquifer'),
    refusal('restore', 'notes.txt'),
    refusal('restore', 'docs'),
  ])
  expect(answers).toEqual([
    '64\nARGUMENT_INVALID DIR/notes.txt is there already and is no backup.',
    '78\nDIR_NOT_WRITABLE The folder DIR/notes.txt cannot be made.',
    '64\nBACKUP_INVALID The backup DIR/notes.txt cannot be read to its end.',
    '64\nBACKUP_INVALID The backup DIR/docs cannot be read to its end.',
  ])
  expect(await readFile(at('notes.txt'), 'utf8')).toBe('mine')
  await deployment.json('backup', 'all.aquifer')
  await deployment.json('backup', 'all.aquifer')
  expect(await refusal('restore', 'all.aquifer')).toBe(
    '75\nRESTORE_NOT_EMPTY This ledger already holds records; nothing was changed.',
  )
  await expectKettle()
})

test('a port that is in use, or an address of another machine', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const address = taken.address()
  const port = typeof address === 'object' ? String(address?.port) : ''
  expect(await refusal('serve', '--http', port)).toBe(`78\nPORT_IN_USE Port ${port} of 127.0.0.1 is in use.`)
  taken.close()
  expect(await refusal('serve', '--http', '192.0.2.1:7331')).toBe(
    '78\nADDRESS_INVALID 192.0.2.1 is not an address of this machine.',
  )
})

test('of two syncs of one source the second waits for the first', async () => {
  for (let i = 0; i < 40; i++) await writeFile(at('docs', `page-${String(i)}.md`), `# Page ${String(i)}\n`)
  const outcomes = await Promise.all([deployment.json<Synced>('sync'), deployment.json<Synced>('sync')])
  const counts = outcomes.map(({ sources }) => sources)
  expect(counts.flat()).toContainEqual(expect.objectContaining({ name: 'docs', written: 40, error: null }))
  expect(counts.flat()).toContainEqual(expect.objectContaining({ name: 'docs', written: 0, error: null }))
  expect((await deployment.json<Status>('status')).sources).toMatchObject([{ records: 45 }])
})

test('a source whose folder goes away keeps what it had; an empty one is no failure, but is said', async () => {
  const docs = 'docs: { type: files, path: ./docs }'
  await mkdir(at('drafts'))
  await deployment.configure(
    `sources: { ${docs}, drafts: { type: files, path: ./drafts }, gone: { type: files, path: ./gone } }\n`,
  )
  expect(await refusal('sync')).toBe(
    '78\nSOURCE_INVALID Source gone: there is no DIR/gone.\nSOURCE_EMPTY Source drafts was read and holds nothing to index.',
  )
  const { code, stderr } = await deployment.run('sync', 'drafts')
  expect(code).toBe(0)
  expect(stderr).toMatch(/^SOURCE_EMPTY: Source drafts was read and holds nothing to index\.\n {2}→ .+\n$/)
  const unread = await deployment.json<SearchAnswer>('search', 'kettle', '--source', 'gone')
  expect(unread).toMatchObject({ hits: [], notices: [expect.stringContaining('`aquifer sync`')] })
  await deployment.configure(
    `sources: { ${docs.replace('./docs', './moved')}, drafts: { type: files, path: ./drafts } }\n`,
  )
  expect(await refusal('sync', 'docs')).toContain('78\nSOURCE_INVALID Source docs: there is no DIR/moved.')
  await expectKettle()
})

test('whoever stops reading ends nothing but the reading', async () => {
  const child = startProgram(['--json', 'status'], { dir: deployment.dir })
  child.stdin?.end()
  child.stdout?.destroy()
  expect(await endOf(child)).toMatchObject({ code: 0, stderr: '' })
})
