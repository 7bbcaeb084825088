import { readdir, readFile } from 'node:fs/promises'
import { basename, join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { AquiferError } from '../core/errors.ts'
import { parseYaml } from './parse-yaml.ts'
import { invalid, type ConfigDocument } from './problem.ts'

const configFiles = ['aquifer.yaml', 'aquifer.yml', 'aquifer.config.ts'] as const

/** Finds and reads the one configuration file of a folder. Messages name it relative to `cwd` where it is below. */
export async function readConfig(dir: string, cwd: string): Promise<ConfigDocument & { readonly file: string }> {
  const file = join(dir, await findConfig(dir))
  const shown = relative(cwd, file)
  const name = shown.startsWith('..') ? file : shown
  const document = file.endsWith('.ts') ? await importConfig(file, name) : parseYaml(await readText(file, name), name)
  if (document.value === null || document.value === undefined) {
    throw invalid([`${name}: holds nothing; it needs at least \`version: 1\``])
  }
  return { ...document, file }
}

/** The names of the configuration files that a folder holds. */
export async function listConfigs(dir: string): Promise<readonly string[]> {
  const names = await readdir(dir).catch((cause: NodeJS.ErrnoException) => {
    throw new AquiferError(
      'CONFIG_NOT_FOUND',
      `The folder ${dir} cannot be read (${cause.code ?? 'unknown reason'}).`,
      {
        cause,
      },
    )
  })
  return configFiles.filter((name) => names.includes(name))
}

async function findConfig(dir: string): Promise<string> {
  const [name, second] = await listConfigs(dir)
  if (name === undefined) throw new AquiferError('CONFIG_NOT_FOUND', `There is no aquifer.yaml in ${dir}.`)
  if (second !== undefined) throw invalid([`${dir} holds both ${name} and ${second}; keep one of them`])
  return name
}

export async function readText(file: string, name: string): Promise<string> {
  const bytes = await readFile(file).catch((cause: NodeJS.ErrnoException) => {
    throw invalid([`${name}: cannot be read (${cause.code ?? 'unknown reason'})`], cause)
  })
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw invalid([`${name}: is not UTF-8 text`], cause)
  }
}

/** A TypeScript file's default export; its places are paths. */
export async function importConfig(
  file: string,
  name: string,
  define: 'defineConfig' | 'defineMetrics' = 'defineConfig',
): Promise<ConfigDocument> {
  const loaded: unknown = await import(pathToFileURL(file).href).catch((cause: unknown) => {
    // Only the kind of the error: a program's message may hold anything, also a secret.
    const kind = cause instanceof Error ? cause.name : 'an exception'
    throw invalid([`${name}: ended in ${kind} while it was loaded; \`node ${basename(file)}\` shows it`], cause)
  })
  const value: unknown =
    typeof loaded === 'object' && loaded !== null && 'default' in loaded ? loaded.default : undefined
  if (value === undefined) throw invalid([`${name}: has no default export; write \`export default ${define}({ … })\``])
  return { value, place: () => name }
}
