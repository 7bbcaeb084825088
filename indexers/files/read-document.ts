import type { BigIntStats } from 'node:fs'
import type { Content } from '../../schemas/record.ts'
import type { OpenOptions } from '../../src/core/indexer.ts'
import type { FilesSource } from './config.ts'
import { decodeText } from './decode-text.ts'
import { readFile, refused } from './read-file.ts'
import type { Refused } from './read-file.ts'
import type { Root } from './root.ts'
import type { Rules } from './rules.ts'
import type { FoundFile } from './walk.ts'

/** A source as every read of it needs it. */
export interface OpenSource {
  readonly name: string
  readonly settings: FilesSource
  readonly rules: Rules
  readonly options: Pick<OpenOptions<FilesSource>, 'clock' | 'digest' | 'signal'>
}

export type DocumentRead =
  | { readonly kind: 'document'; readonly content: Content; readonly digest: string; readonly stat: BigIntStats }
  | { readonly kind: 'gone' }
  | Refused

/** Throws nothing but CANCELLED. */
export async function readDocument(found: FoundFile, root: Root, source: OpenSource): Promise<DocumentRead> {
  const { settings, rules, options } = source
  const read = await readFile(found.path, { root, maxBytes: settings.maxBytes, ...options })
  if (read.kind !== 'bytes') return read
  const { bytes, stat } = read
  const mediaType = rules.mediaType(found.key) ?? 'text/plain'
  const text = decodeText(bytes, mediaType)
  if (text === undefined) return refused('FILE_ENCODING', 'The file holds bytes that are no text.', { stat })
  const content: Content = { kind: 'document', document: { path: found.key, mediaType, text } }
  return { kind: 'document', content, digest: options.digest(bytes), stat }
}
