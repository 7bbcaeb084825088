import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { silentLog } from '../../src/core/log.ts'
import { openPglite } from '../../src/semantic/engines/postgres/open-pglite.ts'
import { ask, describeEngine, items, refusal } from '../kit/engine-contract.ts'
import { makePgliteFolders, openPgliteFixture, type PgliteFolders } from '../kit/engine-pglite.ts'
import { openTempDir } from '../kit/temp-dir.ts'

let folders: PgliteFolders

beforeAll(async () => {
  folders = await makePgliteFolders()
})

afterAll(() => folders[Symbol.asyncDispose]())

describeEngine('An embedded Postgres', () => openPgliteFixture(folders))

const open = (path: string) => openPglite({ name: 'shop', options: { path }, dir: '', log: silentLog })

test('a folder that is open already is busy, and free again when it is closed', async () => {
  await using dir = await openTempDir()
  const path = join(dir.path, 'data')
  await folders.copy(path)
  await using second = await open(path)
  {
    await using first = await open(path)
    expect((await ask(first, items)).rows).toHaveLength(3)
    expect(await refusal(ask(second, items))).toMatchObject({
      code: 'METRIC_ENGINE_BUSY',
      message: `Connection shop: another process has ${path} open.`,
    })
  }
  expect((await ask(second, items)).rows).toHaveLength(3)
})

test('a folder that is no database is refused, and stays as it is', async () => {
  await using dir = await openTempDir()
  const told = async (path: string): Promise<string> => {
    await using engine = await open(path)
    const { code, message } = await refusal(ask(engine, items))
    return `${code} ${message.replaceAll(dir.path, 'DIR')}`
  }
  await mkdir(join(dir.path, 'empty'))
  expect(await told(join(dir.path, 'empty'))).toBe(
    'CONFIG_INVALID Connection shop: DIR/empty is not the data folder of a PGlite.',
  )
  expect(await readdir(join(dir.path, 'empty'))).toEqual([])
  expect(await told(join(dir.path, 'nowhere'))).toBe(
    'CONFIG_INVALID Connection shop: DIR/nowhere is not the data folder of a PGlite.',
  )
  await folders.copy(join(dir.path, 'old'))
  await writeFile(join(dir.path, 'old', 'PG_VERSION'), '16\n')
  expect(await told(join(dir.path, 'old'))).toBe(
    'CONFIG_INVALID Connection shop: DIR/old was written by Postgres 16, and PGlite here is Postgres 18.',
  )
})

test("Aquifer's own embedded store is not opened beside it", async () => {
  await using dir = await openTempDir()
  const path = join(dir.path, 'data')
  await folders.copy(path)
  await writeFile(join(dir.path, 'owner.lock'), '')
  await using engine = await open(path)
  expect((await refusal(ask(engine, items))).message).toMatch(/is the embedded store of Aquifer itself/)
})

test('a damaged folder cannot be opened, and says so', async () => {
  await using dir = await openTempDir()
  const path = join(dir.path, 'data')
  await folders.copy(path)
  await rm(join(path, 'global', 'pg_control'))
  await using engine = await open(path)
  expect(await refusal(ask(engine, items))).toMatchObject({
    code: 'METRIC_ENGINE_UNREACHABLE',
    message: `Connection shop: the database in ${path} cannot be opened.`,
  })
})

test('a folder is closed as Postgres closes one', async () => {
  await using dir = await openTempDir()
  const path = join(dir.path, 'data')
  await folders.copy(path)
  {
    await using engine = await open(path)
    expect((await ask(engine, items)).rows).toHaveLength(3)
    expect(await readdir(path)).toContain('postmaster.pid')
  }
  expect(await readdir(path)).not.toContain('postmaster.pid')
})

test('a folder that was not closed is read as after a crash', async () => {
  await using fixture = await openPgliteFixture(folders)
  await refusal(ask(fixture.engine, fixture.sql.forever('x'), { timeoutMs: 1500 }))
  expect((await ask(fixture.engine, items)).rows).toHaveLength(3)
})
