import { readdir, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, sep } from 'node:path'
import { AquiferError } from '../core/errors.ts'

export interface ImportFiles {
  readonly files: readonly string[]
  /** Nothing outside of this folder is read, whatever a link says. */
  readonly within: string
  /** Folders that were passed over although they may hold metrics. */
  readonly passed: readonly string[]
  readonly isFolder: boolean
}

const maxFiles = 10_000
/** What dbt and others write beside what people write. */
const written = ['node_modules', 'target', 'logs']

/** The file itself, or every YAML file below the folder. METRICS_IMPORT_INVALID where it cannot be read. */
export async function listImport(path: string, shown: string): Promise<ImportFiles> {
  const real = await realpath(path).catch(unreadable(shown))
  const within = dirname(real)
  if (!(await stat(real).catch(unreadable(shown))).isDirectory()) {
    return { files: [real], within, passed: [], isFolder: false }
  }
  const files: string[] = []
  const passed: string[] = []
  const folders = [real]
  for (let folder = folders.shift(); folder !== undefined; folder = folders.shift()) {
    for (const entry of await readdir(folder, { withFileTypes: true }).catch(unreadable(shown))) {
      const own = join(folder, entry.name)
      if (entry.isDirectory()) {
        if (entry.name === 'dbt_packages') passed.push(own)
        else if (!entry.name.startsWith('.') && !written.includes(entry.name)) folders.push(own)
      } else if (/\.ya?ml$/.test(entry.name)) files.push(own)
    }
    if (files.length > maxFiles) {
      throw importInvalid(`${shown} holds more than ${String(maxFiles)} YAML files; name the folder of the metrics`)
    }
  }
  return { files: files.toSorted(), within, passed, isFolder: true }
}

/** The file that is meant, links followed. METRICS_IMPORT_INVALID where it is outside of `within`. */
export async function follow(file: string, within: string, shown: string): Promise<string> {
  const real = await realpath(file).catch(unreadable(shown))
  const below = within.endsWith(sep) ? within : within + sep
  if (real.startsWith(below)) return real
  throw importInvalid(`${shown} leads out of ${basename(within)}, the folder that holds what is imported`)
}

export function importInvalid(message: string, options: { cause?: unknown; fix?: string } = {}): AquiferError {
  return new AquiferError('METRICS_IMPORT_INVALID', message, options)
}

export function unreadable(shown: string): (cause: NodeJS.ErrnoException) => never {
  return (cause) => {
    throw importInvalid(`${shown} cannot be read (${cause.code ?? 'unknown reason'})`, {
      cause,
      fix: 'Name a semantic_manifest.json, a folder of YAML or an OSI file that this user may read.',
    })
  }
}
