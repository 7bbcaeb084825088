import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

import { chooseNode } from '../../src/cli/choose-node.js'
import { errorTable } from '../../src/core/error-table.ts'
import { openLauncherFolder } from '../kit/launcher-folder.ts'
import { findOlderNode } from '../kit/older-node.ts'

const older = findOlderNode() ?? ''
if (older === '') console.warn('No Node older than 22.18 is on the PATH: the launcher is tested on this one only.')

const report = `const args: string[] = process.argv.slice(2)
process.stdout.write(JSON.stringify({ version: process.versions.node, args, cwd: process.cwd() }))
process.exitCode = 42
`

test.for([
  ['22.18.0', 'here'],
  ['23.6.0', 'here'],
  ['24.0.0', 'here'],
  ['22.17.9', 'refuse'],
  ['23.5.0', 'refuse'],
  ['20.19.1', 'refuse'],
  ['14.0.0', 'refuse'],
] as const)('Node %s without another one beside it: %s', ([version, run]) => {
  expect(chooseNode(version, undefined)).toEqual({ run })
})

test('an older Node hands over to the one beside it', () => {
  expect(chooseNode('20.19.1', '/p/node_modules/node/bin/node')).toEqual({
    run: 'bundled',
    path: '/p/node_modules/node/bin/node',
  })
})

test('a new enough Node runs the program in its own process', async () => {
  await using folder = await openLauncherFolder({ main: report })
  const { stdout, status } = spawnSync(process.execPath, [folder.launcher, 'search', 'a b'], { encoding: 'utf8' })
  expect(JSON.parse(stdout)).toMatchObject({ version: process.versions.node, args: ['search', 'a b'] })
  expect(status).toBe(42)
})

test('run by npm, relative paths are those of the caller; by any other script, those of the script', async () => {
  await using folder = await openLauncherFolder({ main: report })
  const caller = join(folder.path, 'caller')
  await mkdir(caller)
  const run = (script: string): unknown => {
    const env = {
      ...process.env,
      INIT_CWD: caller,
      npm_lifecycle_event: script,
      npm_package_json: join(folder.path, 'package.json'),
    }
    const { stdout } = spawnSync(process.execPath, [folder.launcher], { encoding: 'utf8', cwd: folder.path, env })
    return JSON.parse(stdout)
  }
  expect(run('aquifer')).toMatchObject({ cwd: await realpath(caller) })
  expect(run('other')).toMatchObject({ cwd: await realpath(folder.path) })
})

describe.runIf(older !== '')('on an older Node', () => {
  test('the program runs on the one beside it, with its arguments, input and exit code', async () => {
    await using folder = await openLauncherFolder({
      main: `for await (const piece of process.stdin) process.stdout.write(piece)\n${report}`,
      bundled: process.execPath,
    })
    const { stdout, status } = spawnSync(older, [folder.launcher, '--json', 'x'], {
      encoding: 'utf8',
      input: 'in:',
    })
    expect(stdout).toMatch(/^in:/)
    expect(JSON.parse(stdout.slice(3))).toMatchObject({ version: process.versions.node, args: ['--json', 'x'] })
    expect(status).toBe(42)
  })

  test('without one beside it the program is refused with the fix of the error table', async () => {
    await using folder = await openLauncherFolder({ main: report })
    const { stdout, stderr, status } = spawnSync(older, [folder.launcher, 'status'], { encoding: 'utf8' })
    expect(stdout).toBe('')
    expect(stderr).toMatch(/^NODE_TOO_OLD This is Node \d+\.\d+\.\d+; Aquifer needs 22\.18 or later\.\n/)
    expect(stderr).toContain(errorTable.NODE_TOO_OLD.fix)
    expect(status).toBe(78)
  })

  test.for(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('%s reaches the program, whose end is the end', async (signal) => {
    await using folder = await openLauncherFolder({
      main: `process.on('${signal}', () => { process.stdout.write('got it'); process.exit(7) })
setTimeout(() => process.exit(9), 4000)
process.stdout.write('ready ')
`,
      bundled: process.execPath,
    })
    const child = spawn(older, [folder.launcher], { stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    child.stdout.on('data', (piece: Buffer) => {
      output += piece.toString()
      if (output === 'ready ') child.kill(signal)
    })
    const [code] = await once(child, 'exit')
    expect({ code, output }).toEqual({ code: 7, output: 'ready got it' })
  })

  test('a program that a signal ends takes its launcher with it in the same way', async () => {
    await using folder = await openLauncherFolder({
      main: `process.kill(process.pid, 'SIGKILL')`,
      bundled: process.execPath,
    })
    expect(spawnSync(older, [folder.launcher]).signal).toBe('SIGKILL')
  })
})
