import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  parseDocument,
  type Document,
  type YAMLError,
} from 'yaml'
import { indentQuoted } from './indent-quoted.ts'
import { invalid, type ConfigDocument, type Path } from './problem.ts'

const options = { merge: true, prettyErrors: false } as const

/** Reads YAML 1.2 with merge keys; CONFIG_INVALID with every syntax error. `file` is how messages call the file. */
export function parseYaml(text: string, file: string): ConfigDocument {
  const lines = new LineCounter()
  const document = parseDocument(text, { ...options, lineCounter: lines })
  return toConfig(document, { text, file, lines, maxAliases: 100 })
}

/**
 * The same of a file of several documents (`---`), as other tools write them; what holds nothing is passed over. Quoted text
 * may go on at any indentation.
 */
export function parseYamlDocuments(text: string, file: string): readonly ConfigDocument[] {
  const strict = readAll(text)
  const isOpen = strict.documents.some(({ errors }) => errors.some(({ code }) => code === 'MISSING_CHAR'))
  const loose = isOpen ? readAll(indentQuoted(text)) : strict
  const { documents, lines } = loose.documents.some(({ errors }) => errors.length > 0) ? strict : loose
  return documents
    .map((document) => toConfig(document, { text, file, lines, maxAliases: 1000 }))
    .filter(({ value }) => value !== null && value !== undefined)
}

function readAll(text: string): { readonly documents: readonly Document.Parsed[]; readonly lines: LineCounter } {
  const lines = new LineCounter()
  const documents = parseAllDocuments(text, { ...options, lineCounter: lines })
  return { documents: 'empty' in documents ? [] : documents, lines }
}

interface Read {
  readonly text: string
  readonly file: string
  readonly lines: LineCounter
  readonly maxAliases: number
}

function toConfig(document: Document.Parsed, { text, file, lines, maxAliases }: Read): ConfigDocument {
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset)
    return `${file}:${line}:${col}`
  }
  const faults = [...document.errors, ...document.warnings]
  if (faults.length > 0) throw invalid(faults.map((fault) => `${at(fault.pos[0])}: ${explain(fault, text)}`))
  return {
    value: toValue(document, { file, maxAliases }),
    place: (path, what) => at(offsetOf(document, path, what)),
  }
}

function toValue(document: Document.Parsed, { file, maxAliases }: Pick<Read, 'file' | 'maxAliases'>): unknown {
  try {
    return document.toJS({ maxAliasCount: maxAliases })
  } catch (cause) {
    throw invalid([`${file}: its aliases (*name) do not resolve or unfold to too much`], cause)
  }
}

function explain(fault: YAMLError, text: string): string {
  if (fault.code === 'DUPLICATE_KEY') return `${keyAt(text, fault.pos[0])} is written twice in one map`
  if (fault.code === 'TAB_AS_INDENT') return 'a tab indents this line; YAML wants spaces'
  if (fault.code === 'MULTIPLE_DOCS') return 'a second document starts here (---); one file holds one'
  if (fault.code === 'RESOURCE_EXHAUSTION') return 'it is nested too deep'
  return `not valid YAML: ${fault.message}`
}

function keyAt(text: string, offset: number): string {
  return /^[^\s:]+/.exec(text.slice(offset))?.[0] ?? 'a key'
}

/** Start of the node, or of the deepest key on the way to it that is there. */
function offsetOf(document: Document.Parsed, path: Path, what: 'key' | 'value'): number {
  let node: unknown = document.contents
  let key: unknown
  for (const part of path) {
    if (isAlias(node)) node = node.resolve(document)
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(part))
      if (pair === undefined) return startOf(key)
      key = pair.key
      node = pair.value
    } else if (isSeq(node) && typeof part === 'number' && node.items[part] !== undefined) {
      node = node.items[part]
      key = node
    } else return startOf(key)
  }
  return what === 'key' ? startOf(key) : startOf(node, startOf(key))
}

function startOf(node: unknown, otherwise = 0): number {
  const range: unknown = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined
  return Array.isArray(range) && typeof range[0] === 'number' ? range[0] : otherwise
}
