import type { Json } from '../../../schemas/record.ts'

/** A document as an indexer read it. */
export interface SourceDocument {
  /** Relative to the source, with forward slashes. */
  readonly path: string
  readonly mediaType: string
  readonly text: string
}

export interface ParsedDocument {
  readonly path: string
  readonly title: string
  /** What is stored, shown and cut into chunks. */
  readonly text: string
  /** How `text` is written, which is not always how the document was. */
  readonly mediaType: string
  /** What the document says about itself, by name. */
  readonly frontMatter: Readonly<Record<string, Json>>
  /** The address it names as its own (http or https). */
  readonly url?: string
}
