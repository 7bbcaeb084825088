#!/usr/bin/env node
// Plain JavaScript for any Node from 14 on: finds one that runs TypeScript, and starts the program on it.
import { spawn } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

import { callerFolder, chooseNode } from './choose-node.js'

const here = dirname(fileURLToPath(import.meta.url))
const program = join(here, 'main.ts')
const folder = callerFolder(process.env, isOurManifest)
if (folder !== undefined) {
  process.chdir(folder)
  // What the program starts itself must stay where it is told to.
  delete process.env.INIT_CWD
}

const choice = chooseNode(process.versions.node, bundledNode())
if (choice.run === 'here') void import(pathToFileURL(program).href)
else if (choice.run === 'bundled') runOn(choice.path)
else {
  process.stderr.write(
    `NODE_TOO_OLD This is Node ${process.versions.node}; Aquifer needs 22.18 or later.\n` +
      'Install Node 22.18 or later, or run `npm ci` again so that the bundled Node is installed.\n',
  )
  process.exitCode = 78
}

/** @param {string} manifest */
function isOurManifest(manifest) {
  return existsSync(manifest) && realpathSync(manifest) === join(here, '..', '..', 'package.json')
}

/** @returns {string | undefined} path of the Node that the package `node` installed */
function bundledNode() {
  try {
    const folder = dirname(createRequire(import.meta.url).resolve('node/package.json'))
    const path = join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
    return existsSync(path) ? path : undefined
  } catch {
    return undefined
  }
}

/** @param {string} node */
function runOn(node) {
  const child = spawn(node, [program, ...process.argv.slice(2)], { stdio: 'inherit' })
  /** @type {readonly NodeJS.Signals[]} */
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  for (const signal of signals) {
    process.on(signal, () => {
      // A terminal sends Ctrl-C to both; a second one would mean "at once".
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
    })
  }
  child.on('error', (error) => {
    process.stderr.write(`NODE_TOO_OLD The Node at ${node} does not start (${error.message}).\n`)
    process.exitCode = 78
  })
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code === null ? 70 : code)
    for (const name of signals) process.removeAllListeners(name)
    process.kill(process.pid, signal)
  })
}
