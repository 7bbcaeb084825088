import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { compareUtf8 } from '../../src/core/byte-order.ts'
import type { KeyDigest } from '../../src/core/indexer.ts'

/** Sorts more keys than fit into memory: sorted runs in temporary files, which are merged as they are read. */
export interface Sorter extends AsyncDisposable {
  add(item: KeyDigest): Promise<void>
  /** All that was added, in byte order, each key once. */
  sorted(): AsyncIterable<KeyDigest>
}

interface Limits {
  /** Characters of keys and digests that are held in memory. */
  readonly held: number
  /** Files that are read at the same time. */
  readonly files: number
}

export function openSorter({ held, files }: Limits = { held: 32_000_000, files: 32 }): Sorter {
  let items: KeyDigest[] = []
  let size = 0
  let runs: string[] = []
  let made = 0
  let folder: string | undefined

  async function write(sortedItems: Iterable<KeyDigest> | AsyncIterable<KeyDigest>): Promise<void> {
    folder ??= await mkdtemp(join(tmpdir(), 'aquifer-keys-'))
    const file = join(folder, String(made++))
    await pipeline(Readable.from(toLines(sortedItems)), createWriteStream(file, { mode: 0o600 }))
    runs.push(file)
  }

  async function spill(): Promise<void> {
    await write(items.sort(byKey))
    items = []
    size = 0
    if (runs.length < files) return
    const full = runs
    runs = []
    await write(merge(full.map(readRun)))
    for (const file of full) await rm(file)
  }

  return {
    async add(item) {
      items.push(item)
      size += item.key.length + (item.digest?.length ?? 0) + 50
      if (size >= held) await spill()
    },
    sorted() {
      return merge([...runs.map(readRun), fromMemory(items.sort(byKey))])
    },
    async [Symbol.asyncDispose]() {
      if (folder !== undefined) await rm(folder, { recursive: true, force: true })
    },
  }
}

function byKey(left: KeyDigest, right: KeyDigest): number {
  return compareUtf8(left.key, right.key)
}

/** In lines of so many characters, so that a file is not written key by key. */
async function* toLines(items: Iterable<KeyDigest> | AsyncIterable<KeyDigest>): AsyncGenerator<string> {
  let text = ''
  for await (const item of items) {
    // A reader of lines takes these two for ends of lines as well.
    text += `${JSON.stringify(item).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')}\n`
    if (text.length < 65_536) continue
    yield text
    text = ''
  }
  yield text
}

async function* readRun(file: string): AsyncGenerator<KeyDigest> {
  const input = createReadStream(file, 'utf8')
  try {
    // Each line was written by `toLines`.
    for await (const line of createInterface({ input, crlfDelay: Infinity })) yield JSON.parse(line) as KeyDigest
  } finally {
    input.destroy()
  }
}

async function* fromMemory(items: readonly KeyDigest[]): AsyncGenerator<KeyDigest> {
  yield* items
}

async function* merge(runs: readonly AsyncGenerator<KeyDigest>[]): AsyncGenerator<KeyDigest> {
  const heads: { readonly run: AsyncGenerator<KeyDigest>; item: KeyDigest }[] = []
  try {
    for (const run of runs) {
      const { done, value } = await run.next()
      if (done !== true) heads.push({ run, item: value })
    }
    let last: string | undefined
    while (heads.length > 0) {
      const least = heads.reduce((a, b) => (byKey(b.item, a.item) < 0 ? b : a))
      // A document that moved between shards while it was read came twice.
      if (least.item.key !== last) yield least.item
      last = least.item.key
      const { done, value } = await least.run.next()
      if (done === true) heads.splice(heads.indexOf(least), 1)
      else least.item = value
    }
  } finally {
    for (const run of runs) await run.return(undefined)
  }
}
