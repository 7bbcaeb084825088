import { createReadStream } from 'node:fs'
import { mkdtemp, open, rm } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { keyOf } from './key-column.ts'

/** Texts of a key's columns. */
export type KeyTexts = readonly string[]

/** A key of a source, or values that lead to its keys by one of its touches. */
export interface TouchedKey {
  readonly source: string
  readonly key: KeyTexts
  /** Which of the source's touches; absent: the key is its own. */
  readonly touch?: number | undefined
}

/** Keys that the log named, by source. A transaction may touch any number of rows: what is many goes to a file. */
export interface Touched extends AsyncDisposable {
  readonly size: number
  readonly sources: ReadonlySet<string>
  add(source: string, key: KeyTexts, touch?: number): void
  /** Writes what has become too much to hold. */
  settle(): Promise<void>
  /** Takes all of them out, each at least once. */
  drain(): AsyncGenerator<TouchedKey>
}

export function openTouched(mostHeld = 20_000): Touched {
  let held = new Map<string, TouchedKey>()
  let sources = new Set<string>()
  let spilled = 0
  let folder: string | undefined
  let file: FileHandle | undefined

  async function forget(): Promise<void> {
    await file?.close()
    file = undefined
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
    folder = undefined
    spilled = 0
  }

  return {
    get size() {
      return held.size + spilled
    },
    get sources() {
      return sources
    },
    add(source, key, touch) {
      sources.add(source)
      held.set(`${source}\0${String(touch ?? '')}\0${keyOf(key)}`, { source, key, touch })
    },
    async settle() {
      if (held.size < mostHeld) return
      folder ??= await mkdtemp(join(tmpdir(), 'aquifer-mysql-'))
      file ??= await open(join(folder, 'keys'), 'a')
      await file.write([...held.values()].map((entry) => `${JSON.stringify(entry)}\n`).join(''))
      spilled += held.size
      held = new Map()
    },
    async *drain() {
      const rest = held
      held = new Map()
      sources = new Set()
      if (folder !== undefined) {
        const lines = createInterface({ input: createReadStream(join(folder, 'keys')), crlfDelay: Infinity })
        // Written above.
        for await (const line of lines) yield JSON.parse(line) as TouchedKey
        await forget()
      }
      yield* rest.values()
    },
    [Symbol.asyncDispose]: forget,
  }
}
