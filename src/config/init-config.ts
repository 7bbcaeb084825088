import { access, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { indexers } from '../../indexers/index.ts'
import { AquiferError, type ErrorCode } from '../core/errors.ts'
import { draftFolder, draftFrom } from './draft-sources.ts'
import { ignoreStore } from './ignore-store.ts'
import type { IndexerTypes } from './load-type.ts'
import { makeFolder } from './make-folder.ts'
import { listConfigs } from './read-config.ts'
import { configTemplate } from './template.ts'

export interface InitResult {
  readonly file: string
  /** Names of the sources that it drafts. */
  readonly sources: readonly string[]
  /** The environment variable to set to the URL that was given, where the file must not hold it. */
  readonly env: string | undefined
  /** The .gitignore that now keeps the store out of git, where one had to be changed. */
  readonly ignoredIn: string | undefined
}

interface InitOptions {
  readonly dir: string
  /** URL of a database, or a folder; absent: the documents of `dir`. */
  readonly from?: string | undefined
  readonly cwd?: string
  readonly types?: IndexerTypes
}

/** Writes a new `aquifer.yaml`. CONFIG_EXISTS where there is a configuration: none is ever overwritten. */
export async function initConfig({
  dir,
  from,
  cwd = process.cwd(),
  types = indexers,
}: InitOptions): Promise<InitResult> {
  await makeFolder(dir).catch(refuse(dir))
  const [existing] = await listConfigs(dir)
  if (existing !== undefined) throw new AquiferError('CONFIG_EXISTS', `${join(dir, existing)} is there already.`)
  const draft = from === undefined ? await draftFolder(dir) : await draftFrom(from, { dir, cwd, types })
  const file = join(dir, 'aquifer.yaml')
  await writeFile(file, configTemplate(draft, await schemaPath(dir)), { flag: 'wx' }).catch(
    refuse(file, 'CONFIG_EXISTS'),
  )
  const url = draft.connection?.url
  return {
    file,
    sources: draft.sources.map(({ name }) => name),
    env: typeof url === 'object' ? url.env : undefined,
    ignoredIn: await ignoreStore(dir).catch(refuse(dir)),
  }
}

/** Only a schema that whoever checks this folder out has too: that of the package it installs. */
async function schemaPath(dir: string): Promise<string | undefined> {
  const path = './node_modules/aquifer/schemas/json/config.json'
  return access(join(dir, path)).then(
    () => path,
    () => undefined,
  )
}

function refuse(path: string, whenThere: ErrorCode = 'DIR_NOT_WRITABLE'): (cause: NodeJS.ErrnoException) => never {
  return (cause) => {
    const codes: Readonly<Record<string, ErrorCode>> = { EEXIST: whenThere, ENOSPC: 'DISK_FULL', EDQUOT: 'DISK_FULL' }
    const reason = cause.code ?? 'unknown reason'
    throw new AquiferError(codes[reason] ?? 'DIR_NOT_WRITABLE', `${path} cannot be written (${reason}).`, { cause })
  }
}
