import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

import { chooseNode } from '../../src/cli/choose-node.js'

/** Path of a Node on this machine's PATH that is too old for the program, for tests of its launcher. */
export function findOlderNode(): string | undefined {
  const candidates = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'node'))
  return candidates.find((path) => existsSync(path) && chooseNode(versionOf(path), undefined).run === 'refuse')
}

function versionOf(path: string): string {
  return execFileSync(path, ['-p', 'process.versions.node'], { encoding: 'utf8' }).trim()
}
