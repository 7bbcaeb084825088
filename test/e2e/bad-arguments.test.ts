import { existsSync } from 'node:fs'
import { mkdir, open, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { endOf, runProgram, startProgram } from '../kit/program.ts'
import { refusalOf } from '../kit/refusal.ts'
import { openTempDir, type TempDir } from '../kit/temp-dir.ts'

let folder: TempDir
beforeAll(async () => {
  folder = await openTempDir()
  await mkdir(join(folder.path, 'configured'))
  await writeFile(join(folder.path, 'configured', 'aquifer.yaml'), 'version: 1\nsources: {}\n')
})
afterAll(() => folder[Symbol.asyncDispose]())

const cases: readonly (readonly [command: string, refusal: string])[] = [
  ['', '64\nARGUMENT_INVALID A command is missing.'],
  ['serach', "64\nARGUMENT_INVALID Unknown command 'serach' (Did you mean search?)"],
  ['search', "64\nARGUMENT_INVALID Missing required argument 'query'."],
  ['search x --bogus', "64\nARGUMENT_INVALID Unknown option '--bogus'."],
  ['search x --source', "64\nARGUMENT_INVALID Option '--source <name...>' argument missing."],
  [
    'search x --limit many',
    "64\nARGUMENT_INVALID Option '--limit <n>' argument 'many' is invalid. It must be a whole number from 1 to 100.",
  ],
  [
    'search x --limit 101',
    "64\nARGUMENT_INVALID Option '--limit <n>' argument '101' is invalid. It must be a whole number from 1 to 100.",
  ],
  ['search x --filter rating', '64\nARGUMENT_INVALID The filter rating is not of the form field=value.'],
  ['search x --min-position orders', '64\nARGUMENT_INVALID The position orders is not of the form source=position.'],
  [
    'search x --max-staleness soon',
    '64\nARGUMENT_INVALID --max-staleness soon is not a duration such as 500ms, 30s or 2m.',
  ],
  ['search x --wait 6m', '64\nARGUMENT_INVALID --wait 6m is not a duration of at most 5m such as 500ms, 30s or 2m.'],
  ['keys revok 3', '64\nARGUMENT_INVALID There is no command keys revok; did you mean revoke?'],
  ['keys add', "64\nARGUMENT_INVALID Missing required argument 'name'."],
  ['keys add ann --group *', '64\nARGUMENT_INVALID A group cannot be named *.'],
  ['keys revoke first', '66\nKEY_UNKNOWN There is no key first.'],
  ['dead-letters all', '64\nARGUMENT_INVALID There is no command dead-letters all; known: list, show, replay, drop'],
  [
    'doctor --client vim',
    "64\nARGUMENT_INVALID Option '--client <client>' argument 'vim' is invalid. Allowed choices are claude-code, cursor, vscode.",
  ],
  ['serve --http port', '64\nARGUMENT_INVALID port is not of the form [HOST:]PORT.'],
  ['serve --http 99999', '64\nARGUMENT_INVALID 99999 is not of the form [HOST:]PORT.'],
  ['status', '78\nCONFIG_NOT_FOUND There is no aquifer.yaml in DIR.'],
  ['--dir nowhere status', '78\nCONFIG_NOT_FOUND The folder DIR/nowhere cannot be read (ENOENT).'],
  [
    '--dir configured/aquifer.yaml status',
    '78\nCONFIG_NOT_FOUND The folder DIR/configured/aquifer.yaml cannot be read (ENOTDIR).',
  ],
  ['--dir configured init', '78\nCONFIG_EXISTS DIR/configured/aquifer.yaml is there already.'],
  [
    '--dir configured/aquifer.yaml init',
    '78\nDIR_NOT_WRITABLE DIR/configured/aquifer.yaml cannot be written (EEXIST).',
  ],
  ['init --from nowhere', '64\nARGUMENT_INVALID --from nowhere is neither a URL nor a file or folder that is there.'],
  [
    'init --from oracle://root:s3cr3t@127.0.0.1/shop',
    '64\nARGUMENT_INVALID --from does not know oracle: addresses; it knows kafka://, mongodb://, mongodb+srv://, mysql://, mariadb://, postgresql://, postgres:// and folders.',
  ],
  ['--dir configured restore nothing', "64\nBACKUP_INVALID The file DIR/nothing can't be read."],
  ['--dir configured eval nowhere', '64\nDATASET_INVALID DIR/nowhere has no queries.jsonl.'],
]

test.concurrent.for(cases)('aquifer %s', async ([command, refusal]) => {
  expect(await refusalOf(command.split(' ').filter(Boolean), { dir: folder.path })).toBe(refusal)
})

test.concurrent('people read code, message and fix on stderr, and nothing on stdout', async () => {
  expect(await runProgram(['status'], { dir: folder.path })).toEqual({
    code: 78,
    stdout: '',
    stderr: `CONFIG_NOT_FOUND: There is no aquifer.yaml in ${folder.path}.\n  → Run \`aquifer init\` here, or name the folder with --dir.\n`,
  })
  expect(await runProgram(['keys', 'revok', '3'], { dir: folder.path })).toEqual({
    code: 64,
    stdout: '',
    stderr: 'ARGUMENT_INVALID: There is no command keys revok; did you mean revoke?\n  → See --help.\n',
  })
})

test.concurrent('an IDE that starts the server before aquifer.yaml is there reads why, and what to do', async () => {
  const { code, stdout, stderr } = await runProgram(['serve', '--stdio'], { dir: folder.path })
  expect({ code, stdout }).toEqual({ code: 78, stdout: '' })
  expect(stderr).toMatch(/^CONFIG_NOT_FOUND: .+\n {2}→ Run `aquifer init` here/)
})

test.concurrent('what looks like an escape sequence of a terminal is not printed as one', async () => {
  const { stderr } = await runProgram(['--dir', 'configured', 'restore', '\u001b]0;title\u0007'], { dir: folder.path })
  expect(stderr).toContain('BACKUP_INVALID: The file ')
  expect(stderr).not.toContain('\u001b')
})

test.skipIf(!existsSync('/dev/full'))('output that cannot be written is an error of its own', async () => {
  await using full = await open('/dev/full', 'w')
  const child = startProgram(['--help'], { dir: folder.path, stdout: full.fd })
  expect(await endOf(child)).toMatchObject({
    code: 69,
    stderr: expect.stringMatching(/^DISK_FULL: The output cannot be written\.\n {2}→ /),
  })
})

test('a refused command changes nothing', async () => {
  expect(await readFile(join(folder.path, 'configured', 'aquifer.yaml'), 'utf8')).toBe('version: 1\nsources: {}\n')
})
