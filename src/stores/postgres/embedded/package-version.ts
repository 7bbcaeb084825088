import { readFile } from 'node:fs/promises'
import { findPackageJSON } from 'node:module'

/** The version of an installed package, or of this program. */
export async function packageVersion(name?: string): Promise<string> {
  const file = name === undefined ? findPackageJSON(import.meta.url) : findPackageJSON(name, import.meta.url)
  if (file === undefined) throw new Error(`${name ?? 'package.json'} is not there`)
  const content: unknown = JSON.parse(await readFile(file, 'utf8'))
  return content instanceof Object && 'version' in content ? String(content.version) : 'unknown'
}
