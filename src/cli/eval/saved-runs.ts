import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { makeFolder } from '../../config/make-folder.ts'
import { AquiferError } from '../../core/errors.ts'

const SavedRun = z.object({ dataset: z.string(), ndcg10: z.record(z.string(), z.number()) })
export type SavedRun = z.infer<typeof SavedRun>

const namePattern = /^[\w.-]{1,80}$/

/** Keeps a run's nDCG of each question, to compare a later one with. */
export async function saveRun(folder: string, name: string, run: SavedRun): Promise<void> {
  await makeFolder(folder)
  await writeFile(fileOf(folder, name), JSON.stringify(run))
}

export async function loadRun(folder: string, name: string): Promise<SavedRun> {
  const file = fileOf(folder, name)
  try {
    return SavedRun.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch (cause) {
    throw new AquiferError('ARGUMENT_INVALID', `There is no saved run ${name}; \`eval --save ${name}\` makes one.`, {
      cause,
    })
  }
}

function fileOf(folder: string, name: string): string {
  if (!namePattern.test(name))
    throw new AquiferError('ARGUMENT_INVALID', `${name} is not a name for a run: letters, digits, . _ -`)
  return join(folder, `${name}.json`)
}
