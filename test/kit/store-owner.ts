import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

const Note = z.object({ pid: z.int(), address: z.string() })
export type StoreOwner = z.infer<typeof Note>

/** The process that has an embedded store open, as it says itself; undefined while there is none. */
export async function readStoreOwner(dir: string): Promise<StoreOwner | undefined> {
  const text = await readFile(join(dir, 'owner.json'), 'utf8').catch(() => undefined)
  return text === undefined ? undefined : Note.parse(JSON.parse(text))
}
