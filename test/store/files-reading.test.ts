import { execFileSync } from 'node:child_process'
import { chmod, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { bootedAt } from '../../indexers/files/cursor.ts'
import files from '../../indexers/files/index.ts'
import type { Change } from '../../schemas/record.ts'
import { openFilesFolder, rejectsOf, textsOf } from '../kit/files-folder.ts'
import type { FilesFolder } from '../kit/files-folder.ts'
import { collect, readChanges, readOptions } from '../kit/indexer-reading.ts'

const isLinux = process.platform === 'linux'

describe('files', () => {
  test('hands over text, type, time and place of each file', async () => {
    await using folder = await openFilesFolder()
    await folder.write('guide/Start here.MD', '\ufeff# Hello\r\n')
    const startedAt = new Date().toISOString()
    const [put, checkpoint] = await folder.read()
    expect(put).toEqual({
      kind: 'put',
      source: 'docs',
      key: 'guide/Start here.MD',
      position: expect.stringMatching(/^20\d\d-.*Z$/),
      modifiedAt: expect.stringMatching(/^20\d\d-.*Z$/),
      digest: expect.stringMatching(/^[0-9a-f]{64}$/),
      content: {
        kind: 'document',
        document: { path: 'guide/Start here.MD', mediaType: 'text/markdown', text: '# Hello\r\n' },
      },
    })
    expect(checkpoint).toMatchObject({ kind: 'checkpoint', source: 'docs' })
    expect(checkpoint?.kind === 'checkpoint' && checkpoint.asOf >= startedAt).toBe(true)
  })

  test('of every supported type are read, others only when they are named', async () => {
    const names = ['a.csv', 'a.html', 'a.json', 'a.jsonl', 'a.md', 'a.mdx', 'a.rst', 'a.tsv', 'a.txt', 'a.xyz', 'b']
    await using byDefault = await openFilesFolder()
    await using named = await openFilesFolder({ include: ['*.xyz', 'b', '*.mdx'] })
    for (const folder of [byDefault, named]) for (const name of names) await folder.write(name, '1')
    expect(await byDefault.keys()).toEqual(names.slice(0, 9))
    const changes = await named.read()
    const types = changes.flatMap((change) =>
      change.kind === 'put' && change.content.kind === 'document' ? [change.content.document.mediaType] : [],
    )
    expect(await named.keys()).toEqual(['a.mdx', 'a.xyz', 'b'])
    expect(types).toEqual(['text/mdx', 'text/plain', 'text/plain'])
  })

  test('in hidden, vendored and excluded folders are left out', async () => {
    await using folder = await openFilesFolder({ exclude: ['drafts', '**/old/**'] })
    const hidden = ['.git/a.md', '.aquifer/a.md', '.hidden.md', 'x/.cache/a.md', 'x/node_modules/y/README.md']
    for (const name of ['kept.md', ...hidden, 'drafts/a.md', 'x/old/a.md', 'x/drafts/kept.md'])
      await folder.write(name, name)
    expect(await folder.keys()).toEqual(['kept.md', 'x/drafts/kept.md'])
  })

  test('can be a single one, whatever it is called', async () => {
    await using folder = await openFilesFolder()
    await folder.write('NOTES', 'text')
    await folder.write('other.md', 'not asked for')
    const source = files.source.parse({ path: join(folder.path, 'NOTES') })
    await using indexer = await files.open(undefined, { ...readOptions(), sources: { notes: source } })
    expect(textsOf(await readChanges(indexer, {}))).toEqual({ NOTES: 'text' })
    expect((await collect(indexer.keys('notes', {}, 'digests'))).map(({ key }) => key)).toEqual(['NOTES'])
    await folder.remove('NOTES')
    await expect(collect(indexer.keys('notes', {}, 'keys'))).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' })
  })

  test('of 0 bytes are records', async () => {
    await using folder = await openFilesFolder()
    await folder.write('empty.md', '')
    expect(textsOf(await folder.read())).toEqual({ 'empty.md': '' })
  })

  test('in other encodings are read, and what is no text is set aside', async () => {
    await using folder = await openFilesFolder()
    await folder.write('utf16le.md', Buffer.from('\ufeffgrün', 'utf16le'))
    await folder.write('utf16be.md', Buffer.from('\ufeffgrün', 'utf16le').swap16())
    await folder.write('latin1.md', Buffer.from('Le café est fermé.', 'latin1'))
    await folder.write('binary.md', Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'latin1'))
    const changes = await folder.read()
    expect(textsOf(changes)).toEqual({
      'utf16le.md': 'grün',
      'utf16be.md': 'grün',
      'latin1.md': 'Le café est fermé.',
    })
    expect(rejectsOf(changes)).toEqual({ 'binary.md': 'FILE_ENCODING' })
    expect(await folder.keys()).toEqual(['binary.md', 'latin1.md', 'utf16be.md', 'utf16le.md'])
  })

  test('that are too large cost nothing and are still there', async () => {
    await using folder = await openFilesFolder({ maxBytes: 1000 })
    await folder.write('just.md', 'a'.repeat(1000))
    await folder.write('sparse.md', '')
    await truncate(join(folder.path, 'sparse.md'), 200 * 1024 * 1024)
    const startedAt = performance.now()
    const changes = await folder.read()
    expect(performance.now() - startedAt).toBeLessThan(500)
    expect(Object.keys(textsOf(changes))).toEqual(['just.md'])
    expect(changes.find(({ kind }) => kind === 'reject')).toMatchObject({
      key: 'sparse.md',
      code: 'FILE_TOO_LARGE',
      message: 'The file has 209,715,200 bytes; maxBytes is 1,000.',
    })
    await using indexer = await folder.open()
    expect(await collect(indexer.keys('docs', {}, 'digests'))).toEqual([
      { key: 'just.md', digest: expect.any(String) },
      { key: 'sparse.md' },
    ])
  })

  test.skipIf(!isLinux)('have names with line breaks, or are set aside where the name is not UTF-8', async () => {
    await using folder = await openFilesFolder()
    await folder.write('two\nlines.md', 'text')
    await folder.write('real \ufffd.md', 'text')
    const latin1 = Buffer.concat([Buffer.from(`${folder.path}/caf`), Buffer.of(0xe9), Buffer.from('.md')])
    await writeFile(latin1, 'text')
    const changes = await folder.read()
    expect(Object.keys(textsOf(changes)).toSorted()).toEqual(['real \ufffd.md', 'two\nlines.md'])
    expect(rejectsOf(changes)).toEqual({ 'caf\\xE9.md': 'FILE_ENCODING' })
    expect(await folder.keys()).toEqual(['real \ufffd.md', 'two\nlines.md'])
  })

  test.skipIf(!isLinux)('whose path is too long for a key are set aside', async () => {
    await using folder = await openFilesFolder()
    const name = '\u{1f600}'.repeat(30)
    const path = Array.from({ length: 15 }, () => name).join('/')
    await folder.write(`${path}/${name}.md`, 'fits')
    await folder.write(`${path}/${name}/${name}/a.md`, 'does not fit')
    await folder.write(`${path}/${name}/short.md`, 'fits')
    const changes = await folder.read()
    expect(Object.values(textsOf(changes)).toSorted()).toEqual(['fits', 'fits'])
    expect(Object.values(rejectsOf(changes))).toEqual(['FILE_UNREADABLE'])
    expect(await folder.keys()).toHaveLength(2)
  })

  test.skipIf(!isLinux)('that are pipes or devices are passed over', async () => {
    await using folder = await openFilesFolder()
    await folder.write('a.md', 'text')
    execFileSync('mkfifo', [join(folder.path, 'pipe.md')])
    await folder.link('null.md', '/dev/null')
    expect(textsOf(await folder.read())).toEqual({ 'a.md': 'text' })
    expect(await folder.keys()).toEqual(['a.md'])
  })
})

describe('links between files', () => {
  test('never lead out of the folder', async () => {
    await using folder = await openFilesFolder()
    await writeFile(join(folder.path, '..', 'secret.md'), 'secret')
    await folder.write('a.md', 'text')
    await folder.link('to-file.md', '../secret.md')
    await folder.link('absolute.md', join(folder.path, '..', 'secret.md'))
    await folder.link('to-folder', '..')
    await folder.link('sibling', `${folder.path}-other`)
    expect(textsOf(await folder.read())).toEqual({ 'a.md': 'text' })
    expect(await folder.keys()).toEqual(['a.md'])
  })

  test('are followed inside it, under the name of the link', async () => {
    await using folder = await openFilesFolder()
    await folder.write('real/a.md', 'text')
    await folder.link('linked', 'real')
    await folder.link('b.md', 'real/a.md')
    expect(await folder.keys()).toEqual(['b.md', 'linked/a.md', 'real/a.md'])
    expect(textsOf(await folder.read())).toEqual({ 'b.md': 'text', 'linked/a.md': 'text', 'real/a.md': 'text' })
  })

  test('do not turn in circles', async () => {
    await using folder = await openFilesFolder()
    await folder.write('one/a.md', 'a')
    await folder.write('two/b.md', 'b')
    await folder.link('one/self', '.')
    await folder.link('one/up', '..')
    await folder.link('one/two', '../two')
    await folder.link('two/one', '../one')
    await folder.link('loop.md', 'loop.md')
    await folder.link('dangling.md', 'nowhere.md')
    expect(await folder.keys()).toEqual(['one/a.md', 'one/two/b.md', 'two/b.md', 'two/one/a.md'])
  })

  test('open nothing that the source leaves out', async () => {
    await using folder = await openFilesFolder({ exclude: ['private/**'] })
    for (const name of ['.git/config', '.aquifer/store.md', 'private/a.md', 'node_modules/x/README.md'])
      await folder.write(name, name)
    await folder.link('config.md', '.git/config')
    await folder.link('store', '.aquifer')
    await folder.link('a.md', 'private/a.md')
    await folder.link('readme.md', 'node_modules/x/README.md')
    expect(await folder.keys()).toEqual([])
  })
})

const isRoot = process.getuid?.() === 0

/** Root may read everything, so that it has to be somebody else for a while; only a process of its own can. */
async function asSomebody<Result>(run: () => Promise<Result>): Promise<Result> {
  if (!isRoot) return await run()
  process.seteuid?.(65_534)
  try {
    return await run()
  } finally {
    process.seteuid?.(0)
  }
}

/** As after a change of this user's groups: no time of any file tells that it can be read now. */
async function readMuchLater(folder: FilesFolder): Promise<Change[]> {
  const clock = { ...systemClock, now: () => Date.now() + 120_000, sleep: async () => {} }
  await using indexer = await folder.open({ clock })
  const since = { startedAtMs: Date.now() + 60_000, bootedAtMs: bootedAt(clock.now()) }
  return await readChanges(indexer, { docs: { ...Object(folder.cursors()['docs']), ...since } })
}

describe.skipIf(process.platform === 'win32')('what this user may not read', () => {
  test('is set aside when it is a file, and read once it may be', async () => {
    await using folder = await openFilesFolder()
    await folder.write('a.md', 'open')
    await folder.write('b.md', 'closed')
    await chmod(join(folder.path, '..'), 0o755)
    await chmod(join(folder.path, 'b.md'), 0)
    const before = await asSomebody(() => folder.read())
    expect(textsOf(before)).toEqual({ 'a.md': 'open' })
    expect(before.find(({ kind }) => kind === 'reject')).toMatchObject({
      key: 'b.md',
      code: 'FILE_UNREADABLE',
      message: 'The file cannot be read (EACCES).',
    })
    expect(await asSomebody(() => folder.keys())).toEqual(['a.md', 'b.md'])
    if (!isRoot) await chmod(join(folder.path, 'b.md'), 0o600)
    expect(textsOf(await readMuchLater(folder))).toEqual({ 'b.md': 'closed' })
  })

  test('is never taken for deleted when it is a folder, and read whole once it may be', async () => {
    await using folder = await openFilesFolder()
    await folder.write('a.md', 'open')
    await folder.write('closed/deep/b.md', 'closed')
    await chmod(join(folder.path, '..'), 0o755)
    await chmod(join(folder.path, 'closed'), 0)
    const before = await asSomebody(() => folder.read())
    expect(textsOf(before)).toEqual({ 'a.md': 'open' })
    expect(rejectsOf(before)).toEqual({ closed: 'FILE_UNREADABLE' })
    await expect(asSomebody(() => folder.keys())).rejects.toMatchObject({
      code: 'SOURCE_UNREACHABLE',
      message: 'Source docs: closed cannot be read (EACCES).',
    })
    await chmod(join(folder.path, 'closed'), 0o755)
    expect(textsOf(await readMuchLater(folder))).toEqual({ 'closed/deep/b.md': 'closed' })
    expect(await folder.keys()).toEqual(['a.md', 'closed/deep/b.md'])
  })

  test('is so much that the next round reads everything', async () => {
    await using folder = await openFilesFolder()
    await chmod(join(folder.path, '..'), 0o755)
    for (let number = 0; number <= 1000; number += 1) {
      await folder.write(`${number}.md`, '')
      await chmod(join(folder.path, `${number}.md`), 0)
    }
    expect(Object.keys(rejectsOf(await asSomebody(() => folder.read())))).toHaveLength(1001)
    expect(folder.cursors()).toEqual({ docs: { mounts: { '': expect.any(String) }, again: [] } })
  })

  test('is an error when it is the source itself', async () => {
    await using folder = await openFilesFolder()
    await chmod(join(folder.path, '..'), 0o755)
    await chmod(folder.path, 0)
    await expect(asSomebody(() => folder.open())).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' })
    await chmod(folder.path, 0o755)
  })
})
