import { createHash } from 'node:crypto'
import { Document, isScalar, stringify, visit } from 'yaml'

/** A file of the metrics folder as text. Small maps of one line each, as people write them. */
export function metricsText(layer: object): string {
  const filled = Object.entries(layer).filter(([, objects]) => Object.keys(objects as object).length > 0)
  const document = new Document({ version: 1, ...Object.fromEntries(filled) })
  visit(document, {
    Map: (_, map, path) => {
      const isSmall = map.items.length < 6 && map.items.every(({ value }) => isScalar(value))
      if (path.length > 6 && isSmall && map.toString().length < 90) map.flow = true
    },
  })
  return document.toString({ lineWidth: 120, flowCollectionPadding: true })
}

export const yamlText = (value: unknown): string => stringify(value, { lineWidth: 120 })

interface Origin {
  /** What it was made of, relative to the folder of aquifer.yaml. */
  readonly source: string
  /** Whether it still is as it was written. */
  readonly isUnchanged: boolean
}

const header = /^# Imported from (.*) by `aquifer metrics import`[^\n]*\n# (\w{16})\n/

/** The text with a head from which a later import sees whether somebody has edited it. */
export function withOrigin(text: string, source: string): string {
  const from = source.replaceAll(/[\r\n]/g, ' ')
  return `# Imported from ${from} by \`aquifer metrics import\`, which replaces this file unless it is edited.\n# ${sumOf(text, from)}\n${text}`
}

/** What the head says; undefined where there is none. */
export function originOf(text: string): Origin | undefined {
  const plain = text.replaceAll('\r\n', '\n')
  const [head = '', source, sum] = header.exec(plain) ?? []
  if (source === undefined) return undefined
  return { source, isUnchanged: sum === sumOf(plain.slice(head.length), source) }
}

const sumOf = (text: string, source: string): string =>
  createHash('sha256').update(`${source}\n${text}`).digest('hex').slice(0, 16)
