import type { Block } from './block.ts'
import { csvView } from './csv-view.ts'
import { scanJson, scanJsonLines } from './scan-json.ts'
import { scanMarkdown } from './scan-markdown.ts'
import { scanPlain, scanRows } from './scan-plain.ts'
import { scanRst } from './scan-rst.ts'

export interface Scanner {
  /** What is cut instead of the text, where another writing is found better. */
  readonly view: (text: string) => string
  readonly scan: (text: string) => Block[]
}

const asIs = (text: string): string => text

/** How a media type comes apart; whatever is not known is plain text. */
export function scannerOf(mediaType: string): Scanner {
  switch (mediaType) {
    case 'text/markdown':
      return { view: asIs, scan: scanMarkdown }
    case 'text/x-rst':
      return { view: asIs, scan: scanRst }
    case 'application/json':
      return { view: asIs, scan: scanJson }
    case 'application/x-ndjson':
      return { view: asIs, scan: scanJsonLines }
    case 'text/csv':
    case 'text/tab-separated-values':
      return { view: (text) => csvView(text, mediaType), scan: scanRows }
    default:
      return { view: asIs, scan: scanPlain }
  }
}
