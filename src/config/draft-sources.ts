import { stat } from 'node:fs/promises'
import { relative, resolve } from 'node:path'

import { SecretUrl } from '../../schemas/config.ts'
import { AquiferError } from '../core/errors.ts'
import type { IndexerType, SourceDraft } from '../core/indexer.ts'
import type { IndexerTypes } from './load-type.ts'
import { revealSecrets } from './reveal-secrets.ts'
import { yamlScalar, type Draft } from './template.ts'

/** Sources for the documents of a folder: those in `docs` where it is there, else every Markdown file. */
export async function draftFolder(dir: string): Promise<Draft> {
  if (await isFolder(resolve(dir, 'docs'))) return { sources: [filesDraft('docs', './docs')] }
  return { sources: [filesDraft('docs', '.', "include: ['**/*.md']\n")] }
}

/** Sources of what `from` names: the URL of a database, which is reached, or a folder. `dir` will hold the configuration. */
export async function draftFrom(
  from: string,
  { dir, cwd, types }: { dir: string; cwd: string; types: IndexerTypes },
): Promise<Draft> {
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(from)?.[1]?.toLowerCase()
  if (scheme === undefined) return draftPath(from, dir, cwd)
  const type = await typeOfScheme(scheme, types)
  const name = connectionName(from, type.type)
  const env = `${name.replaceAll('-', '_').toUpperCase()}_URL`
  // A reference stands for the URL, which the schema would refuse for its password.
  const options = type.connection?.safeParse({ url: { env } })
  if (options?.success !== true) {
    throw new AquiferError('ARGUMENT_INVALID', `A ${type.type} connection needs more than a URL: write it by hand.`)
  }
  const sources = await type.draft?.(await revealSecrets(options.data, { [env]: from }))
  const url = SecretUrl.safeParse(from).success ? from : { env }
  return { connection: { name, type: type.type, url }, sources: sources ?? [] }
}

async function draftPath(from: string, dir: string, cwd: string): Promise<Draft> {
  const path = resolve(cwd, from)
  await stat(path).catch((cause: unknown) => {
    throw new AquiferError('ARGUMENT_INVALID', `--from ${from} is neither a URL nor a file or folder that is there.`, {
      cause,
    })
  })
  const below = relative(dir, path)
  const written = below === '' ? '.' : below.startsWith('..') ? path : `./${below}`
  return { sources: [filesDraft('docs', written)] }
}

async function typeOfScheme(scheme: string, types: IndexerTypes): Promise<IndexerType> {
  const known: string[] = []
  for (const load of Object.values(types)) {
    const type = (await load()).default
    if (type.draft === undefined) continue
    const schemes = type.schemes ?? [type.type]
    if (schemes.includes(scheme)) return type
    known.push(...schemes.map((name) => `${name}://`))
  }
  throw new AquiferError(
    'ARGUMENT_INVALID',
    `--from does not know ${scheme}: addresses; it knows ${known.join(', ')} and folders.`,
  )
}

/** The database's own name, made fit for a key and an environment variable. */
function connectionName(url: string, otherwise: string): string {
  const database = URL.parse(url)?.pathname.slice(1) ?? ''
  const name = database
    .replaceAll(/\W+/g, '-')
    .replaceAll(/^[-_\d]+|-+$/g, '')
    .slice(0, 40)
  return name === '' ? otherwise : name.toLowerCase()
}

function filesDraft(name: string, path: string, more = ''): SourceDraft {
  const yaml = `type: files
path: ${yamlScalar(path)}
${more}# Agents read this line to decide whether to search here:
# description: How we work
`
  return { name, yaml }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
}
